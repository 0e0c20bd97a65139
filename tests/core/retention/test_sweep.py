"""Retention: what is too old is forgotten, in portions that can be broken off; what is still to be sent never is."""

import asyncio
import re
from importlib import resources

import msgspec
import pytest

from core import accounts, events, ids, messages, retention, suppressions
from core.clock import DAY, SECOND
from core.errors import NotFound
from core.messages import Attachment, Content, NewBatch
from core.retention import letters, sweep
from core.store.migrate import steps
from tests.core.post import (
    accepted,
    alter,
    caller_in,
    count,
    draft,
    party,
    select,
)

FILE = Attachment(filename="a.txt", content_type="text/plain", data=b"secret file")


async def aged(post, days, **ages):
    """Let days pass under these ages and sweep; what was gone through, by series."""
    object.__setattr__(post.core, "policy", msgspec.structs.replace(post.core.policy, **ages))
    post.clock.pass_s(days * DAY // SECOND)
    return await retention.run(post.core)


async def test_what_was_said_goes_first(post):
    """The bodies, the files and the variables are gone; who, when, the subject and the story stay."""
    key = await post.send(draft(html="<p>secret</p>", attachments=(FILE,), metadata={"order": "1"}))
    assert {} == await aged(post, 44)
    assert b"secret file" == (await select(post.core, "SELECT data FROM attachments"))[0][0]
    assert {"bodies (live)": 1} == await aged(post, 2)

    message = await post.message(key)
    assert (None, None) == (message.html, message.text)
    assert ("Hello", ["delivered"]) == (message.shown_subject, await post.states(key))
    assert {"order": "1"} == message.draft.metadata
    (file,) = await messages.attachments(post.core, message, data=True)
    assert ("a.txt", 11, None) == (file.filename, file.size_bytes, file.data)
    assert ["accepted", "sent", "delivered"] == [
        each.kind for each in await events.of_message(post.core, message)
    ]
    source = await messages.source(post.core, message)
    assert b"Subject: Hello" in source
    assert b"secret" not in source
    assert {} == await retention.run(post.core)


async def test_a_template_keeps_its_subject(post):
    """What it became is emptied like any other body; the variables that filled it are gone."""
    said = {"subject": "Hi {{ name }}", "html": "<p>{{ name }}</p>", "syntax": "twig"}
    key = await post.send(draft(**said, variables={"name": "Zoe"}))
    assert ("Hi Zoe", "<p>Zoe</p>") == (
        (await post.message(key)).shown_subject,
        (await post.message(key)).html,
    )
    await aged(post, 46)
    message = await post.message(key)
    assert ("Hi Zoe", None, {}) == (message.shown_subject, message.html, message.draft.variables)


async def test_events_go_and_the_states_stay(post):
    """How each recipient stands is told without them."""
    key = await post.send(draft())
    done = await aged(post, 8, keep_events_days=7)
    assert {"events (live)": 1} == done
    assert 0 == await count(post.core, "events")
    assert ["delivered"] == await post.states(key)


async def test_messages_go_with_everything(post):
    """No row of theirs is left, in no table."""
    shared = Content(subject="All", text="secret", attachments=(FILE,))
    together = [msgspec.structs.replace(draft(f"p{n}@example.com"), content=shared) for n in range(3)]
    await accepted(post.core, post.caller, together, batch=NewBatch(uid="b"))
    key = await post.send(draft(attachments=(FILE,)))
    assert 1 == await count(post.core, "contents")
    done = await aged(post, 11, keep_messages_days=10)

    assert {"messages (live)": 4} == done
    for table in ("messages", "deliveries", "events", "attachments", "contents", "batches", "renderings"):
        assert 0 == await count(post.core, table), table
    with pytest.raises(NotFound):
        await post.message(key)


async def test_what_is_still_to_be_sent_is_left_alone(post):
    """A message may be scheduled for later than its age; it leaves whole, and is forgotten by the next sweep."""
    far = post.core.clock.now() + 60 * DAY
    shared = Content(subject="All", text="secret words", attachments=(FILE,))
    pair = [
        msgspec.structs.replace(draft("now@example.com"), content=shared),
        msgspec.structs.replace(draft("later@example.com"), content=shared, send_at=far),
        draft("own@example.com", text="secret words", send_at=far),
    ]
    first, second, third = await accepted(post.core, post.caller, pair)
    await post.settle()
    assert {"bodies (live)": 3} == await aged(post, 50)
    assert "secret words" == (await post.message(first.id)).text
    assert {} == await aged(post, 1)

    await post.later(10 * DAY // SECOND)
    assert ["now@example.com", "own@example.com", "later@example.com"] == [
        post.sink.messages[0].rcpt_to[0],
        *sorted((each.rcpt_to[0] for each in post.sink.messages[1:]), reverse=True),
    ]
    assert all(b"secret words" in each.content for each in post.sink.messages)
    assert {"bodies (live)": 2} == await retention.run(post.core)
    assert [None] * 3 == [(await post.message(each.id)).text for each in (first, second, third)]
    assert 0 == await count(post.core, "retention_waiting")


async def test_a_message_that_waited_goes_whole_too(post):
    """What was old enough to be forgotten, but waited, is forgotten once it was sent."""
    far = post.core.clock.now() + 60 * DAY
    await messages.submit(post.core, post.caller, draft(send_at=far))
    await aged(post, 50, keep_messages_days=10)
    assert 1 == await count(post.core, "messages")
    await post.later(11 * DAY // SECOND)
    await retention.run(post.core)
    assert 0 == await count(post.core, "messages")
    assert 0 == await count(post.core, "retention_waiting")


async def test_bounces_and_sightings_go_with_the_events(post):
    """A bounce goes after its own days, its letter before that; opens and clicks with their message's events."""
    post.sink.replies["example.com"] = "550 5.1.1 nobody here"
    await post.send(draft())
    (number,) = (await select(post.core, "SELECT number FROM bounces"))[0]
    await alter(post.core, "INSERT INTO bounce_dumps (number, body) VALUES (:n, :body)", n=number, body=b"a")
    assert {"bodies (live)": 1, "reports (live)": 1} == await aged(post, 46)
    assert (1, 0) == (await count(post.core, "bounces"), await count(post.core, "bounce_dumps"))
    await alter(
        post.core,
        "INSERT INTO sightings (message_id, position, kind, link, event_id, workspace_id, environment)"
        " SELECT id, 0, 'opened', '', id, workspace_id, environment FROM messages",
    )
    assert 1 == await count(post.core, "sightings")
    await aged(post, 1, keep_events_days=40)
    assert [0, 0, 0, 1] == [
        await count(post.core, table) for table in ("bounces", "sightings", "events", "messages")
    ]


async def own_days(core, caller, days):
    """Give a workspace an age of its own for its bodies."""

    def change(held):
        return msgspec.structs.replace(held, keep_bodies_days=days)

    await accounts.settle(core, caller.workspace_id, change)


async def test_a_workspace_has_ages_of_its_own(post):
    """Longer, shorter, or for ever; others have the installation's."""
    own, ever = await caller_in(post.core, "own"), await caller_in(post.core, "ever")
    for caller, days in ((own, 3), (ever, 0)):
        await own_days(post.core, caller, days)
    callers = (post.caller, own, ever)
    keys = [(await messages.submit(post.core, caller, draft())).id for caller in callers]
    await post.settle()
    assert {"bodies (live)": 1} == await aged(post, 4)
    assert {"bodies (live)": 1} == await aged(post, 42)
    found = [await messages.get(post.core, caller, key) for caller, key in zip(callers, keys, strict=True)]
    assert [None, None, "Hello, you."] == [each.text for each in found]


async def test_a_sweep_that_is_broken_off_goes_on(post, monkeypatch):
    """Whatever ends it, what was done is done, and the rest is found by the next."""
    monkeypatch.setattr(sweep, "_PORTION", 10)
    await accepted(post.core, post.caller, [draft(f"p{n}@example.com") for n in range(35)])
    await post.settle()
    post.clock.pass_s(46 * DAY // SECOND)
    assert {"bodies (live)": 35} == await retention.backlog(post.core)

    def tell(name, entries):
        assert ("bodies (live)", 10) == (name, entries)
        task.cancel()

    task = asyncio.create_task(retention.run(post.core, tell))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert {"bodies (live)": 25} == await retention.backlog(post.core)
    assert {"bodies (live)": 25} == await retention.run(post.core)
    assert {} == await retention.backlog(post.core)


async def test_a_large_message_is_a_portion_of_its_own(post, monkeypatch):
    """No commit lets go of more than so many bytes, but for a single message."""
    monkeypatch.setattr(sweep, "_PORTION_BYTES", 10_000)
    big = Attachment(filename="b", data=b"x" * 20_000)
    drafts = [draft(), draft(attachments=(big,)), draft(attachments=(big,)), draft()]
    await accepted(post.core, post.caller, drafts)
    await post.settle()
    post.clock.pass_s(46 * DAY // SECOND)
    portions = []
    await retention.run(post.core, lambda _, entries: portions.append(entries))
    assert [1, 1, 1, 1] == portions


async def test_what_cannot_be_read_does_not_stop_the_others(post):
    """A broken row keeps its place until its message is forgotten."""
    receipts = await accepted(post.core, post.caller, [draft(), draft()])
    await post.settle()
    await alter(post.core, "UPDATE messages SET body = :body WHERE id = :id", body=b"\xc1", id=receipts[0].id)
    await aged(post, 46)
    assert (await post.message(receipts[1].id)).text is None
    assert b"\xc1" == (await select(post.core, "SELECT body FROM messages ORDER BY id"))[0][0]
    await aged(post, 1, keep_messages_days=40)
    assert 0 == await count(post.core, "messages")


async def test_two_at_once_do_no_harm(post, monkeypatch):
    """A command beside a worker: both end, everything is forgotten."""
    monkeypatch.setattr(sweep, "_PORTION", 5)
    await accepted(post.core, post.caller, [draft() for _ in range(30)])
    await post.settle()
    post.clock.pass_s(400 * DAY // SECOND)
    await asyncio.gather(retention.run(post.core), retention.run(post.core))
    assert 0 == await count(post.core, "messages")
    assert {} == await retention.run(post.core)


async def test_every_environment_is_gone_through(core):
    """Mail of test keys grows old like any other."""
    for environment in ("live", "test"):
        caller = await caller_in(core, environment=environment)
        await messages.submit(core, caller, draft())
    await alter(core, "DELETE FROM jobs")
    core.clock.pass_s(46 * DAY // SECOND)
    assert {"bodies (live)": 1, "bodies (test)": 1} == await retention.run(core)


def test_a_draft_is_emptied_of_what_was_said():
    """And of nothing else."""
    whole = draft(html="<p>a</p>", css="p {}", headers=(("X-A", "b"),), variables={"a": 1}, tag="t")
    bare = letters.stripped(whole)
    assert (None, None, "", {}) == (bare.content.html, bare.content.text, bare.content.css, bare.variables)
    assert (("X-A", "b"),) == bare.content.headers
    assert ("t", party("ann@example.com")) == (bare.tag, bare.to[0])


async def test_settings_changed_at_once_are_all_kept(core, caller):
    """Two owners who change different things at the same moment both get what they want."""

    def bodies(held):
        return msgspec.structs.replace(held, keep_bodies_days=3)

    def sender(held):
        return msgspec.structs.replace(held, default_sender="a@example.com")

    await asyncio.gather(*(accounts.settle(core, caller.workspace_id, each) for each in (bodies, sender)))
    place = await accounts.workspace(core, caller.workspace_id)
    assert place is not None
    assert (3, "a@example.com") == (place.settings.keep_bodies_days, place.settings.default_sender)
    with pytest.raises(NotFound):
        await accounts.settle(core, "nobody", bodies)


async def test_mail_that_came_in_grows_old_too(post):
    """First what it says, with its files and source, then what happened to it, then the letter."""
    key = ids.floor(post.core.clock.now())
    insert = (
        "INSERT INTO inbound VALUES (:id, :workspace, 'processed', '', 'a@b.example', 'in@b.example', '', '', 's', '',"
        " 10, 5, :head, :body)"
    )
    await alter(
        post.core, insert, id=key, workspace=post.caller.workspace_id, head=b"\x80", body=b"\x81\xa4text\xa1x"
    )
    await alter(post.core, "INSERT INTO inbound_sources VALUES (:id, :body, :body)", id=key, body=b"x")
    await alter(post.core, "INSERT INTO inbound_files VALUES (:id, 0, :body)", id=key, body=b"x")
    assert {"inbound bodies": 1} == await aged(post, 46)
    assert [0, 0, 1] == [
        await count(post.core, table) for table in ("inbound_sources", "inbound_files", "inbound")
    ]
    assert b"\x80" == (await select(post.core, "SELECT body FROM inbound"))[0][0]
    await aged(post, 1, keep_messages_days=40)
    assert 0 == await count(post.core, "inbound")


async def test_that_something_was_decided_is_forgotten(post):
    """The change goes with the events, the suppression that it led to stays."""
    await suppressions.suppress(post.core, post.caller, "a@b.example")
    assert 1 == await count(post.core, "subscription_changes")
    assert {"subscription changes": 1} == await aged(post, 366)
    assert (0, 1) == (await count(post.core, "subscription_changes"), await count(post.core, "suppressions"))


# what has no age of its own: what holds until it is undone, and what goes with a row of another table
KEPT = {"suppressions"}


def test_every_table_of_messages_is_gone_through():
    """Whatever table is added for a message's sake has a statement that forgets its rows."""
    folder = resources.files("core.store") / "queries"
    forgets = "".join((folder / f"{name}.sql").read_text() for name in ("retention", "removals", "messages"))
    tables = {
        name
        for step in steps()
        for name, columns in re.findall(
            r"CREATE TABLE (\w+) \((.*?)\)\s*(?:/\*.*?\*/)?;", step.text, re.DOTALL
        )
        if "message_id " in columns
    }
    assert {"deliveries", "events", "sightings"} <= tables
    forgotten = set(re.findall(r"DELETE FROM (\w+)", forgets))
    assert set() == tables - KEPT - forgotten
