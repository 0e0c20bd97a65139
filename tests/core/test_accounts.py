"""Accounts and workspaces: made once under their name, whoever asks."""

import asyncio

import pytest

from core import accounts, streams
from core.accounts import Listed
from core.errors import NotFound
from tests.core.post import caller_in, count


async def test_a_name_is_made_once(core):
    """Asked for again, and by many at once, it is the same."""
    made = await asyncio.gather(*[accounts.ensure_account(core, "a") for _ in range(10)])
    account = await accounts.ensure_account(core, "a")
    places = await asyncio.gather(*[accounts.ensure_workspace(core, account, "w") for _ in range(10)])

    assert ({account}, 1) == (set(made), await count(core, "accounts"))
    assert (1, 1) == (len({place.id for place in places}), await count(core, "workspaces"))
    assert (account, places[0]) == (
        await accounts.account(core, account.id),
        await accounts.workspace(core, places[0].id),
    )


async def test_a_workspace_begins_with_its_streams(core, caller):
    """The default ones, once, even where several made it at once."""
    held = await streams.of_workspace(core, caller)

    assert sorted(each.key for each in streams.DEFAULTS) == sorted(each.key for each in held)
    assert 3 == await count(core, "streams")


async def test_accounts_have_workspaces_of_their_own(core):
    """One name in two accounts is two workspaces, with numbers of their own."""
    one, two = await caller_in(core, account="a"), await caller_in(core, account="b")

    assert one.account_id != two.account_id
    assert one.workspace_number != two.workspace_number


async def test_what_is_not_there(core):
    """Unknown ids name nothing."""
    assert (None, None) == (await accounts.account(core, "x"), await accounts.workspace(core, "x"))


async def test_an_operator_sees_every_workspace(core):
    """By number, a portion at a time; one is found by its number alone, and an unknown number is none."""
    callers = [await caller_in(core, "w", account=name) for name in ("a", "b", "c")]
    numbers = [each.workspace_number for each in callers]
    listed = [
        Listed(number=number, name="w", account=name) for number, name in zip(numbers, "abc", strict=True)
    ]

    assert listed == await accounts.all_workspaces(core)
    assert listed[1:2] == await accounts.all_workspaces(core, after=numbers[0], most=1)
    assert callers[1].workspace_id == (await accounts.numbered(core, numbers[1])).id
    with pytest.raises(NotFound):
        await accounts.numbered(core, numbers[-1] + 1)
