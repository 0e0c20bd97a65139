from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from core import messages
from core.paging import PageRequest
from tests.contract.surfaces import DRIVERS, MAIL, NAMES, READERS, ask, send


async def only(house, workspace="test"):
    """Give the one message of a workspace, whole."""
    caller = await house.caller(workspace)
    found = await messages.page(house.core, caller, messages.Filter(), PageRequest())
    assert 1 == len(found.items)
    return await messages.get(house.core, caller, found.items[0].id)


def letter(source: bytes) -> EmailMessage:
    """Read a source as a mail program does."""
    read = message_from_bytes(source, _class=EmailMessage, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


@pytest.mark.parametrize("name", NAMES)
async def test_a_mail_is_the_same_through_every_dialect(house, name):
    """Core holds, and the letter says, what the canonical mail says, whoever carried it in."""
    DRIVERS[name].accepted(await send(house, name, await house.key(name)))
    await house.settle()

    held = await only(house)
    sender, to = held.draft.sender.address, held.draft.to[0].address
    told = letter(await messages.source(house.core, held))
    html = told.get_body(("html",))
    assert html is not None
    assert (MAIL.sender, MAIL.to) == (f"{sender.name} <{sender.email}>", f"{to.name} <{to.email}>")
    assert (MAIL.subject, MAIL.html) == (held.subject, held.html)
    assert ("outbound", "accepted") == (held.stream, held.state)
    assert [("to", "bob@example.net", "delivered")] == [
        (each.role, each.email, each.state) for each in held.deliveries
    ]
    assert (MAIL.sender, MAIL.to, MAIL.subject) == (told["from"], told["to"], told["subject"])
    assert MAIL.html == html.get_content().strip()


@pytest.mark.parametrize("name", NAMES)
async def test_a_message_is_seen_through_every_dialect_of_its_workspace(house, name):
    """What one dialect sent every other reads, and no key of another workspace does."""
    own = DRIVERS[name].accepted(await send(house, name, await house.key(name)))
    held = await only(house)
    for reader in READERS:
        for workspace, expected in (("test", True), ("other", False)):
            key = await house.key(reader, workspace=workspace)
            wanted = DRIVERS[reader].read(key, own if name == reader else held.id)
            assert wanted is not None
            found = DRIVERS[reader].found(await ask(house, reader, wanted, key))
            assert expected == found, (reader, workspace)
