"""A message whose body is forgotten: every operation that reads it still answers, and tells nothing of the body."""

import msgspec
import pytest

from core import retention
from core.clock import DAY, SystemClock
from tests.contract.surfaces import DIALECTS, DRIVERS, NAMES, ask, send
from tests.contract.test_messages import only
from tests.dialects.driver import Ask, Mail
from tests.dialects.postageapp.driver import PostageAppDriver

SECRET = "mallard"
# lists that ask for a page
_PAGES = {"postmark": "?count=5&offset=0"}


class Later:
    """The machine's clock, and as many days more."""

    def __init__(self, days):
        self.ahead = days * DAY

    def now(self):
        """Microseconds since 1970 UTC."""
        return SystemClock().now() + self.ahead


def reads(name, key, id):
    """Every request that reads one message or lists messages: those with a path of their own, and the methods."""
    driver = DRIVERS[name]
    wanted = driver.read(key, id)
    assert wanted is not None
    yield wanted
    shown = wanted.path.rpartition("/")[2] if name != "postmark" else id
    for operation in DIALECTS[name].operations:
        # what came in has ids of its own, and a test of its own; so have files, and this mail has none
        if any(each in operation.path for each in ("/receiving", "/inbound", "{attachment_id}")):
            continue
        if operation.method == "GET" and any(noun in operation.path for noun in ("/messages", "/emails")):
            yield Ask(method="GET", path=f"{operation.path.replace('{id}', shown)}{_PAGES.get(name, '')}")
    if isinstance(driver, PostageAppDriver):
        for method in (
            "get_message_transmissions",
            "get_messages",
            "get_project_info",
            "message_status",
            "message_delivery_status",
        ):
            yield driver.call(key, method, uid=id)


@pytest.mark.parametrize("name", [name for name in NAMES if DRIVERS[name].read("key", "id") is not None])
async def test_what_is_forgotten_is_still_answered_for(house, name):
    """After the body's days every read is a success, before and after its events went too; the body is in none."""
    key = await house.key(name)
    mail = Mail(html=f"<p>{SECRET}</p>")
    own = DRIVERS[name].accepted(await send(house, name, key, mail))
    await house.settle()
    seen = [await ask(house, name, wanted, key) for wanted in reads(name, key, own)]
    assert len(seen) > 1

    object.__setattr__(house.core, "clock", Later(50))
    object.__setattr__(house.core, "policy", msgspec.structs.replace(house.core.policy, keep_events_days=40))
    done = await retention.run(house.core)
    assert {"events (live)": 1, "bodies (live)": 1} == done
    assert (await only(house)).html is None
    for wanted, before in zip(reads(name, key, own), seen, strict=True):
        after = await ask(house, name, wanted, key)
        assert before.status_code == after.status_code, (wanted, after.text)
        assert SECRET not in after.text
        assert 200 == after.status_code, (wanted, after.text)
