"""Seats: a bound on what is worked on, and not on what is waited for."""

import asyncio

from core.jobs.seats import Seats


async def test_so_many_at_once():
    """Who comes late waits for a seat."""
    seats, most = Seats(2), 0
    running = 0

    async def work():
        nonlocal running, most
        async with seats.take():
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.01)
            running -= 1

    await asyncio.gather(*[work() for _ in range(6)])
    assert 2 == most


async def test_who_waits_for_long_makes_room():
    """Once its patience is over, another one sits down; in the end all seats are there again."""
    seats, over = Seats(1, patience_s=0.02, most_waiting=2), asyncio.Event()

    async def wait():
        async with seats.take() as seat:
            with seat.waiting():
                await over.wait()

    tasks = [asyncio.create_task(wait()) for _ in range(4)]
    await asyncio.sleep(0.3)
    # two without a seat, one in it, and one that has none yet
    assert 2 == seats.waiting
    over.set()
    await asyncio.gather(*tasks)
    assert 0 == seats.waiting
    async with asyncio.timeout(1), seats.take():
        pass


async def test_who_waits_briefly_keeps_the_seat():
    """Nothing changes for those that are served at once."""
    seats = Seats(1, patience_s=0.05)
    async with seats.take() as seat:
        with seat.waiting():
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        assert 0 == seats.waiting
