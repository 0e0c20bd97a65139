import shlex

import httpx
import msgspec
import pytest

from core import accounts, domains, messages, suppressions
from core.paging import PageRequest
from tests.contract.surfaces import DIALECTS, DRIVERS, NAMES, READERS, ask, check, refuse, send
from tests.dialects.driver import Mail
from tests.house import House

BLOCKED = "bob@example.net"
ENVIRONMENTS = [(name, each) for name in NAMES for each in DIALECTS[name].keys[0].environments[1:]]


async def every(house, **which):
    """Give the messages of a caller."""
    return (
        await messages.page(house.core, await house.caller(**which), messages.Filter(), PageRequest())
    ).items


@pytest.mark.parametrize("name", NAMES)
async def test_nothing_goes_to_a_suppressed_address(house, name):
    """Whether the call is refused or the message kept, whatever the case of the letters."""
    await suppressions.suppress(house.core, await house.caller(), BLOCKED)
    answer = await send(house, name, await house.key(name), Mail(to="Bob <BOB@Example.NET>"))
    if answer.status_code >= 400:
        refuse(name, answer)
    await house.settle()

    states = {each.state for message in await every(house) for each in message.deliveries}
    assert states <= {"suppressed"}


@pytest.mark.parametrize("name", NAMES)
async def test_another_workspaces_suppression_means_nothing(house, name):
    """A list belongs to whoever keeps it."""
    await suppressions.suppress(house.core, await house.caller("other"), BLOCKED)

    assert DRIVERS[name].accepted(await send(house, name, await house.key(name)))


@pytest.mark.parametrize("name", NAMES)
async def test_a_sender_must_be_known(verified_house, name):
    """A stranger's domain is refused and kept nowhere; one that the account has proved is not."""
    house = verified_house
    key = await house.key(name)
    answer = await send(house, name, key)
    refuse(name, answer)
    assert () == await every(house)

    await domains.trust(house.core, (await accounts.ensure_account(house.core, "test")).id, "example.org")
    assert DRIVERS[name].accepted(await send(house, name, key))
    refuse(name, await send(house, name, key, Mail(sender="Ann <ann@sub.example.org>")))
    refuse(name, await send(house, name, key, Mail(sender="Ann <ann@example.org.example.net>")))


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("name", NAMES)
async def test_calls_beyond_the_operators_limit_must_wait(settings, name, monkeypatch):
    """The refusal says for how long; another workspace is not held up."""
    async with House.open(msgspec.structs.replace(settings, rate_limits=dict.fromkeys(NAMES, 2))) as house:
        now = house.core.clock.now()
        monkeypatch.setattr(type(house.core.clock), "now", lambda _: now)
        answers = [
            await send(house, name, await house.key(name), Mail(subject=str(count))) for count in range(3)
        ]

        assert all(DRIVERS[name].accepted(answer) for answer in answers[:2])
        refuse(name, answers[2])
        assert 429 == answers[2].status_code
        assert int(answers[2].headers["retry-after"]) >= 1
        assert DRIVERS[name].accepted(await send(house, name, await house.key(name, workspace="other")))


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(("name", "environment"), ENVIRONMENTS)
async def test_another_environment_is_another_world(house, name, environment):
    """What a key for tests sends is seen by such keys alone, and never leaves."""
    key = await house.key(name, environment=environment)
    own = DRIVERS[name].accepted(await send(house, name, key))
    await house.settle()
    (message,) = await every(house, environment=environment)

    assert () == await every(house)
    for reader in READERS:
        live = await house.key(reader)
        wanted = DRIVERS[reader].read(live, message.id)
        assert wanted is not None
        assert not DRIVERS[reader].found(await ask(house, reader, wanted, live))
    if name in READERS:
        wanted = DRIVERS[name].read(key, own)
        assert wanted is not None
        assert DRIVERS[name].found(await ask(house, name, wanted, key))


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("prefixed", [False, True])
async def test_the_line_that_a_newcomer_pastes_works(house, name, prefixed):
    """At the root and below the prefix, with what curl adds by itself."""
    line = DIALECTS[name].sample.replace("{key}", await house.key(name))
    _, url, *options = shlex.split(line.replace("{url}", f"/{name}" if prefixed else ""))
    given = list(zip(options[::2], options[1::2], strict=True))
    headers = {"user-agent": "curl/8.5.0", "content-type": "application/x-www-form-urlencoded"}
    headers |= {
        key.lower(): value for flag, text in given if flag == "-H" for key, _, value in [text.partition(": ")]
    }
    (body,) = [text for flag, text in given if flag == "-d"]

    transport = httpx.ASGITransport(house.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8025") as client:
        answer = await client.post(url, content=body.encode(), headers=headers)

    check(answer)
    assert DRIVERS[name].accepted(answer)
    (message,) = await every(house)
    assert ("you@example.org", "Hello") == (message.sender, message.subject)
