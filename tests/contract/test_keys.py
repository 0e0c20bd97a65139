import pytest

from core import credentials
from tests.contract.surfaces import DIALECTS, DRIVERS, NAMES, refuse, send
from tests.dialects.driver import Mail

WRONG = [(name, kind.name) for name in NAMES for kind in DIALECTS[name].keys[1:]]


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("name", NAMES)
async def test_nobody_sends_without_a_known_key(house, name):
    """None at all, and keys that were never made."""
    for key in ("", " ", "unknown", "unknown " * 1000, "0190d3b8-5b3e-7000-8000-000000000000"):
        answer = await send(house, name, key)

        refuse(name, answer)
        assert 401 == answer.status_code, key


@pytest.mark.parametrize("name", NAMES)
async def test_a_key_is_worth_what_its_state_says(house, name):
    """A key that was revoked, disabled or suspended sends nothing from that moment on, and again once it is active."""
    key = await house.key(name)
    held = next(each for each in await credentials.every(house.core) if each.dialect == name)
    assert DRIVERS[name].accepted(await send(house, name, key))

    for state in ("revoked", "disabled", "suspended"):
        await credentials.set_state(house.core, held.id, state)
        answer = await send(house, name, key)
        refuse(name, answer)
        assert state != "revoked" or 401 == answer.status_code

    await credentials.set_state(house.core, held.id, "active")
    assert DRIVERS[name].accepted(await send(house, name, key, Mail(subject="Again")))


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(("name", "kind"), WRONG)
async def test_a_key_of_another_kind_sends_nothing(house, name, kind):
    """A key of the account is no key of a workspace."""
    answer = await send(house, name, await house.key(name, kind))

    refuse(name, answer)
    assert 401 == answer.status_code


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("name", NAMES)
async def test_a_key_of_another_dialect_is_unknown(house, name):
    """Who holds a key may use it where it was made for, and nowhere else."""
    for other in set(NAMES) - {name}:
        answer = await send(house, name, await house.key(other))

        refuse(name, answer)
        assert 401 == answer.status_code


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("name", NAMES)
async def test_scopes_say_whether_a_key_may_send(house, name):
    """A key without any right is known and sends nothing, where the dialect's keys have rights."""
    answer = await send(house, name, await house.key(name, scopes=frozenset()))

    if DIALECTS[name].keys[0].all_scopes:
        refuse(name, answer)
    else:
        assert DRIVERS[name].accepted(answer)
