import pytest

from core.store.database import StoreUnavailable
from tests.contract.surfaces import DIALECTS, DRIVERS, NAMES, send

pytestmark = [pytest.mark.parametrize("engine", ["sqlite"]), pytest.mark.parametrize("name", NAMES)]
SECRET = "postgresql://babelpost:password@db/babelpost"


def breaking(error):
    """Make a coroutine function that does nothing but raise."""

    async def fail(*given):
        raise error

    return fail


@pytest.mark.parametrize("error", [RuntimeError(SECRET), StoreUnavailable(SECRET)], ids=["bug", "store"])
async def test_a_failing_handler_is_the_servers_fault(house, name, error, monkeypatch):
    """The answer is the one that the dialect has for it, its text leaks nothing, and the next call works."""
    key = await house.key(name)
    with monkeypatch.context() as broken:
        broken.setattr(house.core.intake, "add", breaking(error))
        answer = await send(house, name, key)

    assert DIALECTS[name].tell(error, None).status == answer.status_code
    assert answer.status_code >= 500
    DRIVERS[name].refused(answer)
    assert SECRET not in answer.text
    assert DRIVERS[name].accepted(await send(house, name, key))


async def test_a_store_that_is_down_is_no_reason_to_doubt_a_key(house, name, monkeypatch):
    """A key that cannot be looked up is not called unknown: a client would stop trying."""
    key = await house.key(name)
    house.core.credentials.forget()
    with monkeypatch.context() as broken:
        broken.setattr(house.core.db, "fetch", breaking(StoreUnavailable(SECRET)))
        answer = await send(house, name, key)

    assert answer.status_code >= 500
    DRIVERS[name].refused(answer)
    assert SECRET not in answer.text
    assert DRIVERS[name].accepted(await send(house, name, key))
