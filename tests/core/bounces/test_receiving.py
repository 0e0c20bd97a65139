"""Reports and complaints on mail that was sent: each finds its delivery and moves it, once."""

import asyncio
import itertools

import pytest

from core import bounces, domains, events, suppressions
from core.bounces import Filter
from core.messages.composition import message_id
from core.paging import PageRequest
from tests.core.post import ANN, CAT, Post, alter, draft
from tests.core.returned.test_letters import FAILED, LETTERS, RETURNED

GONE = "gone@example.com"
HOST = "bounces.example"
HARD = {"no_mailbox", "no_domain", "hard", "bad_address"}


@pytest.fixture
async def office(settings, clock, sink):
    """Give an office whose mail comes back to a host of its own."""
    async with Post.open(settings, clock, sink, return_host=HOST) as made:
        yield made


async def found(post, **filters):
    """Give the bounces that fit, the oldest first."""
    page = await bounces.page(post.core, post.caller, Filter(**filters), PageRequest(limit=100))
    return list(page.items)[::-1]


async def blocked(post):
    """Give who is suppressed, where and why."""
    held = await suppressions.of_workspace(post.core, post.caller)
    return [(each.email, each.stream, each.reason) for each in held]


async def kinds(post, sent, position=0):
    """Give what happened to a recipient after it was delivered."""
    told = [kind for kind, place in await post.events(sent) if place == position]
    return told[told.index("delivered") + 1 :] if "delivered" in told else told


def path(post):
    """Give where the last letter comes back to."""
    return post.sink.messages[-1].mail_from


def letter(post, name):
    """Give a sample as the answer to the last letter."""
    return (LETTERS / f"{name}.eml").read_bytes().replace(b"b@bounces.example", path(post).encode())


async def back(post, name, rcpt="", mail_from="", sent=""):
    """Bring it; with ``sent`` it has lost the return path and kept the Message-ID."""
    raw = letter(post, name)
    if sent:
        marks = message_id(post.core.policy, await post.message(sent))
        raw = raw.replace(b"<0@mail.example>", marks.encode()).replace(
            path(post).encode(), b"b@elsewhere.example"
        )
    return await bounces.receive(post.core, rcpt or path(post), mail_from, raw)


@pytest.mark.parametrize("name", FAILED)
async def test_a_failure_bounces_what_was_delivered(office, name):
    """State, event, record and suppression follow from the report of any system."""
    kind, code, enhanced = FAILED[name]
    sent = await office.send(draft(GONE, tag="t"))
    assert ["delivered"] == await office.states(sent)

    assert await back(office, name)

    (bounce,) = await found(office)
    assert (sent, GONE, kind, code, enhanced, "t") == (
        bounce.message_id,
        bounce.email,
        bounce.kind,
        bounce.code,
        bounce.enhanced,
        bounce.tag,
    )
    assert ["bounced"] == await office.states(sent)
    assert ["bounced"] == await kinds(office, sent)
    assert ([(GONE, "", "hard_bounce")] if kind in HARD else []) == await blocked(office)
    assert (kind in HARD, True) == (bounce.inactive, bounce.reported)
    assert letter(office, name) == await bounces.dump(office.core, bounce)
    (told,) = [
        each
        for each in await events.of_message(office.core, await office.message(sent))
        if each.kind == "bounced"
    ]
    assert (kind, bounce.number) == (told.detail.type, told.detail.bounce)


@pytest.mark.parametrize(
    ("name", "event", "kind", "reasons"),
    [
        ("postfix_delayed", "delayed", "transient", []),
        *[(name, "returned", kind, []) for name, kind in RETURNED.items() if kind != "unsubscribe"],
        ("unsubscribe", "unsubscribed", "unsubscribe", ["unsubscribe"]),
    ],
)
async def test_other_news_moves_nothing(office, name, event, kind, reasons):
    """A delay, or an answer by a machine, is told and kept, and the delivery stands."""
    sent = await office.send(draft(GONE))

    assert await back(office, name)

    assert (["delivered"], [event]) == (await office.states(sent), await kinds(office, sent))
    assert [kind] == [each.kind for each in await found(office)]
    assert reasons == [reason for _, _, reason in await blocked(office)]


@pytest.mark.parametrize("name", ["delivered", "read_receipt", "not_spam"])
async def test_good_news_is_taken_and_forgotten(office, name):
    """Nothing is kept of it."""
    sent = await office.send(draft(GONE))

    assert await back(office, name)

    assert ([], []) == (await kinds(office, sent), await found(office))


async def test_a_person_is_refused(office):
    """Nobody reads what is written to a return path, and the writer is told so; likewise any unknown address."""
    await office.send(draft(GONE))

    assert not await back(office, "human", mail_from=GONE)
    assert not await back(office, "qmail", rcpt=f"b+{'a' * 45}@{HOST}")
    assert not await back(office, "qmail", rcpt="abuse@elsewhere.example")
    assert [] == await found(office)


@pytest.mark.parametrize("by_id", [False, True])
@pytest.mark.parametrize("name", ["complaint", "fraud", "complaint_redacted"])
async def test_a_complaint_finds_its_letter(office, name, by_id):
    """By the return path that the loop quotes or the Message-ID that it left; it outranks every other state."""
    sent = await office.send(draft(GONE, suppress_in="stream", stream="news"))

    marked = by_id or name == "complaint_redacted"
    assert await back(
        office, name, rcpt=f"abuse@{HOST}", mail_from="x@isp.example", sent=sent if marked else ""
    )

    (bounce,) = await found(office)
    assert ("complaint", GONE, False) == (bounce.kind, bounce.email, bounce.can_activate)
    assert (["complained"], ["complained"]) == (await office.states(sent), await kinds(office, sent))
    (delivery,) = (await office.message(sent)).deliveries
    assert (250, "2.0.0 Taken") == (delivery.code, delivery.text)
    assert [(GONE, "news", "complaint")] == await blocked(office)


async def test_a_complaint_about_somebody_elses_letter_is_taken(office):
    """A loop is not told off for what is none of ours, and nothing is made of it."""
    sent = await office.send(draft(GONE))

    raw = (LETTERS / "complaint.eml").read_bytes()
    assert await bounces.receive(office.core, f"fbl@{HOST}", "x@isp.example", raw)
    # an id that is ours in a letter that is not
    forged = raw.replace(b"<0@mail.example>", f"<{sent}@elsewhere.example>".encode())
    assert await bounces.receive(office.core, f"fbl@{HOST}", "x@isp.example", forged)

    assert (["delivered"], []) == (await office.states(sent), await found(office))


async def test_opting_out_at_the_provider(office):
    """It is no complaint: the reader wants no more, and that stands."""
    sent = await office.send(draft(GONE))

    assert await back(office, "opt_out", rcpt=f"abuse@{HOST}", mail_from="x@isp.example")

    assert (["delivered"], ["unsubscribed"]) == (await office.states(sent), await kinds(office, sent))
    (bounce,) = await found(office)
    assert ([(GONE, "", "unsubscribe")], False) == (await blocked(office), bounce.can_activate)


async def test_the_same_report_again(office):
    """It is told once, however often and in how many letters it comes, also at the same time."""
    sent = await office.send(draft(GONE))

    for _ in range(2):
        assert [True] * 4 == list(await asyncio.gather(*(back(office, "qmail") for _ in range(4))))
    assert await back(office, "postfix_failed")

    assert (1, ["bounced"]) == (len(await found(office)), await kinds(office, sent))


async def test_many_at_once(office):
    """What waits together is kept together, each for its own delivery; of one delivery the worst stays."""
    sent = [await office.send(draft(GONE)) for _ in range(10)]
    ways = [each.mail_from for each in office.sink.messages]
    bounced, complained = ((LETTERS / f"{name}.eml").read_bytes() for name in ("qmail", "complaint"))
    letters = [(way, raw) for way in ways for raw in (complained, bounced)]

    taken = await asyncio.gather(*(bounces.receive(office.core, way, "", raw) for way, raw in letters))

    assert {True} == set(taken)
    assert [["complained"]] * 10 == [await office.states(each) for each in sent]
    kept = await found(office)
    assert 20 == len({each.number for each in kept})
    assert [(GONE, "", "complaint")] == await blocked(office)


async def test_a_report_on_several_recipients(office):
    """One letter, one conversation, one return path: the report says whom it means."""
    sent = await office.send(draft(GONE, "Full@Example.com", "slow@example.com", "fine@example.com"))
    assert 1 == len(office.sink.messages)

    assert await back(office, "several")

    assert ["bounced", "bounced", "delivered", "delivered"] == await office.states(sent)
    assert [["bounced"], ["bounced"], ["delayed"], []] == [await kinds(office, sent, n) for n in range(4)]
    assert [(GONE, "", "hard_bounce")] == await blocked(office)


async def test_a_forwarded_letter(office):
    """Who forwards names an address that we do not know; alone, the recipient is known all the same."""
    alone = await office.send(draft(ANN))
    assert await back(office, "forwarded")
    assert ["bounced"] == await office.states(alone)

    office.clock.pass_s(5)
    together = await office.send(draft(CAT, GONE))
    assert await back(office, "forwarded")
    assert ["delivered", "delivered"] == await office.states(together)


async def test_redirected_mail_that_comes_back(office):
    """Everybody's delivery has bounced then, and nobody's address is bad."""
    sent = await office.send(draft(ANN, CAT, redirect_to=(GONE,)))

    assert await back(office, "qmail")

    assert (["bounced", "bounced"], []) == (await office.states(sent), await blocked(office))


NEWS = {
    "b": ("qmail", ""),
    "c": ("complaint", f"abuse@{HOST}"),
    "d": ("postfix_delayed", ""),
    "a": ("vacation", ""),
}


@pytest.mark.parametrize(
    "order", ["".join(each) for each in itertools.permutations("bcd")] + ["ba", "ab", "bd"]
)
async def test_the_worst_stays_in_any_order(office, order):
    """A complaint outranks a bounce, a bounce a delivery, and neither is hidden by what comes later."""
    sent = await office.send(draft(GONE))
    for each in order:
        name, rcpt = NEWS[each]
        assert await back(office, name, rcpt=rcpt)

    assert ["complained" if "c" in order else "bounced"] == await office.states(sent)
    assert len(order) == len(await found(office))


async def test_a_report_may_be_faster_than_the_record(office):
    """What still waits for its outcome has bounced; what follows does not hide it, and nothing is sent again."""
    office.sink.replies = {GONE: "451 4.3.0 Not sure"}
    sent = await office.send(draft(GONE))
    message = await office.message(sent)
    way = bounces.mail_from(office.core, message, message.deliveries)
    raw = (LETTERS / "qmail.eml").read_bytes()

    assert await bounces.receive(office.core, way, "", raw)
    office.sink.replies = {}
    await office.later(340)

    assert (["bounced"], []) == (await office.states(sent), office.sink.messages)


async def test_a_proved_name_for_the_way_back(office):
    """A customer's own name for our host stands in the envelope, and what comes back to it is the same."""
    wanted = domains.Draft(name="sender.example", return_domain="back.sender.example")
    made = await domains.add(office.core, office.caller.account_id, wanted)
    sent = await office.send(draft(GONE))
    assert path(office).endswith(f"@{HOST}")

    proof = "INSERT INTO domain_checks VALUES (:id, 'return', 'back.sender.example', 'verified', '', 0, 0)"
    await alter(office.core, proof, id=made.id)
    office.core.identities.forget("sender.example")
    sent = await office.send(draft(GONE))
    assert path(office).endswith("@back.sender.example")

    assert await back(office, "qmail")
    assert ["bounced"] == await office.states(sent)


async def test_a_large_report_is_kept_in_part(office):
    """What is kept of it has a bound."""
    await office.send(draft(GONE))
    raw = (LETTERS / "qmail.eml").read_bytes() + b"x" * 1_000_000

    assert await bounces.receive(office.core, path(office), "", raw)

    (bounce,) = await found(office)
    assert 128 * 1024 == len(await bounces.dump(office.core, bounce))
