import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.budget import Budget


class Work:
    """Pieces of work that hold their room until they are told to end; ``running`` names those that have it."""

    def __init__(self, budget):
        """Nothing runs yet."""
        self.budget = budget
        self.running = []
        self._ends = {}
        self._tasks = {}

    async def start(self, name, size):
        """Ask for room, and let the loop turn."""
        self._ends[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._run(name, size))
        await asyncio.sleep(0)

    async def _run(self, name, size):
        async with self.budget.hold(size):
            self.running.append(name)
            await self._ends[name].wait()
            self.running.remove(name)

    async def end(self, name):
        """Let a piece of work finish, and whoever waited for its room begin."""
        self._ends[name].set()
        await self._tasks.pop(name)
        await asyncio.sleep(0)

    async def cancel(self, name):
        """Cancel a piece of work, wherever it is."""
        task = self._tasks.pop(name)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        self.running = [each for each in self.running if each != name]
        await asyncio.sleep(0)


async def test_room_is_given_in_the_order_of_asking():
    """A small one does not pass a large one that waits, or the large one would wait for ever."""
    work = Work(Budget(10))
    for name, size in (("a", 6), ("b", 6), ("c", 1), ("d", 3)):
        await work.start(name, size)
    assert ["a"] == work.running

    await work.end("a")
    assert ["b", "c", "d"] == work.running

    for name in "bcd":
        await work.end(name)
    assert 0 == work.budget._used


async def test_one_larger_than_everything_waits_until_it_is_alone():
    """It cannot have what there is not, so it takes all there is."""
    work = Work(Budget(10))
    await work.start("small", 1)
    await work.start("huge", 1000)
    await work.start("next", 1)
    assert ["small"] == work.running

    await work.end("small")
    assert ["huge"] == work.running

    await work.end("huge")
    assert ["next"] == work.running
    await work.end("next")
    assert 0 == work.budget._used


async def test_whoever_stops_waiting_holds_up_nobody():
    """The next ones move up, as if it had never asked."""
    work = Work(Budget(10))
    for name, size in (("a", 6), ("huge", 10), ("c", 4)):
        await work.start(name, size)
    assert ["a"] == work.running

    await work.cancel("huge")
    assert ["a", "c"] == work.running

    await work.cancel("a")
    await work.end("c")
    assert 0 == work.budget._used


async def test_whoever_is_cancelled_with_its_room_just_given_returns_it():
    """Between the end of one and the start of the next, room belongs to somebody who may be gone."""
    budget = Budget(10)
    work = Work(budget)
    await work.start("a", 10)
    await work.start("b", 10)
    await work.start("c", 10)

    work._ends["a"].set()
    await work._tasks.pop("a")
    # b has been given its room and has not run yet
    await work.cancel("b")

    assert ["c"] == work.running
    await work.end("c")
    assert 0 == budget._used


async def test_whoever_is_cancelled_while_room_is_made_is_passed_over():
    """The one who makes room and the one who gives up may do so in the same turn of the loop."""
    work = Work(Budget(10))
    for name in "abc":
        await work.start(name, 10)

    work._ends["a"].set()
    await work.cancel("b")

    assert ["c"] == work.running
    await work.end("c")
    await work._tasks.pop("a")
    assert 0 == work.budget._used


async def test_a_crash_returns_its_room():
    """Whatever ends the block."""
    budget = Budget(10)
    with pytest.raises(RuntimeError):
        async with budget.hold(10):
            raise RuntimeError

    assert 0 == budget._used


@given(
    st.lists(st.integers(min_value=0, max_value=15), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 11), st.booleans()), max_size=24),
)
async def test_the_bound_holds_whatever_happens(sizes, steps):
    """Ends and cancellations in any order: never more than the bound, and nothing left at the end."""
    work = Work(Budget(10))
    for name, size in enumerate(sizes):
        await work.start(name, size)
    for name, cancelled in [*steps, *((each, True) for each in range(len(sizes)))]:
        if name not in work._tasks:
            continue
        if cancelled:
            await work.cancel(name)
        elif name in work.running:
            await work.end(name)
        assert sum(min(10, sizes[each]) for each in work.running) == work.budget._used <= 10

    assert 0 == work.budget._used
