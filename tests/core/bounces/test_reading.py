"""Bounces of refused mail: kept with the outcome, found again, undone."""

import msgspec
import pytest

from core import bounces, events, suppressions
from core.bounces import Filter
from core.errors import Conflict, NotFound
from core.messages import Rehearsal
from core.paging import PageRequest
from tests.core.post import ANN, BOB, CAT, caller_in, draft

ALL = PageRequest(limit=100, total=True)


async def found(post, caller=None, **filters):
    """Give the bounces that fit, the newest first."""
    page = await bounces.page(post.core, caller or post.caller, Filter(**filters), ALL)
    assert len(page.items) == page.total
    return list(page.items)


async def refused(post, **replies):
    """Have a message to each refused as told."""
    post.sink.replies = {f"{name}@example.com": reply for name, reply in replies.items()}
    return await post.send(draft(*post.sink.replies, stream="outbound", tag="welcome", suppress_in="stream"))


async def test_a_refusal_is_a_bounce(post):
    """The record has the reply, its kind and the message's marks; the event names the record."""
    sent = await refused(post, ann="550 5.1.1 Unknown user")
    (bounce,) = await found(post)
    message = await post.message(sent)
    told = {each.kind: each.detail for each in await events.of_message(post.core, message)}

    assert (sent, 0, ANN, "no_mailbox", 550, "5.1.1", "5.1.1 Unknown user") == (
        bounce.message_id,
        bounce.position,
        bounce.email,
        bounce.kind,
        bounce.code,
        bounce.enhanced,
        bounce.text,
    )
    assert ("outbound", "welcome", "Hello", message.sender) == (
        bounce.stream,
        bounce.tag,
        bounce.subject,
        bounce.sender,
    )
    assert (True, True, False) == (bounce.inactive, bounce.can_activate, bounce.reported)
    assert ("no_mailbox", bounce.number) == (told["bounced"].type, told["bounced"].bounce)
    assert b"smtp; 550 5.1.1 Unknown user" == await bounces.dump(post.core, bounce)


async def test_an_address_is_taken_into_use_again(post):
    """Activation releases the suppression alone; the bounce stays, and a second one does not bring it back."""
    await refused(post, ann="550 5.1.1 Unknown user")
    (first,) = await found(post, inactive=True)

    assert not (await bounces.activate(post.core, post.caller, first.number)).inactive
    assert not (await bounces.activate(post.core, post.caller, first.number)).inactive
    assert [] == await suppressions.of_workspace(post.core, post.caller)

    post.clock.pass_s(1)
    await refused(post, ann="550 5.1.1 Unknown user")
    second, again = await found(post)
    assert (first.number, False, True) == (again.number, again.inactive, second.inactive)
    assert [second] == await found(post, inactive=True)
    assert [again] == await found(post, inactive=False)


@pytest.mark.parametrize(("place", "streams"), [("stream", ["outbound"]), ("workspace", [""])])
async def test_the_draft_says_how_far_a_bad_address_reaches(post, place, streams):
    """One stream or all of them; activation finds it in both."""
    post.sink.replies = {ANN: "550 5.1.1 Unknown user"}
    await post.send(draft(ANN, stream="outbound", suppress_in=place))
    (bounce,) = await found(post)

    assert streams == [each.stream for each in await suppressions.of_workspace(post.core, post.caller)]
    assert not (await bounces.activate(post.core, post.caller, bounce.number)).inactive


async def test_filters(post):
    """Each narrows the list, and counts and tags tell of the whole of it."""
    first = await refused(post, ann="550 5.1.1 Unknown user", bob="552 5.2.2 Full")
    await refused(post, cat="550 5.7.1 Blocked by policy")

    names = [each.email.partition("@")[0] for each in await found(post)]
    assert ["ann", "bob", "cat"] == sorted(names)
    for filters, expected in (
        ({"kinds": ("no_mailbox", "mailbox_full")}, ["ann", "bob"]),
        ({"kinds": ()}, []),
        ({"inactive": True}, ["ann"]),
        ({"inactive": False}, ["bob", "cat"]),
        ({"email": "NN@EXAMPLE"}, ["ann"]),
        ({"email": "%"}, []),
        ({"tag": "welcome"}, ["ann", "bob", "cat"]),
        ({"tag": "other"}, []),
        ({"message_id": first}, ["ann", "bob"]),
        ({"stream": "outbound"}, ["ann", "bob", "cat"]),
        ({"stream": "other"}, []),
        ({"since": post.clock.now() + 60_000_000}, []),
        ({"until": post.clock.now() - 60_000_000}, []),
    ):
        kept = await found(post, **filters)
        assert expected == sorted(each.email.partition("@")[0] for each in kept), filters
    assert ["welcome"] == await bounces.tags(post.core, post.caller)
    counted = await bounces.counts(post.core, post.caller)
    assert (1, {"blocked": 1, "mailbox_full": 1, "no_mailbox": 1}) == (counted.inactive, counted.kinds)
    assert {} == (await bounces.counts(post.core, post.caller, stream="other")).kinds


async def test_pages_go_on_where_the_last_ended(post):
    """By cursor in both directions, and by offset."""
    await refused(post, **{f"p{n}": "550 5.1.1 Unknown user" for n in range(5)})
    whole = await found(post)

    first = await bounces.page(post.core, post.caller, Filter(), PageRequest(limit=2))
    after = PageRequest(limit=2, after=first.items[-1].id)
    second = await bounces.page(post.core, post.caller, Filter(), after)
    back = PageRequest(limit=2, before=second.items[0].id)
    assert (whole[:2], True, whole[2:4]) == (list(first.items), first.more, list(second.items))
    assert first.items == (await bounces.page(post.core, post.caller, Filter(), back)).items
    skipped = await bounces.page(post.core, post.caller, Filter(), PageRequest(limit=2, offset=4))
    assert (whole[4:], False) == (list(skipped.items), skipped.more)


async def test_bounces_belong_to_their_workspace_and_environment(post):
    """Another workspace, or a key for tests, finds none of them."""
    await refused(post, ann="550 5.1.1 Unknown user")
    (bounce,) = await found(post)

    for other in (
        await caller_in(post.core, "other"),
        msgspec.structs.replace(post.caller, environment="test"),
    ):
        assert [] == await found(post, other)
        for call in (bounces.get, bounces.activate):
            with pytest.raises(NotFound):
                await call(post.core, other, bounce.number)


async def test_rehearsed_bounces_are_bounces(post):
    """A test address leaves the record that a server's refusal would leave; a complaint cannot be undone."""
    rehearsals = {
        ANN: Rehearsal(outcome="bounce", kind="dmarc"),
        BOB: Rehearsal(outcome="complain", suppress=True),
        CAT: Rehearsal(outcome="bounce", suppress=True),
    }
    await post.send(draft(ANN, BOB, CAT, rehearsals=rehearsals))
    kept = {each.email: each for each in await found(post)}

    assert {ANN: "dmarc", BOB: "complaint", CAT: "hard"} == {email: each.kind for email, each in kept.items()}
    assert {ANN: False, BOB: True, CAT: True} == {email: each.inactive for email, each in kept.items()}
    assert 3 == len({each.number for each in kept.values()})
    with pytest.raises(Conflict):
        await bounces.activate(post.core, post.caller, kept[BOB].number)


async def test_what_never_left_is_a_bounce_too(post):
    """A letter that cannot be rendered, and one that was given up, are found in the list with what they died of."""
    broken = await post.send(draft(html="{{ 1 // 0 }}", syntax="twig"))
    post.sink.replies = {BOB: "451 4.2.2 Mailbox full"}
    old = await post.send(draft(BOB))
    for _ in range(15):
        await post.later(340)

    assert ["failed"] == await post.states(broken)
    assert ["failed"] == await post.states(old)
    assert {broken: "rendering_failed", old: "mailbox_full"} == {
        each.message_id: each.kind for each in await found(post)
    }
    assert [] == await suppressions.of_workspace(post.core, post.caller)
