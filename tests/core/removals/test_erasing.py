"""Forgetting a person: nothing in the store names them afterwards, mail to them stays blocked, others keep theirs."""

import asyncio
import re

import msgspec
import pytest

from core import contacts, events, messages, removals, suppressions, topics, veils
from core.clock import DAY
from core.core import Caller
from core.errors import NotFound, Suppressed
from core.messages import Attachment, Content, standing
from core.removals import erasing, letters
from core.store.migrate import steps
from tests.core.post import ANN, BOB, alter, caller_in, count, draft, select

# how nobody else's name would stand in the store
ZOE = "Zoe.Quill@example.com"
MARKS = ("zoe", "quill")
TABLES = sorted({name for step in steps() for name in re.findall(r"CREATE TABLE (\w+)", step.text)})


async def named(core):
    """The tables in which the person can still be read."""
    found = []
    for table in TABLES:
        for row in await select(core, f"SELECT * FROM {table}"):  # noqa: S608  # our own names
            text = b"\n".join(
                each if isinstance(each, bytes) else str(each).encode() for each in tuple(row)
            ).lower()
            if any(mark.encode() in text for mark in MARKS):
                found.append(table)
    return sorted(set(found))


async def erase(core, caller, email=ZOE):
    """Ask for it, and see it done."""
    removal = await removals.request(core, caller, email)
    assert "pending" == removal.state
    await removals.run(core)
    return await removals.get(core, caller, removal.number)


async def arrived(core, caller, sender, id="0190a0a0-0000-7000-8000-000000000001"):
    """A letter that came in."""
    await alter(
        core,
        "INSERT INTO inbound VALUES (:id, :workspace, 'processed', '', :sender, 'in@example.org', '', '', 'From Zoe', "
        "'', 10, 5, :body, :body)",
        id=id, workspace=caller.workspace_id, sender=sender.lower(), body=b"\x80zoe",
    )  # fmt: skip
    await alter(core, "INSERT INTO inbound_sources VALUES (:id, :body, :body)", id=id, body=b"zoe")
    await alter(core, "INSERT INTO inbound_files VALUES (:id, 0, :body)", id=id, body=b"zoe")


async def test_nothing_names_the_person_afterwards(post):
    """Mail to them, contacts, bounces, what they did, what they sent: all of it."""
    core, caller = post.core, post.caller
    post.sink.replies[ZOE] = "550 5.1.1 <Zoe.Quill@example.com> unknown"
    shared = Content(subject="Shared", text="for all", syntax="twig", html="<p>{{ n }}</p>")
    await post.send(
        draft(
            f"Zoe Quill <{ZOE}>", subject="Dear Zoe", text="Dear Zoe", metadata={"who": "zoe"}, tag="news",
            attachments=(Attachment(filename="zoe.txt", data=b"zoe"),), headers=(("X-Who", "zoe"),),
        )
    )  # fmt: skip
    await messages.submit_all(
        core, caller,
        [msgspec.structs.replace(draft(each), content=shared, variables={"n": each}) for each in (ZOE, BOB)],
    )  # fmt: skip
    both = await post.send(draft(BOB, f"Zoe <{ZOE}>", subject="To both"))
    await contacts.save(core, caller, "people", contacts.Change(email=ZOE, properties={"name": "Zoe"}))
    await arrived(core, caller, ZOE)
    assert 1 == await count(core, "bounces")
    (number,) = (await select(core, "SELECT min(number) FROM bounces"))[0]
    await alter(core, "INSERT INTO bounce_dumps (number, body) VALUES (:n, :body)", n=number, body=b"to zoe")
    before = await named(core)
    assert {"bounces", "contacts", "deliveries", "inbound", "messages", "suppressions"} <= set(before)

    done = await erase(core, caller)
    assert [] == await named(core)
    assert ("done", "") == (done.state, done.email)
    assert done.erased >= 7
    assert "To both" == (await post.message(both)).subject
    assert BOB == (await post.message(both)).deliveries[0].email


async def test_what_is_left_can_be_read(post):
    """A forgotten message says that it was sent and when, and nothing else."""
    key = await post.send(draft(ZOE, subject="Dear Zoe", metadata={"a": "b"}))
    await erase(post.core, post.caller)
    message = await post.message(key)
    assert ("", None, {}) == (message.shown_subject, message.text, message.draft.metadata)
    assert "erased@erased.invalid" == message.deliveries[0].email == message.draft.to[0].email
    assert "delivered" == standing(message)
    assert ["accepted", "sent", "delivered"] == [
        each.kind for each in await events.of_message(post.core, message)
    ]
    assert b"Zoe" not in await messages.source(post.core, message)


async def test_mail_of_others_is_left_whole(post):
    """Whoever was written to together with the person keeps everything but the address."""
    key = await post.send(draft(ANN, ZOE, cc=(BOB,), subject="All of you", metadata={"a": "b"}))
    other = await post.send(draft(BOB))
    await erase(post.core, post.caller)
    message = await post.message(key)
    assert [ANN, "erased@erased.invalid", BOB] == [each.email for each in message.deliveries]
    assert ("All of you", "Hello, you.", {"a": "b"}) == (
        message.subject,
        message.text,
        message.draft.metadata,
    )
    assert [ANN, "erased@erased.invalid"] == [each.email for each in message.draft.to]
    assert "Hello, you." == (await post.message(other)).text


@pytest.mark.parametrize("stream", ["", "outbound"])
async def test_mail_to_the_person_stays_blocked(post, stream):
    """As it was: whole or on a stream, at acceptance and later, until the customer allows it again."""
    core, caller = post.core, post.caller
    await suppressions.suppress(core, caller, ZOE, reason="hard_bounce", origin="recipient", stream=stream)
    await erase(core, caller)
    assert [] == await suppressions.of_workspace(core, caller)
    key = await post.send(draft(ZOE, BOB))
    assert ["suppressed", "delivered"] == await post.states(key)
    with pytest.raises(Suppressed):
        await messages.submit(core, caller, draft(ZOE, on_suppressed="refuse"))
    if stream:
        other = await post.send(draft(ZOE, stream="other"))
        assert ["delivered"] == await post.states(other)
    await suppressions.release(core, caller, ZOE, stream=stream)
    assert ["delivered"] == await post.states(await post.send(draft(ZOE)))


async def test_who_is_forgotten_meanwhile_gets_nothing(post):
    """Mail that was accepted before somebody was blocked is held back though only the hash is left."""
    core, caller = post.core, post.caller
    receipt = await messages.submit(core, caller, draft(ZOE, BOB, send_at=core.clock.now() + DAY))
    await alter(
        core,
        "INSERT INTO veils VALUES (:hash, :workspace, '', 'manual', 'customer', 5)",
        hash=veils.veil(core.signer, ZOE.lower()),
        workspace=caller.workspace_id,
    )
    await post.later(2 * 24 * 3600)
    assert ["suppressed", "delivered"] == await post.states(receipt.id)


async def test_others_are_not_blocked_by_it(post):
    """Neither other people nor other workspaces."""
    await suppressions.suppress(post.core, post.caller, ZOE)
    await erase(post.core, post.caller)
    assert ["delivered"] == await post.states(await post.send(draft(BOB)))
    other = await caller_in(post.core, "other")
    receipt = await messages.submit(post.core, other, draft(ZOE))
    await post.settle()
    assert "delivered" == standing(await messages.get(post.core, other, receipt.id))


async def test_who_left_a_topic_stays_out(post):
    """A choice is kept like a suppression, for its topic alone."""
    news = await topics.create(post.core, post.caller, topics.NewTopic(name="News", key="news"))
    offers = await topics.create(post.core, post.caller, topics.NewTopic(name="Offers", key="offers"))
    await topics.choose(post.core, post.caller, news, ZOE, "opt_out")
    await erase(post.core, post.caller)
    assert [] == await named(post.core)
    assert ["suppressed"] == await post.states(await post.send(draft(ZOE, topic="news")))
    assert ["delivered"] == await post.states(await post.send(draft(ZOE, topic=offers.id)))
    assert ["delivered"] == await post.states(await post.send(draft(ZOE)))


async def test_what_waits_is_called_off(post):
    """Mail to the person alone is not sent any longer; others get theirs, which names nobody in that place."""
    at = post.core.clock.now() + DAY
    alone = await messages.submit(post.core, post.caller, draft(ZOE, send_at=at))
    both = await messages.submit(post.core, post.caller, draft(ZOE, BOB, send_at=at))
    await erase(post.core, post.caller)
    assert [] == await named(post.core)
    assert "canceled" == standing(await post.message(alone.id))
    assert ("canceled", -1) == (await post.events(alone.id))[-1]
    await post.later(2 * 24 * 3600)
    assert [(BOB,)] == post.taken()
    assert ["canceled", "delivered"] == await post.states(both.id)
    assert b"zoe" not in post.sink.messages[0].content.lower()


async def test_what_waits_in_parts_is_called_off_too(post):
    """A message for several destinations has a job for each; one that only this person is left in goes."""
    core, caller = post.core, post.caller
    receipt = await messages.submit(core, caller, draft(ZOE, send_at=core.clock.now() + DAY))
    await alter(core, "UPDATE jobs SET id = id || '/example.com', destination = 'example.com'")
    await erase(core, caller)
    assert 0 == await count(core, "jobs")
    assert "canceled" == standing(await post.message(receipt.id))
    both = await messages.submit(core, caller, draft(ZOE, BOB, send_at=core.clock.now() + DAY))
    await alter(core, "UPDATE jobs SET id = id || '/example.com', claimed_by = 'somebody'")
    removal = await removals.request(core, caller, ZOE)
    assert not await removals.carry_out(core, removal)
    assert (await post.message(both.id)).deliveries[0].email == ZOE
    await alter(core, "UPDATE jobs SET claimed_by = ''")
    assert await removals.carry_out(core, removal)
    assert [] == await named(core)


async def test_what_is_being_sent_is_looked_at_again(post):
    """A worker has it in hand: the removal waits for it, and is done by the next run."""
    post.sink.delays["data"] = 0.5
    receipt = await messages.submit(post.core, post.caller, draft(ZOE))
    async with asyncio.timeout(20):
        while not (await select(post.core, "SELECT count(*) FROM jobs WHERE claimed_by <> ''"))[0][0]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    removal = await removals.request(post.core, post.caller, ZOE)
    assert not await removals.carry_out(post.core, removal)
    assert "pending" == (await removals.get(post.core, post.caller, removal.number)).state
    await post.settle()
    await removals.run(post.core)
    assert "done" == (await removals.get(post.core, post.caller, removal.number)).state
    assert [] == await named(post.core)
    assert "delivered" == standing(await post.message(receipt.id))


async def test_what_is_broken_off_is_done_by_the_next(post, monkeypatch):
    """Wherever it ends: what is left is found again, and counted once."""
    monkeypatch.setattr(erasing, "_PORTION", 3)
    await messages.submit_all(post.core, post.caller, [draft(ZOE) for _ in range(10)])
    await post.settle()
    removal = await removals.request(post.core, post.caller, ZOE)
    assert 10 == await removals.extent(post.core, removal)
    done = []

    def tell(entries):
        done.append(entries)
        if sum(done) == 6:
            task.cancel()

    task = asyncio.create_task(removals.carry_out(post.core, removal, tell))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 4 == await removals.extent(post.core, removal)
    await removals.run(post.core)
    assert ("done", 10) == _told(await removals.get(post.core, post.caller, removal.number))
    assert [] == await named(post.core)


def _told(removal):
    return (removal.state, removal.erased)


async def test_where_it_reaches(post):
    """A workspace's request stays in it, an account's goes through all of them, and nobody sees another's."""
    core, caller = post.core, post.caller
    second = await caller_in(core, "second")
    foreign = await caller_in(core, "foreign", account="foreign")
    keys = {}
    for each in (caller, second, foreign):
        keys[each.workspace_id] = (await messages.submit(core, each, draft(ZOE))).id
    await post.settle()

    async def texts():
        return [
            (await messages.get(core, each, keys[each.workspace_id])).text
            for each in (caller, second, foreign)
        ]

    done = await erase(core, caller)
    assert [None, "Hello, you.", "Hello, you."] == await texts()
    whole = Caller(account_id=caller.account_id)
    await erase(core, whole)
    assert [None, None, "Hello, you."] == await texts()
    assert done == await removals.get(core, whole, done.number)
    for stranger in (second, foreign, Caller(account_id=foreign.account_id)):
        with pytest.raises(NotFound):
            await removals.get(core, stranger, done.number)


async def test_what_was_said_to_several_goes_with_the_last_of_them(post):
    """Messages may share what they say and their files: while somebody else has it it stays, and then no longer."""
    shared = Content(subject="All", text="said", attachments=(Attachment(filename="a.txt", data=b"said"),))
    drafts = [msgspec.structs.replace(draft(each), content=shared) for each in (ZOE, BOB)]
    await messages.submit_all(post.core, post.caller, drafts)
    await post.settle()  # what is being sent at the moment waits for a later run
    tables = ("contents", "attachments")
    assert [1, 1] == [await count(post.core, each) for each in tables]
    await erase(post.core, post.caller)
    assert [1, 1] == [await count(post.core, each) for each in tables]
    await erase(post.core, post.caller, BOB)
    assert [0, 0] == [await count(post.core, each) for each in tables]


async def test_the_name_of_the_forgotten_is_nobody(post):
    """To ask for it ends, though there are rows that bear it."""
    await suppressions.suppress(post.core, post.caller, ZOE)
    await erase(post.core, post.caller)
    assert 1 == await count(post.core, "subscription_changes")
    async with asyncio.timeout(20):
        done = await erase(post.core, post.caller, letters.NOBODY.email)
    assert "done" == done.state


async def test_what_comes_later_is_kept(post):
    """A removal is about what there was when it was asked for."""
    removal = await removals.request(post.core, post.caller, ZOE)
    key = await post.send(draft(ZOE))
    await removals.carry_out(post.core, removal)
    assert "Hello, you." == (await post.message(key)).text


async def test_a_message_that_cannot_be_read_is_emptied_too(post):
    """A broken row keeps nobody from being forgotten."""
    key = await post.send(draft(ZOE, subject="Dear Zoe"))
    await alter(post.core, "UPDATE messages SET body = :body WHERE id = :id", body=b"\xc1zoe", id=key)
    assert "done" == (await erase(post.core, post.caller)).state
    assert [] == await named(post.core)
    assert "" == (await post.message(key)).subject


async def test_a_message_of_several_jobs_is_called_off_with_all_of_them(core, caller):
    """Mail to several destinations has a job for each; one that is being sent at this moment waits."""
    receipt = await messages.submit(core, caller, draft(ZOE))
    for part in ("one.example", "two.example"):
        await alter(
            core,
            "INSERT INTO jobs (id, kind, run_at, claimed_by, attempts, size_bytes, last_error, destination) "
            "SELECT id || '/' || :part, kind, run_at, :hands, 0, 0, '', :part FROM jobs WHERE length(id) = 36",
            part=part,
            hands="w" if part == "two.example" else "",
        )
    await alter(core, "DELETE FROM jobs WHERE length(id) = 36")
    removal = await removals.request(core, caller, ZOE)
    await removals.run(core)
    assert 2 == await count(core, "jobs")
    assert ZOE == (await messages.get(core, caller, receipt.id)).deliveries[0].email
    await alter(core, "UPDATE jobs SET claimed_by = ''")
    await removals.run(core)
    assert 0 == await count(core, "jobs")
    assert "done" == (await removals.get(core, caller, removal.number)).state
