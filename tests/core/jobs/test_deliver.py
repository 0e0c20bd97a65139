"""Mail on its way out: the real worker and relay, and a server that misbehaves as it is told to."""

import msgspec
import pytest

from core import messages, optout, suppressions, topics
from core.jobs import deliver, files
from core.jobs.held import Held
from core.messages import Attachment, OptOut, Rehearsal
from core.messages.composition import source
from core.messages.reading import attachments
from core.topics import NewTopic
from gateway.assemble import working
from gateway.serving import running
from tests.core.post import (
    ANN,
    BOB,
    CAT,
    SENDER,
    Post,
    caller_in,
    draft,
    parsed,
    select,
    settled,
    timed_core,
)

WHOLE = -1


async def waits(post):
    """When each open job is tried again, in seconds from now."""
    now = post.clock.now()
    return [(row[0] - now) / 1_000_000 for row in await select(post.core, "SELECT run_at FROM jobs")]


async def test_a_message_arrives(post):
    """What was asked for is what the server gets, once, and every step of it is told."""
    sent = await post.send(draft(ANN, BOB, cc=[CAT]))

    assert [(ANN, BOB, CAT)] == post.taken()
    assert SENDER == post.sink.messages[0].mail_from
    assert ["delivered"] * 3 == await post.states(sent)
    told = [("accepted", WHOLE)] + [(kind, each) for each in range(3) for kind in ("sent", "delivered")]
    assert told == await post.events(sent)
    assert [] == await waits(post)


async def test_each_recipient_has_an_outcome_of_its_own(post):
    """A refusal for one recipient, and a delay for another, are no business of the third."""
    post.sink.replies = {BOB: "550 5.1.1 Unknown user", CAT: "451 4.2.0 Mailbox busy"}
    sent = await post.send(draft(ANN, BOB, CAT))

    assert ["delivered", "bounced", "deferred"] == await post.states(sent)
    assert [(250, "2.0.0 Taken"), (550, "5.1.1 Unknown user"), (451, "4.2.0 Mailbox busy")] == [
        (each.code, each.text) for each in (await post.message(sent)).deliveries
    ]
    assert "bounced" == messages.standing(await post.message(sent))


async def test_a_relay_is_met_with_so_many_connections_as_its_address_says(settings, clock, sink):
    """However many jobs are in work: a provider's relay counts connections and refuses further ones."""
    sink.delays["mail"] = 0.005
    relay = f"smtp://127.0.0.1:{sink.port}?connections=2"
    async with Post.open(settings, clock, sink, relay=relay, worker_concurrency=20) as post:
        await messages.submit_all(
            post.core, post.caller, [draft(f"p{number}@example.com") for number in range(20)]
        )
        await post.settle()

    assert 20 == len(sink.messages)
    assert 2 == sink.connections


async def test_nobody_gets_it_twice_after_a_partial_failure(post):
    """A later attempt is made for those alone who are still open."""
    post.sink.replies = {BOB: "550 5.1.1 Unknown user", CAT: "451 4.2.0 Mailbox busy"}
    sent = await post.send(draft(ANN, BOB, CAT))
    post.sink.replies = {}
    await post.later(67)

    assert [(ANN,), (CAT,)] == post.taken()
    assert ["delivered", "bounced", "delivered"] == await post.states(sent)
    assert [1, 1, 2] == [each.attempts for each in (await post.message(sent)).deliveries]
    cat = [kind for kind, position in await post.events(sent) if position == 2]
    assert ["sent", "deferred", "delivered"] == cat


async def test_personal_letters_go_out_one_by_one(post):
    """Everybody gets the copy with their own link, once; whoever was put off gets the same bytes later."""
    post.sink.replies = {BOB: "451 4.2.0 Mailbox busy"}
    sent = await post.send(draft(ANN, BOB, cc=[CAT], opt_out=OptOut(header=True)))
    assert ["delivered", "deferred", "delivered"] == await post.states(sent)
    post.sink.replies = {}
    await post.later(67)

    assert [(ANN,), (CAT,), (BOB,)] == post.taken()
    links = [parsed(each.content)["List-Unsubscribe"].strip("<>") for each in post.sink.messages]
    found = [optout.read(post.core.signer, link.rpartition("/")[2]) for link in links]
    assert [(ANN, 0), (CAT, 2), (BOB, 1)] == [(each.email, each.position) for each in found if each]
    assert {"ann@example.com, bob@example.com"} == {parsed(each.content)["To"] for each in post.sink.messages}
    assert post.sink.messages[0].content == await messages.source(post.core, await post.message(sent))


async def test_a_file_is_read_once_for_all_copies(post, monkeypatch):
    """However many recipients have letters of their own, each with the file in it."""
    asked = []

    async def counted(*given, **kwargs):
        asked.append(given[1].id)
        return await attachments(*given, **kwargs)

    monkeypatch.setattr(files, "attachments", counted)
    file = Attachment(filename="a.bin", content_type="application/octet-stream", data=b"\0\1\2")
    sent = await post.send(draft(ANN, BOB, CAT, opt_out=OptOut(header=True), attachments=(file,)))

    assert [(ANN,), (BOB,), (CAT,)] == post.taken()
    held = [next(parsed(each.content).iter_attachments()).get_content() for each in post.sink.messages]
    assert ([b"\0\1\2"] * 3, [sent]) == (held, asked)


async def test_a_letter_that_cannot_be_made_holds_up_no_other(post, monkeypatch):
    """Whose copies have left gets no second one, whoever comes behind gets theirs, and the one left is tried again."""

    def faulty(*given):
        if given[-1].email == BOB:
            raise ValueError("a fault of ours")
        return source(*given)

    monkeypatch.setattr(deliver, "source", faulty)
    sent = await post.send(draft(ANN, BOB, cc=[CAT], opt_out=OptOut(header=True)))
    assert ["delivered", "queued", "delivered"] == await post.states(sent)
    monkeypatch.setattr(deliver, "source", source)
    await post.later(67)

    assert [(ANN,), (CAT,), (BOB,)] == post.taken()
    assert ["delivered"] * 3 == await post.states(sent)


async def test_personal_letters_that_are_redirected_are_one(post):
    """Whoever they are redirected to sees one of them."""
    await post.send(draft(ANN, BOB, redirect_to=(CAT,), opt_out=OptOut(header=True)))

    assert [(CAT,)] == post.taken()


async def test_greylisting_is_waited_out(post):
    """A server that refuses strangers once is asked again, and takes it."""
    post.sink.greylisting = True
    sent = await post.send(draft(ANN, BOB))
    assert ["deferred", "deferred"] == await post.states(sent)
    await post.later(67)

    assert [(ANN, BOB)] == post.taken()
    assert ["delivered", "delivered"] == await post.states(sent)


@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt", "data", "after_data_before_reply"])
async def test_a_lost_connection_is_tried_again(post, stage):
    """Wherever the conversation breaks off, the message is put off and arrives later."""
    post.sink.drops[stage] = 1
    sent = await post.send(draft(ANN))
    assert ["deferred"] == await post.states(sent)
    await post.later(67)

    assert ["delivered"] == await post.states(sent)
    # after the last octet nobody can know whether it was taken: twice is better than never
    assert (2 if stage == "after_data_before_reply" else 1) == len(post.taken())


async def test_waits_follow_the_schedule(post):
    """The waits are those of the schedule, a tenth longer at most, and the last one repeats."""
    post.sink.replies = {ANN: "451 4.2.0 Mailbox busy"}
    await post.send(draft(ANN))
    seen = []
    for _ in range(4):
        (wait_s,) = await waits(post)
        seen.append(wait_s)
        await post.later(wait_s + 1)

    assert [True] * 4 == [
        low - 5 <= each <= 1.1 * low for each, low in zip(seen, (60, 300, 300, 300), strict=True)
    ]


async def test_what_is_too_old_has_failed(post):
    """After the hour there is no further attempt; the last reply is kept."""
    post.sink.replies = {ANN: "451 4.2.0 Mailbox busy"}
    sent = await post.send(draft(ANN, BOB))
    await post.later(3601)

    assert ["failed", "delivered"] == await post.states(sent)
    assert "4.2.0 Mailbox busy" == (await post.message(sent)).deliveries[0].text
    assert [] == await waits(post)
    assert [(BOB,)] == post.taken()
    assert ["sent", "deferred", "expired"] == [
        kind for kind, position in await post.events(sent) if position == 0
    ]


@pytest.mark.parametrize(
    ("reply", "suppressed"),
    [
        ("550 5.1.1 Unknown user", True),
        ("550 No such user here", True),
        ("553 Mailbox name not allowed", True),
        ("550 5.1.10 Null MX", True),
        ("550 5.7.1 Policy", False),
        ("552 5.2.2 Mailbox full", False),
        ("554 Rejected", False),
        ("550 5.1.8 Bad sender", False),
        ("451 4.1.1 Not now", False),
    ],
)
async def test_only_a_bad_address_is_suppressed(post, reply, suppressed):
    """An address that does not exist is kept from further mail on its stream; other trouble says nothing of it."""
    post.sink.replies = {ANN: reply}
    await post.send(draft(ANN, stream="outbound", suppress_in="stream"))

    held = [(each.email, each.stream, each.reason, each.origin) for each in await entries(post)]
    assert ([(ANN, "outbound", "hard_bounce", "recipient")] if suppressed else []) == held


@pytest.mark.parametrize("replies", ["mail_replies", "data_replies"])
@pytest.mark.parametrize("reply", ["550 We do not like this", "550 5.1.0 Sender rejected"])
async def test_a_refused_message_says_nothing_against_its_recipients(post, replies, reply):
    """A server that will not have the sender or the message has not refused the addresses."""
    getattr(post.sink, replies).append(reply)
    sent = await post.send(draft(ANN, BOB))

    assert (["bounced", "bounced"], []) == (await post.states(sent), await entries(post))


async def entries(post):
    """The workspace's suppressions."""
    return await suppressions.of_workspace(post.core, post.caller)


async def test_a_suppressed_address_is_not_asked_again(post):
    """The next message to an address that bounced does not leave."""
    post.sink.replies = {ANN: "550 5.1.1 Unknown user"}
    await post.send(draft(ANN))
    post.sink.commands.clear()
    sent = await post.send(draft(ANN))

    assert ["suppressed"] == await post.states(sent)
    assert 0 == post.sink.commands["rcpt"]
    assert [("accepted", WHOLE), ("suppressed", 0)] == await post.events(sent)


async def test_a_message_that_waited_obeys_what_came_in_between(post):
    """Whoever was suppressed since a message was accepted does not get it: neither a scheduled nor a deferred one."""
    late = post.clock.now() + 3_600_000_000
    scheduled = await post.send(draft(ANN, BOB, CAT, send_at=late))
    post.sink.replies = {ANN: "451 4.2.0 Mailbox busy"}
    deferred = await post.send(draft(ANN))
    await suppressions.suppress(post.core, post.caller, "ANN@example.com", reason="unsubscribe")
    await suppressions.suppress(post.core, post.caller, BOB, stream="another")
    await suppressions.suppress(post.core, post.caller, CAT, stream="outbound")
    post.sink.replies = {}
    await post.later(3601)

    assert ["suppressed"] == await post.states(deferred)
    assert ["suppressed", "delivered", "suppressed"] == await post.states(scheduled)
    assert [(BOB,)] == post.taken()
    assert ["sent", "deferred", "suppressed"] == [
        kind for kind, each in await post.events(deferred) if each == 0
    ]


async def test_a_message_that_waited_obeys_a_choice_made_in_between(post):
    """Whoever said no to a topic meanwhile does not get it; a topic that is gone holds nobody back."""
    core, caller = post.core, post.caller
    made = [await topics.create(core, caller, NewTopic(name=key, key=key)) for key in ("news", "ads")]
    late = post.clock.now() + 3_600_000_000
    news = await post.send(draft(ANN, BOB, topic="news", send_at=late))
    ads = await post.send(draft(ANN, topic="ads", send_at=late))
    for topic in made:
        await topics.choose(core, caller, topic, "Ann@example.com", "opt_out")
    await topics.delete(core, caller, made[1].id)
    await post.later(3601)

    assert (["suppressed", "delivered"], ["delivered"]) == (await post.states(news), await post.states(ads))
    assert [(ANN,), (BOB,)] == sorted(post.taken())


async def test_whoever_was_let_go_gets_mail_again(post):
    """What was accepted before stays suppressed, what comes after is sent."""
    await suppressions.suppress(post.core, post.caller, ANN, stream="outbound")
    before = await post.send(draft(ANN))
    await suppressions.release(post.core, post.caller, ANN, stream="outbound")
    after = await post.send(draft(ANN))

    assert (["suppressed"], ["delivered"]) == (await post.states(before), await post.states(after))


async def test_a_backlog_obeys_what_came_in_between(settings, clock, sink):
    """What nobody had tried yet is held back too, and the whole claim is looked up at once."""
    async with timed_core(settings, clock) as core:
        caller = await caller_in(core)
        asked = [draft(f"p{n}@example.com") for n in range(20)]
        await messages.submit_all(core, caller, asked)
        await suppressions.suppress(core, caller, "p3@example.com")
        clock.pass_s(60)
        watched = Watched(core.db)
        object.__setattr__(core, "db", watched)
        changed = msgspec.structs.replace(settings, transport="relay", relay=f"smtp://127.0.0.1:{sink.port}")
        async with working(core, changed) as worker, running(worker):
            await settled(core)

    assert 19 == len(sink.messages)
    assert 1 == watched.names.count("suppressions_among")


class Watched:
    """An engine that notes what is read."""

    def __init__(self, db):
        self._db = db
        self.names = []
        self.name, self.transaction = db.name, db.transaction

    async def fetch(self, query):
        """Read, as ever."""
        self.names.append(query.statement.name)
        return await self._db.fetch(query)


@pytest.mark.parametrize(
    ("rehearsal", "state", "kinds", "reasons"),
    [
        (Rehearsal(outcome="deliver"), "delivered", ["sent", "delivered"], []),
        (Rehearsal(outcome="drop"), "delivered", ["sent", "delivered"], []),
        (Rehearsal(outcome="bounce"), "bounced", ["sent", "bounced"], []),
        (Rehearsal(outcome="bounce", suppress=True), "bounced", ["sent", "bounced"], ["hard_bounce"]),
        (Rehearsal(outcome="complain"), "complained", ["sent", "delivered", "complained"], []),
        (
            Rehearsal(outcome="complain", suppress=True),
            "complained",
            ["sent", "delivered", "complained"],
            ["complaint"],
        ),
        (Rehearsal(outcome="suppress"), "suppressed", ["suppressed"], []),
    ],
)
async def test_a_rehearsal_plays_its_outcome(post, rehearsal, state, kinds, reasons):
    """A test address goes through what it stands for, beside real recipients, and nothing leaves for it."""
    sent = await post.send(draft("Ann@Example.com", BOB, rehearsals={ANN: rehearsal}))

    assert [state, "delivered"] == await post.states(sent)
    assert kinds == [kind for kind, position in await post.events(sent) if position == 0]
    assert reasons == [each.reason for each in await entries(post)]
    assert [(BOB,)] == post.taken()


async def test_redirected_mail_goes_elsewhere(post):
    """The targets get it, the recipients stay in the reports and in the header."""
    sent = await post.send(draft(ANN, BOB, redirect_to=(CAT,)))

    assert [(CAT,)] == post.taken()
    assert [(ANN, "delivered"), (BOB, "delivered")] == [
        (each.email, each.state) for each in (await post.message(sent)).deliveries
    ]
    assert f"{ANN}, {BOB}" == parsed(post.sink.messages[0].content)["to"]


async def test_a_redirect_that_bounces_says_nothing_against_the_recipients(post):
    """The target's trouble is told, but nobody is suppressed for it."""
    post.sink.replies = {CAT: "550 5.1.1 Unknown user"}
    sent = await post.send(draft(ANN, redirect_to=(CAT,)))

    assert ["bounced"] == await post.states(sent)
    assert [] == await entries(post)


@pytest.mark.parametrize(
    ("replies", "state", "bob_has"),
    [
        ({}, "delivered", 1),
        ({BOB: "550 5.1.1 Unknown user"}, "bounced", 0),
        ({BOB: "451 4.2.0 Mailbox busy"}, "delivered", 1),
        ({CAT: "550 5.1.1 Unknown user", BOB: "451 4.2.0 Mailbox busy"}, "bounced", 1),
    ],
)
async def test_every_target_of_a_redirect_counts(post, replies, state, bob_has):
    """No target is lost because another has the mail; a recipient stands as the worst of them."""
    post.sink.replies = replies
    sent = await post.send(draft(ANN, redirect_to=(CAT, BOB)))
    post.sink.replies = {to: reply for to, reply in replies.items() if reply.startswith("5")}
    await post.later(67)

    assert ([state], bob_has) == (await post.states(sent), sum(BOB in each for each in post.taken()))


async def test_a_sandboxed_message_stays_in(post):
    """Everything happens but the sending."""
    sent = await post.send(draft(ANN, sandbox=True))

    assert ["delivered"] == await post.states(sent)
    assert 0 == post.sink.connections


async def test_a_scheduled_message_leaves_in_its_time(post):
    """It waits for its moment, and is no longer scheduled afterwards."""
    sent = await post.send(draft(ANN, send_at=post.clock.now() + 3_600_000_000))
    assert ([], "scheduled") == (post.taken(), messages.standing(await post.message(sent)))
    await post.later(3601)

    assert [(ANN,)] == post.taken()
    assert ("accepted", "delivered") == ((found := await post.message(sent)).state, messages.standing(found))
    assert [("accepted", WHOLE), ("scheduled", WHOLE), ("sent", 0), ("delivered", 0)] == await post.events(
        sent
    )


async def test_an_hour_of_patience_begins_when_a_message_is_due(post):
    """A message that was scheduled is not too old because it was accepted long ago."""
    sent = await post.send(draft(ANN, send_at=post.clock.now() + 86_400_000_000))
    post.sink.replies = {ANN: "451 4.2.0 Mailbox busy"}
    await post.later(86_401)

    assert ["deferred"] == await post.states(sent)


async def test_more_messages_than_a_worker_holds_at_once(settings, clock, sink):
    """A queue longer than a claim, and than what may be in work, is worked off to its end."""
    async with Post.open(settings, clock, sink, claim_batch=4, worker_concurrency=2) as post:
        for _ in range(3):
            await messages.submit_all(post.core, post.caller, [draft(ANN) for _ in range(10)])
        await post.settle()

    assert 30 == len(sink.messages)


async def test_a_lapsed_lease_between_copies_is_no_second_copy(post, monkeypatch):
    """What has left is recorded although the work is another's by then; the others get theirs later."""
    asked = draft(ANN, BOB, CAT, opt_out=OptOut(header=True))
    looks = iter([True, True, False])
    monkeypatch.setattr(Held, "is_safe", lambda *_: next(looks, True))
    sent = await post.send(asked)
    await post.later(67)

    assert [(ANN,), (BOB,), (CAT,)] == sorted(post.taken())
    assert ["delivered"] * 3 == await post.states(sent)
