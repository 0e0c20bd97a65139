"""Acceptance: what is on disk once a call has its answer, and what is refused without a trace."""

import asyncio

import msgspec
import pytest

from core import domains, events, messages, senders, suppressions, topics
from core.accounts import ensure_account
from core.errors import Conflict, Invalid, NotFound, Refusal, Suppressed, Unverified
from core.messages import Attachment, Content, NewBatch, Receipt, Tag
from core.topics import NewTopic
from gateway.assemble import opened
from tests.core.post import ANN, BOB, CAT, SENDER, accepted, caller_in, count, draft, party, select


async def test_what_was_answered_is_there_after_reopening(settings):
    """A receipt means rows on disk: the message, its recipients, what happened and the work to do."""
    async with opened(settings) as core:
        caller = await caller_in(core)
        receipt = await messages.submit(core, caller, draft(ANN, cc=[BOB], bcc=[CAT], tag="t"))

    async with opened(settings) as core:
        found = await messages.get(core, caller, receipt.id)
        assert [("to", ANN, "queued"), ("cc", BOB, "queued"), ("bcc", CAT, "queued")] == [
            (each.role, each.email, each.state) for each in found.deliveries
        ]
        assert (receipt.number, receipt.created_at, "t", SENDER) == (
            found.number,
            found.created_at,
            found.tag,
            found.sender,
        )
        assert ["accepted"] == [each.kind for each in await events.of_message(core, found)]
        assert [(receipt.id, "deliver", "", 0)] == [
            tuple(row) for row in await select(core, "SELECT id, kind, claimed_by, attempts FROM jobs")
        ]


async def test_a_draft_comes_back_as_it_was(core, caller):
    """Everything that was asked for is kept, whether anybody has used it yet or not."""
    asked = draft(
        "Ann Ü <ann@example.com>",
        html="<p>ü</p>",
        headers=(("X-Own", "1"),),
        attachments=(Attachment(filename="a", data=b"1"),),
        reply_to=[BOB],
        variables={"a": [1, {"b": None}]},
        tags=(Tag("k", "v"),),
        metadata={"Key": "v"},
        track_opens=False,
        track_links="html",
        locale="de",
        extra={"word": "1"},
    )
    receipt = await messages.submit(core, caller, asked)
    found = (await messages.get(core, caller, receipt.id)).draft

    bare = tuple(msgspec.structs.replace(each, data=None) for each in asked.content.attachments)
    kept = msgspec.structs.replace(asked.content, attachments=bare)
    assert msgspec.structs.replace(asked, content=kept) == found


async def test_numbers_rise(core, caller):
    """Each message has a number of its own, in the order of the call."""
    receipts = await accepted(core, caller, [draft() for _ in range(3)])

    assert [receipts[0].number + n for n in range(3)] == [each.number for each in receipts]
    assert [0, 1, 2] == [each.position for each in receipts]


async def test_calls_at_once_share_commits_and_stay_apart(core, caller):
    """Fifty calls of two workspaces at once: each has its own message, in its own place."""
    other = await caller_in(core, "other")
    receipts = await asyncio.gather(
        *[messages.submit(core, (caller, other)[n % 2], draft(f"p{n}@example.com")) for n in range(50)]
    )

    assert 50 == len({each.id for each in receipts}) == len({each.number for each in receipts})
    for n, receipt in enumerate(receipts):
        found = await messages.get(core, (caller, other)[n % 2], receipt.id)
        assert [f"p{n}@example.com"] == [each.email for each in found.deliveries]


async def test_a_call_that_goes_away_harms_no_other(core, caller):
    """A client that hangs up in the middle of a shared commit spoils nothing for the others."""
    tasks = [asyncio.create_task(messages.submit(core, caller, draft())) for _ in range(5)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert 4 == sum(isinstance(each, Receipt) for each in results)
    for each in results:
        if isinstance(each, Receipt):
            assert each.id == (await messages.get(core, caller, each.id)).id


async def test_a_call_the_engine_refuses_does_not_spoil_its_commit(core, caller):
    """Of three calls in one commit the one with a value that no engine holds fails alone."""
    bad = draft(send_at=1 << 63)
    results = await asyncio.gather(
        *[messages.submit(core, caller, each) for each in (draft(), bad, draft())], return_exceptions=True
    )

    assert [True, False, True] == [isinstance(each, Receipt) for each in results]
    assert 2 == await count(core, "messages")


SPLIT = "a\r\nBcc: eve@example.com"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (draft(subject=SPLIT), "subject"),
        (draft(subject="a\x00"), "subject"),
        (draft(subject="a\rb"), "subject"),
        (draft(headers=(("X-A", SPLIT),)), "X-A"),
        (draft(headers=(("X-A\r\nBcc", "eve@example.com"),)), "X-A\r\nBcc"),
        (draft(headers=(("Bcc", "eve@example.com"),)), "Bcc"),
        (draft(headers=(("From", "eve@example.com"),)), "From"),
        (draft(headers=(("Content-Type", "text/html"),)), "Content-Type"),
        (draft(headers=(("", "x"),)), ""),
        (draft(tag="a\x00"), "tag"),
        (draft(stream="a\x00"), "tag"),
        (draft(variables={"a": 1 << 70}), "variables"),
    ],
)
async def test_what_breaks_out_of_its_place_is_refused(core, caller, asked, field):
    """Line breaks in a header, headers that are the server's, and values that cannot be kept leave no trace."""
    with pytest.raises(Invalid) as refused:
        await messages.submit_all(core, caller, [draft(), asked])

    assert (field, 0, 0) == (refused.value.field, await count(core, "messages"), await count(core, "jobs"))


async def test_an_unknown_topic_is_refused(core, caller):
    """A recipient's choice must not be passed over, so another workspace's topic is unknown as well."""
    theirs = await topics.create(core, await caller_in(core, "other"), NewTopic(name="News", key="news"))
    for named in ("news", theirs.id):
        with pytest.raises(NotFound, match="topic"):
            await messages.submit(core, caller, draft(topic=named))

    assert 0 == await count(core, "messages")


@pytest.mark.parametrize(
    ("policy", "folk", "states", "dropped"),
    [
        ("record", (ANN, BOB), [(ANN, "suppressed"), (BOB, "queued")], ()),
        ("record", (ANN,), [(ANN, "suppressed")], ()),
        ("drop", (ANN, BOB), [(BOB, "queued")], (ANN,)),
        ("drop", (ANN,), None, ()),
        ("refuse", (ANN, BOB), None, ()),
        ("refuse", (BOB,), [(BOB, "queued")], ()),
        ("record", ("ANN@example.com",), [("ANN@example.com", "suppressed")], ()),
    ],
)
async def test_suppressed_recipients(core, caller, policy, folk, states, dropped):
    """They are recorded, left out, or a reason to refuse, as the draft asks; compared whatever the case."""
    await suppressions.suppress(core, caller, "ANN@example.com")
    asked = draft(*folk, on_suppressed=policy)
    if states is None:
        with pytest.raises(Suppressed) as refused:
            await messages.submit(core, caller, asked)
        assert ((ANN,), 0) == (refused.value.addresses, await count(core, "messages"))
        return

    receipt = await messages.submit(core, caller, asked)
    found = await messages.get(core, caller, receipt.id)
    assert states == [(each.email, each.state) for each in found.deliveries]
    assert dropped == receipt.dropped
    assert any(state == "queued" for _, state in states) == bool(await count(core, "jobs"))


@pytest.mark.parametrize(
    ("entry", "stream", "state"),
    [
        ("", "outbound", "suppressed"),
        ("", "broadcast", "suppressed"),
        ("broadcast", "broadcast", "suppressed"),
        ("broadcast", "outbound", "queued"),
    ],
)
async def test_an_entry_holds_for_its_stream_or_for_all(core, caller, entry, stream, state):
    """An entry without a stream holds for the workspace, one with a stream for that alone."""
    await suppressions.suppress(core, caller, ANN, stream=entry)
    receipt = await messages.submit(core, caller, draft(stream=stream))

    assert [state] == [each.state for each in (await messages.get(core, caller, receipt.id)).deliveries]


async def test_another_workspace_is_not_bound(core, caller):
    """What one workspace must not send, another of the same account may."""
    await suppressions.suppress(core, await caller_in(core, "other"), ANN)
    receipt = await messages.submit(core, caller, draft())

    assert "queued" == messages.standing(await messages.get(core, caller, receipt.id))


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        ("any@trusted.example", None),
        ("Any@Trusted.Example", None),
        ("any@sub.trusted.example", "unknown"),
        ("one@confirmed.example", None),
        ("ONE@confirmed.example", None),
        ("other@confirmed.example", "unknown"),
        ("new@confirmed.example", "unconfirmed"),
        ("x@theirs.example", "unknown"),
    ],
)
async def test_who_may_stand_in_from(settings, sender, kind):
    """Every address at a trusted domain of the account, and every confirmed one; others are told apart."""
    async with opened(msgspec.structs.replace(settings, sender_policy="verified")) as core:
        caller, account = await caller_in(core), await ensure_account(core, "test")
        await domains.trust(core, account.id, "Trusted.example")
        await domains.trust(core, (await ensure_account(core, "others")).id, "theirs.example")
        await senders.put_sender(core, account, "one@confirmed.example", confirmed=True)
        await senders.put_sender(core, account, "new@confirmed.example", confirmed=False)
        asked = draft(sender=party(sender))
        if kind is None:
            await messages.submit(core, caller, asked)
            return

        with pytest.raises(Unverified) as refused:
            await messages.submit(core, caller, asked)
        assert (kind, sender) == (refused.value.kind, refused.value.address)
        trusted = msgspec.structs.replace(asked, sender_trusted=True)
        assert isinstance(await messages.submit(core, caller, trusted), Receipt)


async def test_some_of_a_call_may_be_refused(core, caller):
    """A refusal stands in its draft's place, and the others are kept."""
    await suppressions.suppress(core, caller, ANN)
    asked = [draft(BOB), draft(ANN, on_suppressed="refuse"), draft(CAT)]
    results = await messages.submit_all(core, caller, asked)

    assert [Receipt, Suppressed, Receipt] == [type(each) for each in results]
    assert [0, 2] == [each.position for each in results if isinstance(each, Receipt)]
    assert 2 == await count(core, "messages")


async def test_one_refusal_refuses_a_whole_call(core, caller):
    """Where all or none was asked for, nothing is kept."""
    await suppressions.suppress(core, caller, ANN)
    with pytest.raises(Suppressed):
        await messages.submit_all(core, caller, [draft(BOB), draft(ANN, on_suppressed="refuse")], atomic=True)

    assert [0, 0, 0] == [await count(core, table) for table in ("messages", "jobs", "events")]


async def test_shared_content_is_kept_once(core, caller):
    """What is said to many is stored once with its files, and each message is whole when it is read."""
    said = Content(
        subject="One", html="<p>for all</p>", attachments=(Attachment(filename="a", data=b"1" * 9),)
    )
    asked = [msgspec.structs.replace(draft(to), content=said) for to in (ANN, BOB, CAT)]
    own = draft(ANN, subject="Another")
    results = await messages.submit_all(core, caller, [*asked, own])

    assert [1, 1, 4] == [await count(core, table) for table in ("contents", "attachments", "messages")]
    found = [await messages.get(core, caller, each.id) for each in results if isinstance(each, Receipt)]
    assert ["<p>for all</p>"] * 3 == [each.html for each in found[:3]]
    assert ["One", "One", "One", "Another"] == [each.subject for each in found]
    assert {b"1" * 9} == {(await messages.attachments(core, each, data=True))[0].data for each in found[:3]}


async def test_files_are_kept_apart(core, caller):
    """A message is read and listed without its files' data."""
    data = bytes(range(256)) * 4096
    asked = draft(attachments=(Attachment(filename="a.bin", data=data, content_id="c"),))
    receipt = await messages.submit(core, caller, asked)

    ((size,),) = await select(core, "SELECT length(body) FROM messages")
    assert size < 1000
    found = await messages.get(core, caller, receipt.id)
    (listed,) = await messages.attachments(core, found)
    assert ("a.bin", "c", len(data), None) == (
        listed.filename,
        listed.content_id,
        listed.size_bytes,
        listed.data,
    )
    assert data == (await messages.attachments(core, found, data=True))[0].data


class TestBatch:
    """Messages of one call, under the caller's uid."""

    async def test_a_batch_holds_its_messages(self, core, caller):
        """They are read in their order; refused ones are not counted."""
        await suppressions.suppress(core, caller, ANN)
        asked = [draft(BOB), draft(ANN, on_suppressed="refuse"), draft(CAT)]
        results = await messages.submit_all(core, caller, asked, batch=NewBatch(uid="u"))
        batch = await messages.batch_by_uid(core, caller, "u")

        receipts = [each for each in results if isinstance(each, Receipt)]
        assert [(batch.total, batch.number)] * 2 == [(len(receipts), each.batch_number) for each in receipts]
        kept = [each.id for each in receipts]
        assert kept == [each.id for each in await messages.of_batch(core, batch.id)]
        assert kept[1:] == [each.id for each in await messages.of_batch(core, batch.id, after=kept[0])]
        assert kept[:1] == [each.id for each in await messages.of_batch(core, batch.id, most=1)]

    async def test_a_uid_is_taken_once(self, core, caller):
        """A second call with it meets the first, whatever it asks for, and leaves nothing."""
        await messages.submit_all(core, caller, [draft()], batch=NewBatch(uid="u"))
        with pytest.raises(Conflict) as refused:
            await messages.submit_all(core, caller, [draft(BOB)], batch=NewBatch(uid="u"))

        assert ("batch_taken", "u", 1) == (
            refused.value.kind,
            refused.value.id,
            await count(core, "messages"),
        )

    async def test_of_many_at_once_one_gets_the_uid(self, core, caller):
        """Whoever is first; the others are told, and spoil nothing."""
        results = await asyncio.gather(
            *[messages.submit_all(core, caller, [draft()], batch=NewBatch(uid="u")) for _ in range(10)],
            messages.submit(core, caller, draft()),
            return_exceptions=True,
        )

        assert 9 == sum(isinstance(each, Conflict) for each in results)
        assert (2, 1) == (await count(core, "messages"), await count(core, "batches"))

    async def test_a_uid_is_free_in_other_places(self, core, caller):
        """Another workspace, and another environment, have uids of their own."""
        places = [caller, await caller_in(core, "other"), await caller_in(core, environment="test")]
        for place in places:
            await messages.submit_all(core, place, [draft()], batch=NewBatch(uid="u"))

        assert 3 == len({(await messages.batch_by_uid(core, place, "u")).id for place in places})
        with pytest.raises(NotFound):
            await messages.batch_by_uid(core, await caller_in(core, "other", environment="test"), "u")

    async def test_a_uid_is_free_again_after_a_refusal(self, core, caller):
        """A call of which nothing was accepted has not used its uid."""
        await suppressions.suppress(core, caller, ANN)
        refused = await messages.submit_all(
            core, caller, [draft(ANN, on_suppressed="refuse")], batch=NewBatch(uid="u")
        )
        assert isinstance(refused[0], Refusal)

        await messages.submit_all(core, caller, [draft(BOB)], batch=NewBatch(uid="u"))
        assert 1 == (await messages.batch_by_uid(core, caller, "u")).total
