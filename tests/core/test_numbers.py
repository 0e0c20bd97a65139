"""Numbers: rising and never given twice, by however many processes."""

import asyncio

import pytest

from core.numbers import Numbers


async def test_numbers_begin_at_one_and_rise(core):
    """One by one and in rows, each name for itself."""
    numbers = Numbers(core.db)

    assert [1, 2, 5] == [await numbers.take("a", size) for size in (1, 3, 1)]
    assert 1 == await numbers.take("b")


@pytest.mark.parametrize("size", [1, 3, 999, 1000, 2500])
async def test_nobody_is_given_anothers(core, size):
    """Three processes that take rows at once get no number twice, and each gets rows without a gap."""
    processes = [Numbers(core.db) for _ in range(3)]
    starts = await asyncio.gather(*[processes[n % 3].take("a", size) for n in range(30)])

    assert 30 * size == len({start + n for start in starts for n in range(size)})


async def test_the_unused_rest_of_a_block_is_lost(core):
    """A process that starts again goes on above everything that was ever given."""
    first = Numbers(core.db)
    last = [await first.take("a") for _ in range(3)][-1]

    assert last < await Numbers(core.db).take("a")
