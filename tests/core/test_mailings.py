"""Mailings: accepted whole, made portion by portion, each message once, and counted as they stand."""

from dataclasses import replace

import msgspec
import pytest

from core import accounts, domains, mailings, messages, senders, suppressions
from core.clock import DAY
from core.errors import NotFound, Unverified
from core.mailings import PORTION, Packer, Piece
from core.messages import Content
from core.store.statements import sql
from tests.core.post import alter, caller_in, count, draft, select

_CONTENT = Content(
    subject="Hi {{name}}", text="Hello {{name}}", headers=(("X-All", "1"),), syntax="mustachio"
)


def _piece(to, headers=None, **fields):
    made = draft(to, stream="broadcast", **fields)
    return Piece(msgspec.structs.replace(made, content=Content()), headers)


async def _submitted(core, caller, *pieces):
    packer = Packer()
    for piece in pieces:
        packer.add(piece)
    return await mailings.submit(core, caller, _CONTENT, packer.end())


async def _stands(core, caller, mailing):
    held = await mailings.get(core, caller, mailing.id)
    return held.released, held.failed, held.begun, held.done


async def _made(core, caller, mailing):
    batch = await messages.batch_by_uid(core, caller, f"{mailing.id}/0")
    query = sql.messages_of_batch(batch_id=batch.id, after="", count=9)
    ids = [row[0] for row in await core.db.fetch(query)]
    return [await messages.get(core, caller, id) for id in ids]


async def test_what_is_accepted_is_made(core, caller):
    """Every message, with what all share and what is its own; no sooner than the chore comes."""
    pieces = [
        _piece("ann@example.com", variables={"name": "Ann"}),
        _piece("bob@example.com", (("X-Own", "2"),)),
    ]
    mailing = await _submitted(core, caller, *pieces)
    assert (0, 0, False, False) == await _stands(core, caller, mailing)

    await mailings.make(core)

    assert ("Hi {{name}}", 2) == (mailing.subject, mailing.total)
    assert (0, 0, True, False) == await _stands(core, caller, mailing)
    found = await _made(core, caller, mailing)
    assert [((("X-All", "1"),), {"name": "Ann"}), ((("X-Own", "2"),), {})] == [
        (each.draft.content.headers, each.draft.variables) for each in found
    ]
    assert [] == await select(core, "SELECT id FROM mailings WHERE content IS NOT NULL")


async def test_a_portion_is_made_once(core, caller):
    """Whoever died between making it and saying so makes nothing again; neither do two at once."""
    mailing = await _submitted(core, caller, _piece("ann@example.com"), _piece("bob@example.com"))
    kept = await select(core, "SELECT p.body, m.content FROM mailing_portions p, mailings m")
    await mailings.make(core)
    await alter(core, "UPDATE mailing_portions SET body = :body", body=kept[0][0])
    await alter(core, "UPDATE mailings SET content = :content", content=kept[0][1])
    assert (0, 0, False, False) == await _stands(core, caller, mailing)

    await mailings.make(core)

    assert 2 == await count(core, "messages")
    assert (0, 0, True, False) == await _stands(core, caller, mailing)


async def test_many_are_made_in_portions(core, caller):
    """Each in one commit, which keeps what its messages share once."""
    pieces = [_piece(f"a{n}@example.com") for n in range(2 * PORTION + 1)]
    mailing = await _submitted(core, caller, *pieces)

    await mailings.make(core)

    rows = await select(core, "SELECT total FROM batches ORDER BY id")
    assert [PORTION, PORTION, 1] == [row[0] for row in rows]
    assert (2 * PORTION + 1, 2) == (await count(core, "messages"), await count(core, "contents"))
    await alter(core, "UPDATE deliveries SET state = 'delivered'")
    assert (2 * PORTION + 1, 0, True, True) == await _stands(core, caller, mailing)


async def test_what_will_not_leave_has_failed(core, caller):
    """The suppressed, what cannot be filled, and what is refused by now; whoever is left of a message releases it."""
    await suppressions.suppress(
        core, caller, "no@example.com", stream="broadcast", reason="manual", origin="customer"
    )
    mailing = await _submitted(
        core,
        caller,
        _piece("no@example.com"),
        _piece("ann@example.com", cc=("no@example.com",)),
        _piece("bob@example.com"),
        _piece("cat@example.com", topic="gone"),
    )

    await mailings.make(core)
    assert (0, 2, True, False) == await _stands(core, caller, mailing)
    await alter(core, "UPDATE deliveries SET state = 'failed' WHERE email_key = 'bob@example.com'")
    await alter(core, "UPDATE deliveries SET state = 'deferred' WHERE email_key = 'ann@example.com'")

    assert (1, 3, True, True) == await _stands(core, caller, mailing)


async def test_how_it_ended_is_known_for_good(core, caller):
    """Once nothing waits, and then also when its messages are forgotten; not before."""
    mailing = await _submitted(core, caller, _piece("ann@example.com"), _piece("bob@example.com"))
    await mailings.make(core)
    await mailings.settle(core)
    await alter(core, "UPDATE deliveries SET state = 'delivered' WHERE email_key = 'ann@example.com'")
    await mailings.settle(core)
    assert (1, 0, True, False) == await _stands(core, caller, mailing)

    await alter(core, "UPDATE deliveries SET state = 'failed' WHERE email_key = 'bob@example.com'")
    await mailings.settle(core)
    await alter(core, "DELETE FROM messages")
    await alter(core, "DELETE FROM deliveries")

    assert (1, 1, True, True) == await _stands(core, caller, mailing)
    assert [(1, 1)] == [
        (each.released, each.failed) for each in await mailings.page(core, caller, before=None, count=9)
    ]


async def test_one_that_cannot_be_made_holds_up_no_other(core, caller):
    """It waits, and is told in the log."""
    bad = await _submitted(core, caller, _piece("ann@example.com"))
    await alter(core, "UPDATE mailing_portions SET body = :body", body=b"no msgpack")
    good = await _submitted(core, caller, _piece("bob@example.com"))

    await mailings.make(core)

    assert (0, 0, False, False) == await _stands(core, caller, bad)
    assert (0, 0, True, False) == await _stands(core, caller, good)


async def test_they_are_listed_from_the_newest_on(core, caller):
    """One's own alone."""
    made = [await _submitted(core, caller, _piece("ann@example.com")) for _ in range(3)]
    other = await caller_in(core, "other")

    first = await mailings.page(core, caller, before=None, count=2)
    rest = await mailings.page(core, caller, before=first[-1].mailing.id, count=2)

    assert made[::-1] == [each.mailing for each in (*first, *rest)]
    assert [] == await mailings.page(core, other, before=None, count=2)
    with pytest.raises(NotFound):
        await mailings.get(core, other, made[0].id)


async def test_they_go_with_their_messages(core, caller):
    """Once those are forgotten, and never while they are still to be made."""
    gone = await _submitted(core, caller, _piece("ann@example.com"))
    await mailings.make(core)
    waiting = await _submitted(core, caller, _piece("bob@example.com"))
    await alter(core, "UPDATE mailings SET created_at = created_at - :day", day=2 * DAY)
    await alter(core, "UPDATE deliveries SET state = 'delivered'")
    await mailings.settle(core)
    await mailings.forget(core)
    assert 2 == await count(core, "mailings")
    await alter(core, "DELETE FROM batches")

    await mailings.forget(core)

    assert [waiting.id] == [
        each.mailing.id for each in await mailings.page(core, caller, before=None, count=9)
    ]
    kept = await select(core, "SELECT mailing_id FROM mailing_portions")
    assert [(waiting.id,)] == [tuple(row) for row in kept]
    assert gone.id != waiting.id


async def test_a_sender_must_be_known(core, caller):
    """Where the operator wants it, a mailing is refused before anything is kept; by domain or by address."""
    strict = replace(core, policy=msgspec.structs.replace(core.policy, sender_policy="verified"))
    account = await accounts.ensure_account(core, "test")
    await domains.trust(core, account.id, "known.example")
    await senders.put_sender(core, account, "me@other.example", confirmed=True)
    await senders.put_sender(core, account, "late@other.example", confirmed=False)

    for email in ("Any@known.example", "Me@other.example"):
        await mailings.require_sender(strict, caller, email)
    for email, kind in (("you@other.example", "unknown"), ("late@other.example", "unconfirmed")):
        with pytest.raises(Unverified) as refused:
            await mailings.require_sender(strict, caller, email)
        assert kind == refused.value.kind
    await mailings.require_sender(core, caller, "you@other.example")
