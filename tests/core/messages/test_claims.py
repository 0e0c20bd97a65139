"""Idempotency keys: one key, one acceptance, whoever asks how often and at once."""

import asyncio

import msgspec
import pytest

from core import messages, suppressions
from core.errors import Conflict, Suppressed
from core.messages import Claim, Receipt
from core.store.database import write
from core.store.statements import sql, statement
from tests.core.post import ANN, BOB, accepted, caller_in, count, draft

KEY = Claim(scope="idempotency", key="k", fingerprint="f", lifetime_s=3600)
# a moment that a message can hold, and no engine
TOO_LATE = 1 << 63


def like(**changes):
    """The same claim, but for something."""
    return msgspec.structs.replace(KEY, **changes)


def same(receipts):
    """Receipts as a repetition has them."""
    return [msgspec.structs.replace(each, replayed=True) for each in receipts]


async def test_a_repetition_gets_the_first_receipts(core, caller):
    """The same key for the same thing is answered again, and nothing more is sent."""
    first = await accepted(core, caller, [draft(ANN), draft(BOB)], claim=KEY)
    again = await accepted(core, caller, [draft(ANN), draft(BOB)], claim=KEY)

    assert same(first) == again == await messages.recall(core, caller, KEY)
    assert [False, False] == [each.replayed for each in first]
    assert (2, 2) == (await count(core, "messages"), await count(core, "jobs"))


async def test_receipts_remember_what_was_between_them(core, caller):
    """Of a call that was refused in part, what is answered again has its places."""
    await suppressions.suppress(core, caller, ANN)
    asked = [draft(ANN, on_suppressed="refuse"), draft(BOB)]
    await messages.submit_all(core, caller, asked, claim=KEY)

    assert [1] == [each.position for each in await messages.recall(core, caller, KEY) or ()]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({"fingerprint": "other"}, "idempotency"), ({"replay": False}, "idempotency_taken")],
)
async def test_a_key_used_for_something_else_is_a_conflict(core, caller, changes, kind):
    """Neither the old answer nor a new message fits."""
    await messages.submit(core, caller, draft(), claim=KEY)
    for call in (
        messages.submit(core, caller, draft(BOB), claim=like(**changes)),
        recall(core, caller, changes),
    ):
        with pytest.raises(Conflict) as refused:
            await call
        assert (kind, "k") == (refused.value.kind, refused.value.id)

    assert 1 == await count(core, "messages")


def recall(core, caller, changes):
    """The question for an earlier answer."""
    return messages.recall(core, caller, like(**changes))


async def test_a_key_holds_in_its_place(core, caller):
    """Another scope, workspace or environment has keys of its own."""
    places = [
        (caller, KEY),
        (caller, like(scope="other")),
        (caller, like(key="K")),
        (await caller_in(core, "other"), KEY),
        (await caller_in(core, environment="test"), KEY),
    ]
    receipts = [await messages.submit(core, who, draft(), claim=claim) for who, claim in places]

    assert 5 == len({each.id for each in receipts})


async def test_of_twenty_at_once_one_is_accepted(core, caller):
    """All have the same receipt, one message is there."""
    results = await asyncio.gather(*[messages.submit(core, caller, draft(), claim=KEY) for _ in range(20)])

    assert 1 == len({each.id for each in results}) == await count(core, "messages")
    assert 1 == sum(not each.replayed for each in results)


async def test_of_twenty_at_once_that_want_different_things_one_is_accepted(core, caller):
    """The others are told."""
    calls = [messages.submit(core, caller, draft(), claim=like(fingerprint=str(n))) for n in range(20)]
    results = await asyncio.gather(*calls, return_exceptions=True)

    assert 19 == sum(isinstance(each, Conflict) for each in results)
    assert 1 == await count(core, "messages")


async def test_a_refused_call_gives_its_key_back(core, caller):
    """The next call with it is the first."""
    await suppressions.suppress(core, caller, ANN)
    for atomic in (True, False):
        asked = [draft(ANN, on_suppressed="refuse")]
        results = await asyncio.gather(
            messages.submit_all(core, caller, asked, claim=KEY, atomic=atomic), return_exceptions=True
        )
        assert "Suppressed" in repr(results)
        assert await messages.recall(core, caller, KEY) is None

    assert not (await messages.submit(core, caller, draft(BOB), claim=KEY)).replayed


async def test_whoever_waited_for_a_refused_call_may_try(core, caller):
    """Of two calls in one commit the first is refused: the second is judged for itself, and accepted."""
    await suppressions.suppress(core, caller, ANN)
    first, second = await asyncio.gather(
        messages.submit(core, caller, draft(ANN, on_suppressed="refuse"), claim=KEY),
        messages.submit(core, caller, draft(BOB), claim=KEY),
        return_exceptions=True,
    )

    assert (Suppressed, Receipt, False) == (type(first), type(second), getattr(second, "replayed", None))


async def test_whoever_waited_for_a_call_the_engine_refused_may_try(core, caller):
    """The same where the first could not be written at all; its repetition is no repetition of itself."""
    only = like(replay=False)
    first, second = await asyncio.gather(
        messages.submit(core, caller, draft(send_at=TOO_LATE), claim=only),
        messages.submit(core, caller, draft(BOB), claim=only),
        return_exceptions=True,
    )

    assert not isinstance(first, Receipt)
    assert (Receipt, False) == (type(second), getattr(second, "replayed", None))
    assert 1 == await count(core, "messages")


async def test_an_expired_key_may_be_used_again(core, caller, clock):
    """After its time a key is as if it had never been used, for whoever looks and for whoever submits."""
    await messages.submit(core, caller, draft(), claim=KEY)
    clock.pass_s(3599)
    assert await messages.recall(core, caller, KEY) is not None
    clock.pass_s(2)
    assert await messages.recall(core, caller, KEY) is None

    assert not (await messages.submit(core, caller, draft(), claim=like(fingerprint="other"))).replayed


async def test_a_key_for_good_does_not_expire(core, caller, clock):
    """Ten years later it is still taken."""
    await messages.submit(core, caller, draft(), claim=like(lifetime_s=None))
    clock.pass_s(10 * 365 * 24 * 3600)

    assert (await messages.submit(core, caller, draft(), claim=like(lifetime_s=None))).replayed


async def test_any_text_is_a_key(core, caller):
    """Length and letters of a key are the caller's business."""
    for odd in ("", "\x00", "\ud800", "k" * 10_000, "ключ"):
        claim = like(key=odd)
        first = await messages.submit(core, caller, draft(), claim=claim)
        assert same([first]) == await messages.recall(core, caller, claim)


async def test_expired_keys_go_in_portions(core):
    """However many have expired, one purge takes a bounded number of them, and none that still holds."""
    insertion = "INSERT INTO claims (key, expires_at) VALUES (:key, :expires_at)"
    keys = [(str(number), 2 if number % 3 else 5) for number in range(18_000)]
    await write(core.db, statement("claimed", insertion).many(keys))
    left = []
    for _ in range(3):
        await write(core.db, sql.claims_purge(now=3, count=10_000))
        left.append(await count(core, "claims"))

    assert [8_000, 6_000, 6_000] == left
