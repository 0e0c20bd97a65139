"""Group commit: what shares a batch, and what happens to it when one of it fails."""

import asyncio

import pytest

from core.store.database import StoreUnavailable
from core.store.group import Group


class Disk:
    """Takes batches one at a time, and each only when the test says so; refuses what it is told to."""

    def __init__(self, refused=frozenset(), down=frozenset()):
        self.batches = []
        self.turn = asyncio.Event()
        self.refused, self.down = refused, down

    async def commit(self, batch):
        """Write a batch, or fail as it holds something that fails."""
        self.batches.append(list(batch))
        await self.turn.wait()
        if self.down & set(batch):
            raise StoreUnavailable("no disk")
        if self.refused & set(batch):
            raise ValueError("bad unit")


def waiting(group, units):
    """Callers that wait for a unit each."""
    return [asyncio.create_task(group.add(unit)) for unit in units]


async def turns(count=5):
    """Let everything that can run do so."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_waits_together_is_written_together():
    """Callers of one turn of the loop share a batch; those that come while it is written share the next."""
    disk = Disk()
    group = Group(disk.commit)
    first = waiting(group, "abc")
    await turns()
    second = waiting(group, "de")
    await turns()
    assert [["a", "b", "c"]] == disk.batches
    assert not any(each.done() for each in first + second)

    disk.turn.set()
    await asyncio.gather(*first, *second)
    assert [["a", "b", "c"], ["d", "e"]] == disk.batches


async def test_a_batch_is_bounded_in_number_and_in_bytes():
    """A long queue is written in several batches, in order; one that is larger than the bound goes alone."""
    disk = Disk()
    disk.turn.set()
    few, small = Group(disk.commit, most=2), Group(disk.commit, most_bytes=10)
    await asyncio.gather(*[few.add(unit) for unit in "abcde"])
    await asyncio.gather(*[small.add(unit, size) for unit, size in (("v", 4), ("w", 6), ("x", 99), ("y", 1))])

    assert [["a", "b"], ["c", "d"], ["e"], ["v", "w"], ["x"], ["y"]] == disk.batches


async def test_one_bad_unit_does_not_spoil_its_batch():
    """The others are written; only the caller of the bad one hears of it."""
    disk = Disk(refused={"b"})
    disk.turn.set()
    group = Group(disk.commit)
    results = await asyncio.gather(*waiting(group, "abc"), return_exceptions=True)

    assert [None, "bad unit", None] == [each and str(each) for each in results]
    assert [["a", "b", "c"], ["a"], ["b"], ["c"]] == disk.batches


async def test_a_store_that_is_away_is_told_to_all():
    """Nothing is tried one by one while the store is away, and the group works again afterwards."""
    disk = Disk(down={"b"})
    disk.turn.set()
    group = Group(disk.commit)
    results = await asyncio.gather(*waiting(group, "abc"), return_exceptions=True)
    assert [StoreUnavailable] * 3 == [type(each) for each in results]
    assert [["a", "b", "c"]] == disk.batches

    await group.add("d")
    assert ["d"] == disk.batches[-1]


@pytest.mark.parametrize("begun", [False, True], ids=["while it waits", "while it is written"])
async def test_a_caller_that_leaves_harms_no_other(begun):
    """Whether its unit is written or not, the others' are, and they hear of it."""
    disk = Disk()
    group = Group(disk.commit)
    tasks = waiting(group, "abc")
    await turns(5 if begun else 1)
    tasks[1].cancel()
    disk.turn.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(None), asyncio.CancelledError, type(None)] == [type(each) for each in results]
    assert {"a", "c"} <= {unit for batch in disk.batches for unit in batch}
    await group.add("d")


async def test_closing_waits_for_what_waits():
    """Nothing that was handed in is left behind."""
    disk = Disk()
    group = Group(disk.commit, most=1)
    tasks = waiting(group, "ab")
    await turns()
    closing = asyncio.create_task(group.close())
    await turns()
    assert not closing.done()

    disk.turn.set()
    await closing
    assert [["a"], ["b"]] == disk.batches
    await asyncio.gather(*tasks)
