"""Suppressions: one entry for an address in its place, and the first one stays."""

import asyncio

import pytest

from core import suppressions
from core.errors import NotFound
from tests.core.post import ANN, BOB, caller_in


async def entries(core, caller):
    """Who is suppressed where, and why."""
    held = await suppressions.of_workspace(core, caller)
    return [(each.email, each.stream, each.reason, each.origin) for each in held]


async def test_the_first_entry_stays(core, caller):
    """Repeated in another case and for another reason, it is as it was."""
    await suppressions.suppress(core, caller, "Ann@Example.com", reason="complaint", origin="recipient")
    await asyncio.gather(*[suppressions.suppress(core, caller, ANN) for _ in range(5)])

    assert [(ANN, "", "complaint", "recipient")] == await entries(core, caller)


async def test_a_stream_has_entries_of_its_own(core, caller):
    """They come and go by themselves, in the order they were made."""
    for email, stream in ((ANN, ""), (ANN, "broadcast"), (BOB, "broadcast")):
        await suppressions.suppress(core, caller, email, stream=stream)
    await suppressions.release(core, caller, "ANN@example.com")

    assert [(ANN, "broadcast"), (BOB, "broadcast")] == [each[:2] for each in await entries(core, caller)]


@pytest.mark.parametrize(("email", "stream"), [(BOB, ""), (ANN, "broadcast")])
async def test_what_is_not_there_cannot_be_released(core, caller, email, stream):
    """Another address, another stream, another workspace."""
    await suppressions.suppress(core, caller, ANN)
    for who, what, where in ((caller, email, stream), (await caller_in(core, "other"), ANN, "")):
        with pytest.raises(NotFound):
            await suppressions.release(core, who, what, stream=where)

    assert 1 == len(await entries(core, caller))
    assert [] == await entries(core, await caller_in(core, "other"))
