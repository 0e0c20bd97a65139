"""Everything that happens is told, whole: with what a dialect may have to say about it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import msgspec
import pytest

from core import (
    contacts,
    domains,
    inbound,
    messages,
    optout,
    removals,
    subscriptions,
    suppressions,
    topics,
)
from core.clock import DAY
from core.messages import Rehearsal
from core.store.statements import Query, statement
from core.topics import NewTopic, TopicChange
from core.webhooks import KINDS
from gateway.assemble import working
from gateway.serving import running
from tests.core.post import ANN, BOB, alter, draft, letter_in, select

_LEFT = Query(statement("left", "SELECT id FROM outbox"), {})
_BROKEN = Query(statement("broken", "DELETE FROM nowhere"), {})


@asynccontextmanager
async def at_work(town, settings, monkeypatch) -> AsyncIterator[None]:
    """A whole worker, which delivers and tells in the tests' words."""
    monkeypatch.setattr("gateway.assemble.discover", lambda: {"one": SimpleNamespace(webhooks=town.plain)})
    changed = msgspec.structs.replace(settings, allow_private_targets=True)
    async with working(town.core, changed) as worker, running(worker):
        yield


async def seen(town, *kinds):
    """The happenings of these kinds, once there is one of each; in the kinds' order."""

    async def are_all():
        return set(kinds) <= {each.kind for each in town.plain.seen}

    await town.until(are_all)
    return [next(each for each in town.plain.seen if each.kind == kind) for kind in kinds]


async def test_mail(town, settings, monkeypatch):
    """A bounce has its delivery, its record and what followed from it; others have their event."""
    await town.hook(kinds=tuple(KINDS))
    rehearsals = {ANN: Rehearsal(outcome="bounce", kind="hard", suppress=True)}
    async with at_work(town, settings, monkeypatch):
        sent = await messages.submit(
            town.core, town.caller, draft(ANN, BOB, rehearsals=rehearsals, tag="t", html="<p>long</p>")
        )
        accepted, bounced, delivered, added = await seen(
            town, "accepted", "bounced", "delivered", "suppression_added"
        )

    assert {sent.id} == {each.message.id for each in (accepted, bounced, delivered, added)}
    assert (None, "accepted", "t") == (accepted.delivery, accepted.event.kind, accepted.message.tag)
    assert (ANN, True, ANN) == (bounced.delivery.email, bounced.bounce.suppresses, bounced.bounce.email)
    assert (BOB, None) == (delivered.delivery.email, delivered.bounce)
    assert (ANN, "hard_bounce", ANN) == (added.change.email, added.change.reason, added.delivery.email)
    assert ("test", "test", None) == (accepted.workspace.name, accepted.account, accepted.message.html)


@pytest.mark.usefixtures("teller")
async def test_suppressions_and_topics(town):
    """Each change once, as it was then."""
    core, caller = town.core, town.caller
    await town.hook(kinds=tuple(KINDS))
    await suppressions.suppress(core, caller, BOB)
    await suppressions.suppress(core, caller, BOB)
    await suppressions.release(core, caller, BOB)
    topic = await topics.create(core, caller, NewTopic(name="News"))
    await topics.choose(core, caller, topic, BOB, "opt_out")
    changed = await topics.update(core, caller, topic.id, TopicChange(name="Olds"))
    await topics.delete(core, caller, topic.id)

    added, removed, choice = await seen(town, "suppression_added", "suppression_removed", "topic_choice")
    made, updated, deleted = await seen(town, "topic_created", "topic_updated", "topic_deleted")

    assert 6 == len(town.plain.seen)
    assert [True, False, True] == [each.change.suppress for each in (added, removed, choice)]
    assert topic.id == choice.change.topic_id
    assert [topic, changed, changed] == [each.topic for each in (made, updated, deleted)]


@pytest.mark.usefixtures("teller")
async def test_contacts_and_domains(town):
    """With their segment, and with the records to publish."""
    core, caller = town.core, town.caller
    await town.hook(kinds=tuple(KINDS))
    contact = await contacts.save(core, caller, "app", contacts.Change(email=BOB))
    await contacts.save(core, caller, "app", contacts.Change(email=BOB, properties={"a": "b"}))
    await contacts.delete(core, caller, "app", BOB)
    await domains.add(core, caller.account_id, domains.Draft(name="new.example"))
    await domains.trust(core, caller.account_id, "trusted.example")
    await domains.remove(core, caller.account_id, "new.example")

    made, updated, deleted = await seen(town, "contact_created", "contact_updated", "contact_deleted")
    (gone,) = await seen(town, "domain_deleted")
    created = [each for each in town.plain.seen if each.kind == "domain_created"]

    assert [contact.id] * 3 == [each.contact.id for each in (made, updated, deleted)]
    assert ({"a": "b"}, True) == (deleted.contact.properties, bool(made.segment_id))
    assert ["new.example", "trusted.example"] == [each.domain.name for each in created]
    assert ("new.example", ()) == (gone.domain.name, gone.records)


@pytest.mark.usefixtures("teller")
async def test_a_recipient_leaves_and_comes_back(town):
    """Whoever says so by a letter's link is told of as a contact too, in each segment; saying it again is no news."""
    core, caller = town.core, town.caller
    await town.hook(kinds=("contact_updated",))
    made = [await contacts.save(core, caller, each, contacts.Change(email=ANN)) for each in ("a", "b")]
    await contacts.save(core, caller, "a", contacts.Change(email=BOB))
    (id,) = await town.happen()
    message = await messages.get(core, caller, id)
    link = optout.of(message, message.deliveries[0])
    for decide in (subscriptions.leave, subscriptions.leave_all, subscriptions.rejoin):
        await decide(core, link)

    async def are_told():
        return 4 == len(town.plain.seen)

    await town.until(are_told)
    told = [(each.contact.id, each.contact.status) for each in town.plain.seen]
    assert [*((each.id, "unsubscribed") for each in made), *((each.id, "confirmed") for each in made)] == told
    assert 2 == len({each.segment_id for each in town.plain.seen})


@pytest.mark.usefixtures("teller")
async def test_what_an_erasure_calls_off(town):
    """A message that waits for somebody who is forgotten is told to be called off, and names nobody."""
    core, caller = town.core, town.caller
    await town.hook(kinds=("canceled",))
    later = core.clock.now() + DAY
    sent = await messages.submit(core, caller, draft(ANN, send_at=later, subject="Dear Ann"))
    await removals.request(core, caller, ANN)
    await removals.run(core)

    (told,) = await seen(town, "canceled")

    assert (sent.id, "canceled", "") == (told.message.id, told.message.state, told.message.subject)


RAW = (
    b"From: bob@example.com\r\nSubject: hi\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\nContent-Type: image/png; name=a.png\r\n"
    b"Content-Disposition: attachment; filename=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--b--\r\n"
)


@pytest.mark.parametrize(
    ("includes", "files", "has_source"), [((), (), False), (("files", "source"), (b"\x89PNG",), True)]
)
@pytest.mark.usefixtures("teller")
async def test_letters_that_came_in(town, includes, files, has_source):
    """With their files and source, where the webhook includes them; they are processed once they were told."""
    hook = await town.hook(kinds=("received",), includes=includes)
    letter = await letter_in(town.core, town.caller, RAW)
    assert "queued" == letter.state

    (received,) = await seen(town, "received")
    await town.state(hook, "success")

    assert ("hi", files, has_source) == (received.inbound.subject, received.files, bool(received.source))
    assert "processed" == (await inbound.get(town.core, town.caller, letter.id)).state


@pytest.mark.usefixtures("teller")
async def test_a_letter_that_nobody_takes_has_failed(town):
    """And can be told again."""
    town.plain.said = msgspec.structs.replace(town.plain.said, delays_s=())
    hook = await town.hook(kinds=("received",), url="http://127.0.0.1:1/")
    letter = await letter_in(town.core, town.caller, RAW)
    await town.state(hook, "failed")
    assert "failed" == (await inbound.get(town.core, town.caller, letter.id)).state

    await inbound.retry(town.core, town.caller, letter.id)

    await town.state(hook, "failed", 2)


@pytest.mark.usefixtures("teller")
async def test_what_is_gone_is_left_out(town, monkeypatch):
    """A message that is forgotten before it is told, and a format that fails, keep nobody else waiting."""
    hook = await town.hook()

    def broken(webhook, happening):
        raise ValueError(happening.id)

    own, town.plain.payloads = town.plain.payloads, broken
    await town.happen()
    await alter(town.core, "DELETE FROM messages")

    async def is_empty():
        return not await town.core.db.fetch(_LEFT)

    await town.happen()
    await town.until(is_empty)
    town.plain.payloads = own
    await town.happen()

    await town.state(hook, "success")
    assert 1 == len(await town.dispatches(hook))


@pytest.mark.parametrize("failing", [False, True])
async def test_nothing_is_put_down_without_its_event(town, monkeypatch, failing):
    """The outbox and what happened are one commit: both are there, or neither."""
    await town.hook()
    if failing:
        monkeypatch.setattr("core.messages.rows.Rows.steps", lambda *_: [_BROKEN])
        with pytest.raises(Exception, match=r"no such|does not exist"):
            await town.happen()
    else:
        await town.happen()

    assert int(not failing) == len(await town.core.db.fetch(_LEFT))


@pytest.mark.usefixtures("teller")
async def test_what_cannot_be_read_holds_up_nobody(town):
    """It stays, with the reason, and what came with it is told."""
    hook = await town.hook(kinds=("accepted", "topic_created"))
    now = town.core.clock.now()
    values = {"id": "0", "place": hook.workspace_id, "now": now, "facts": b"\xc1"}
    text = """INSERT INTO outbox (id, workspace_id, kind, subject, at, facts)
        VALUES (:id, :place, 'topic_created', '', :now, :facts)"""
    await alter(town.core, text, **values)
    await town.happen()

    await town.state(hook, "success")

    async def is_alone():
        return 1 == len(await town.core.db.fetch(_LEFT))

    await town.until(is_alone)
    ((error,),) = await select(town.core, "SELECT last_error FROM outbox")
    assert error.startswith("DecodeError")


@pytest.mark.usefixtures("teller")
async def test_one_sealed_otherwise_holds_up_nobody(town):
    """A webhook that cannot be opened is left alone; others are told."""
    broken, hook = await town.hook(), await town.hook()
    await alter(town.core, "UPDATE webhooks SET private = :bad WHERE id = :id", bad=b"\x01bad", id=broken.id)
    await town.happen()

    await town.state(hook, "success")

    assert [] == await town.dispatches(broken)
