"""Credentials: found by their secret alone, stopped by their state, and aware of when they were used."""

import pytest

from core import credentials
from core.clock import SECOND
from core.credentials import NewCredential
from core.errors import Conflict, Forbidden, NotFound, Unauthenticated

SECRET = "key_0123456789abcdef"


@pytest.fixture
async def made(core, caller):
    """The id of a key of the caller's workspace."""
    return await credentials.create(
        core,
        NewCredential(
            account_id=caller.account_id,
            workspace_id=caller.workspace_id,
            dialect="d",
            kind="k",
            secret=SECRET,
            scopes=frozenset({"read"}),
            environment="test",
        ),
    )


async def last_use(core):
    """When the only key was used."""
    return (await credentials.every(core))[0].last_used_at


async def test_a_secret_names_its_caller(core, caller, made):
    """With workspace, scopes and environment; the key itself can be asked for."""
    found = await credentials.identify(core, "d", SECRET)
    held = await credentials.get(core, found)

    assert (caller.workspace_id, made, frozenset({"read"}), "test") == (
        found.workspace_id,
        found.credential_id,
        found.scopes,
        found.environment,
    )
    assert (made, SECRET[-4:]) == (held.id, held.last4)
    assert SECRET.startswith(held.prefix)


@pytest.mark.parametrize(
    ("dialect", "secret", "kind"),
    [("d", "", "missing"), ("d", SECRET + "x", "unknown"), ("e", SECRET, "unknown")],
)
@pytest.mark.usefixtures("made")
async def test_other_secrets_name_nobody(core, dialect, secret, kind):
    """Not in another dialect either."""
    with pytest.raises(Unauthenticated) as caught:
        await credentials.identify(core, dialect, secret)

    assert kind == caught.value.kind


@pytest.mark.parametrize(
    ("state", "refusal"), [("revoked", Unauthenticated), ("disabled", Forbidden), ("suspended", Forbidden)]
)
async def test_a_state_is_obeyed_at_once(core, made, state, refusal):
    """Where it was set; and it can be taken back."""
    await credentials.identify(core, "d", SECRET)
    await credentials.set_state(core, made, state)

    with pytest.raises(refusal) as caught:
        await credentials.identify(core, "d", SECRET)
    await credentials.set_state(core, made, "active")

    assert state == caught.value.kind
    assert made == (await credentials.identify(core, "d", SECRET)).credential_id


async def test_a_secret_serves_once_in_a_dialect(core, caller, made):
    """A second key with it is refused; what is not there cannot be changed or asked for."""
    del made
    new = NewCredential(
        account_id=caller.account_id, workspace_id=caller.workspace_id, dialect="d", kind="k", secret=SECRET
    )

    with pytest.raises(Conflict):
        await credentials.create(core, new)
    with pytest.raises(NotFound):
        await credentials.set_state(core, "nobody", "revoked")
    with pytest.raises(NotFound):
        await credentials.get(core, caller)


@pytest.mark.usefixtures("made")
async def test_the_last_use_is_known_to_the_minute(core, clock):
    """The first use counts, then one a minute, so that a busy key is not written to all the time."""
    assert await last_use(core) is None

    first = clock.now()
    await credentials.identify(core, "d", SECRET)
    used = await last_use(core)
    clock.pass_s(30)
    core.credentials.forget()
    await credentials.identify(core, "d", SECRET)
    unchanged = await last_use(core)
    clock.pass_s(60)
    core.credentials.forget()
    await credentials.identify(core, "d", SECRET)

    assert first <= used == unchanged
    assert await last_use(core) >= first + 90 * SECOND
