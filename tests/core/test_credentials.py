"""Keys: made, found by their secret alone, and told apart by state, dialect and place."""

import asyncio

import msgspec
import pytest

from core import credentials
from core.clock import MINUTE
from core.credentials import CredentialCache, NewCredential
from core.errors import Conflict, Forbidden, NotFound, Refusal, Unauthenticated
from tests.core.post import caller_in, select

SECRET = "key_live_abcdefghijkl1234"


def new(caller, **changes):
    """A key of the caller's workspace."""
    made = NewCredential(
        account_id=caller.account_id,
        workspace_id=caller.workspace_id,
        dialect="one",
        kind="server",
        secret=SECRET,
        name="n",
        scopes=frozenset({"send", "read"}),
    )
    return msgspec.structs.replace(made, **changes)


async def test_a_key_says_who_calls(core, caller):
    """Account, workspace, scopes and environment come with the secret."""
    key = await credentials.create(core, new(caller, environment="test"))
    found = await credentials.identify(core, "one", SECRET)

    assert (caller.account_id, caller.workspace_id, caller.workspace_number, "test") == (
        found.account_id,
        found.workspace_id,
        found.workspace_number,
        "test",
    )
    assert (key, "server", frozenset({"send", "read"}), "test") == (
        found.credential_id,
        found.kind,
        found.scopes,
        found.environment,
    )


async def test_an_account_key_has_no_workspace(core, caller):
    """It is the account's alone."""
    await credentials.create(core, new(caller, workspace_id=None))
    found = await credentials.identify(core, "one", SECRET)

    assert (caller.account_id, "", 0) == (found.account_id, found.workspace_id, found.workspace_number)


async def test_the_secret_is_not_kept(core, caller):
    """The store has a keyed hash, and so much of the text that its owner knows it again."""
    await credentials.create(core, new(caller))
    (row,) = await select(core, "SELECT hash, prefix, last4 FROM credentials")

    assert (credentials.digest(core.policy.key_pepper, SECRET), SECRET[: len(SECRET) // 4], "1234") == tuple(
        row
    )
    assert credentials.digest("a", SECRET) != credentials.digest("b", SECRET)


@pytest.mark.parametrize("secret", ["a", "abcdefgh", "abcdefghi"])
async def test_of_a_short_secret_little_is_shown(core, caller, secret):
    """Never more than half of it."""
    await credentials.create(core, new(caller, secret=secret))
    ((prefix, last4),) = await select(core, "SELECT prefix, last4 FROM credentials")

    assert len(prefix) + len(last4) <= max(len(secret) // 2 + 1, 0) or (prefix, last4) == ("", "")
    assert caller.workspace_id == (await credentials.identify(core, "one", secret)).workspace_id


@pytest.mark.parametrize(
    ("dialect", "secret", "kind"),
    [
        ("one", "", "missing"),
        ("one", "x", "unknown"),
        ("two", SECRET, "unknown"),
        ("one", SECRET.upper(), "unknown"),
        ("one", SECRET + " ", "unknown"),
        ("one", "\ud800\x00", "unknown"),
    ],
)
async def test_other_texts_are_no_keys(core, caller, dialect, secret, kind):
    """A key counts in its dialect, to the letter."""
    await credentials.create(core, new(caller))
    with pytest.raises(Unauthenticated) as refused:
        await credentials.identify(core, dialect, secret)

    assert kind == refused.value.kind


@pytest.mark.parametrize(
    ("state", "refusal"), [("revoked", Unauthenticated), ("disabled", Forbidden), ("suspended", Forbidden)]
)
async def test_a_key_that_is_not_active(core, caller, state, refusal):
    """It is refused at once where its state was changed, in the word of its state, until it is active again."""
    key = await credentials.create(core, new(caller))
    await credentials.identify(core, "one", SECRET)
    await credentials.set_state(core, key, state)
    with pytest.raises(Refusal) as refused:
        await credentials.identify(core, "one", SECRET)
    assert (refusal, state) == (type(refused.value), refused.value.kind)

    await credentials.set_state(core, key, "active")
    assert key == (await credentials.identify(core, "one", SECRET)).credential_id


async def test_another_process_obeys_within_a_second(core, caller):
    """What was changed elsewhere is not remembered here for longer."""
    key = await credentials.create(core, new(caller))
    other = CredentialCache(core.db, core.policy.key_pepper)

    async def state():
        found = await other.find("one", SECRET, core.clock.now())
        return found and found.credential.state

    assert "active" == await state()
    await credentials.set_state(core, key, "revoked")
    await asyncio.sleep(1.05)
    assert "revoked" == await state()


async def test_the_state_of_an_unknown_key(core):
    """There is nothing to change."""
    with pytest.raises(NotFound):
        await credentials.set_state(core, "nothing", "revoked")


async def test_a_secret_is_in_use_once_in_its_dialect(core, caller):
    """Nobody can take over another's key, but another dialect may know the same text."""
    await credentials.create(core, new(caller))
    with pytest.raises(Conflict):
        await credentials.create(core, new(await caller_in(core, account="thief")))
    await credentials.create(core, new(caller, dialect="two"))

    assert ["one", "two"] == [each.dialect for each in await credentials.every(core)]


class Writes:
    """Counts the transactions of an engine."""

    def __init__(self, db):
        self._db = db
        self.name = db.name
        self.in_process = db.in_process
        self.count = 0

    def fetch(self, query):
        """Read, as ever."""
        return self._db.fetch(query)

    def transaction(self):
        """Begin one more."""
        self.count += 1
        return self._db.transaction()

    async def close(self):
        """Whoever opened the engine closes it."""


async def test_use_is_remembered_to_the_minute(core, caller, clock):
    """Many calls write once; a minute later again."""
    await credentials.create(core, new(caller))
    writes = Writes(core.db)
    object.__setattr__(core, "credentials", CredentialCache(writes, core.policy.key_pepper))
    for expected in (1, 2):
        for _ in range(20):
            who = await credentials.identify(core, "one", SECRET)
        assert expected == writes.count
        used = (await credentials.get(core, who)).last_used_at
        assert used is not None
        assert abs(clock.now() - used) < MINUTE
        clock.pass_s(61)
        # by then nobody remembers it any longer
        core.credentials.forget()


async def test_a_key_that_is_gone(core, caller):
    """Who asks for it hears that."""
    with pytest.raises(NotFound):
        await credentials.get(core, caller)
