"""Who an account may send as; acceptance itself is tested with the intake."""

import asyncio

import pytest

from core import domains, senders
from core.accounts import ensure_account
from core.errors import Conflict, Invalid, NotFound
from core.senders import Change, Draft, Sender
from tests.core.post import count, select


async def test_a_sender_is_known_once(core):
    """Confirmed later, and no longer where it is said again without that."""
    account = await ensure_account(core, "one")
    seen = []
    for confirmed in (False, True, False):
        await senders.put_sender(core, account, "Ann@Example.com", name="A", confirmed=confirmed)
        seen += [
            (row[0], row[1] is not None)
            for row in await select(core, "SELECT email, confirmed_at FROM senders")
        ]

    assert [("ann@example.com", False), ("ann@example.com", True), ("ann@example.com", False)] == seen


async def test_the_operators_word_keeps_what_the_owner_wrote(core):
    """A sender that is confirmed without a name keeps its own, and its note and place for answers."""
    account = await ensure_account(core, "one")
    draft = Draft(email="Ann@Example.com", name="Ann", reply_to="help@example.com", note="Hello")
    made = await senders.add(core, account.id, draft)
    await senders.put_sender(core, account, "ann@example.com", confirmed=True)
    held = await senders.get(core, made.id)

    assert ("Ann", "help@example.com", "Hello", "Ann@Example.com", "ann@example.com", True) == (
        held.name,
        held.reply_to,
        held.note,
        held.shown,
        held.email,
        held.confirmed_at is not None,
    )


async def test_a_sender_is_added_once(core):
    """Whoever comes at the same time is refused; another account has it too."""
    one, two = [(await ensure_account(core, name)).id for name in ("one", "two")]
    draft = Draft(email="ann@example.com", name="Ann")
    done = await asyncio.gather(*[senders.add(core, one, draft) for _ in range(5)], return_exceptions=True)
    await senders.add(core, two, draft)

    assert [Conflict] * 4 + [Sender] == sorted(map(type, done), key=lambda kind: kind.__name__)
    assert {"sender"} == {each.kind for each in done if isinstance(each, Conflict)}
    assert ["example.com", "example.com"] == [
        each.name for owner in (one, two) for each in await domains.of_account(core, owner)
    ]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"email": "nobody"}, "sender_email"),
        ({"email": "Ann <ann@example.com>"}, "sender_email"),
        ({"reply_to": "a@b.example, c@d.example"}, "sender_reply_to"),
        ({"name": "Ann\r\nBcc: bob@example.com"}, "sender_text"),
        ({"note": "a\x00b"}, "sender_text"),
        ({"return_domain": "bounces.example.org"}, "return_domain"),
    ],
)
async def test_what_cannot_be(core, fields, kind):
    """Is refused before anything is kept but, at most, the domain."""
    account = await ensure_account(core, "one")
    with pytest.raises(Invalid) as refused:
        await senders.add(core, account.id, Draft(**({"email": "ann@example.com", "name": "Ann"} | fields)))
    assert kind == refused.value.kind
    assert 0 == await count(core, "senders")


async def test_a_sender_of_another_is_unknown(core):
    """By its number."""
    one, two = [(await ensure_account(core, name)).id for name in ("one", "two")]
    made = await senders.add(core, one, Draft(email="ann@example.com", name="Ann"))
    with pytest.raises(NotFound):
        await senders.numbered(core, two, made.number)
    await senders.remove(core, made)
    with pytest.raises(NotFound):
        await senders.change(core, made, Change(name="Bob"))
