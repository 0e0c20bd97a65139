"""Telling endpoints: what they hear, how they are insisted upon, and that none stands in another's way."""

import asyncio
import sys
from collections import Counter

import msgspec
import pytest
from structlog.testing import capture_logs

from core import webhooks
from core.clock import SECOND, SystemClock
from core.formats import Manners
from core.paging import PageRequest
from core.webhooks import Filter, WebhookChange, incidents
from core.webhooks.lanes import LATE
from tests.consumer import Consumer, status
from tests.core.post import alter, select

pytestmark = pytest.mark.usefixtures("teller")


async def test_what_happens_is_told(town):
    """The body is the dialect's, and the dispatch says how it went."""
    hook = await town.hook(headers=(("X-Key", "v"),), secret="s1")
    (message,) = await town.happen()

    (heard,) = await town.consumer.wait(1)
    (dispatch,) = await town.state(hook, "success")
    (attempt,) = await town.attempts(dispatch)

    assert ("POST", "/hook") == (heard.method, heard.target)
    assert f'"message":"{message}"'.encode() in heard.body
    assert ("v", "s1", "1") == (
        heard.headers["x-key"],
        heard.headers["x-secrets"],
        heard.headers["x-attempt"],
    )
    assert (message, "said.accepted", 1, 200, None) == (
        dispatch.subject, dispatch.event, dispatch.attempts, dispatch.status, dispatch.due_at
    )  # fmt: skip
    assert (True, 200, "ok", "") == (attempt.success, attempt.status, attempt.text, attempt.error)
    assert heard.body == (await webhooks.dispatch(town.core, hook, dispatch.id)).body


async def test_nobody_hears_what_they_did_not_ask_for(town):
    """Other kinds, other streams, what was before, and what is disabled stay silent."""
    await town.happen()
    silent = [
        await town.hook(kinds=("delivered",)),
        await town.hook(stream="other"),
        await town.hook(state="disabled"),
    ]
    hook = await town.hook(stream="outbound")
    await town.happen()

    await town.state(hook, "success")

    assert 1 == len(town.consumer.heard)
    assert [[], [], []] == [await town.dispatches(each) for each in silent]


async def test_failures_are_tried_again(town):
    """The same bytes at each attempt, at the dialect's moments, until it is well."""
    hook = await town.hook()
    town.consumer.reply = lambda _: status(500, b"no")
    await town.happen()
    (first,) = await town.state(hook, "attempting")
    assert 60 * SECOND == first.due_at - first.attempted_at
    await town.later(61)
    await town.consumer.wait(2)
    (second,) = await town.state(hook, "attempting", attempts=2)
    assert 300 * SECOND == second.due_at - second.attempted_at
    town.consumer.reply = lambda _: status(200)
    await town.later(301)

    (dispatch,) = await town.state(hook, "success")

    assert 1 == len({each.body for each in town.consumer.heard})
    assert ["1", "2", "3"] == [each.headers["x-attempt"] for each in town.consumer.heard]
    assert [500, 500, 200] == [each.status for each in await town.attempts(dispatch)]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (lambda _: None, "The server broke off, or does not speak HTTP."),
        (lambda _: b"hello\r\n\r\n", "The server broke off, or does not speak HTTP."),
        (lambda _: asyncio.sleep(30), "The server took too long."),
    ],
)
async def test_no_answer_is_a_failure(town, reply, expected):
    """Who hangs up, speaks otherwise or says nothing is called again."""
    hook = await town.hook()
    town.consumer.reply = reply
    await town.happen()

    (dispatch,) = await town.state(hook, "attempting")
    (attempt,) = await town.attempts(dispatch)

    assert (0, expected) == (attempt.status, attempt.error)


async def test_the_last_attempt_fails_for_good(town):
    """After the dialect's last delay nothing is tried any more."""
    hook = await town.hook()
    town.consumer.reply = lambda _: status(500)
    await town.happen()
    for attempts, seconds in ((1, 61), (2, 301)):
        await town.state(hook, "attempting", attempts=attempts)
        await town.later(seconds)

    (dispatch,) = await town.state(hook, "failed")

    assert (3, None) == (dispatch.attempts, dispatch.due_at)


async def test_some_answers_end_it(town):
    """What the dialect gives up on is not tried again."""
    hook = await town.hook()
    town.consumer.reply = lambda _: status(403)
    await town.happen()

    (dispatch,) = await town.state(hook, "failed")

    assert (1, 403) == (dispatch.attempts, dispatch.status)


async def test_who_is_gone_is_disabled(town):
    """The endpoint that says so hears nothing more, and what waited for it has failed."""
    hook = await town.hook()
    town.consumer.reply = lambda _: status(500)
    await town.happen()
    await town.state(hook, "attempting")
    town.consumer.reply = lambda _: status(410)
    await town.happen()

    await town.state(hook, "failed", 2)

    found = await webhooks.get(town.core, town.caller, "one", hook.id)
    assert ("disabled", "it answered with status 410") == (found.state, found.reason)
    await town.happen()
    await webhooks.update(town.core, found, WebhookChange(state="enabled"))
    town.consumer.reply = lambda _: status(200)
    await town.happen()
    await town.state(hook, "success")
    assert 3 == len(await town.dispatches(hook))


async def test_who_only_fails_is_disabled_after_a_time(town):
    """Not at the first failure, and not while anything goes well."""
    town.plain.said = msgspec.structs.replace(town.plain.said, disable_after_s=100)
    hook = await town.hook()
    town.consumer.reply = lambda _: status(500)
    await town.happen()
    await town.state(hook, "attempting")
    assert "enabled" == (await webhooks.get(town.core, town.caller, "one", hook.id)).state
    await town.later(101)

    await town.state(hook, "failed")

    found = await webhooks.get(town.core, town.caller, "one", hook.id)
    assert ("disabled", "it has only failed for too long") == (found.state, found.reason)


async def test_an_operator_reads_what_befell_an_endpoint(town):
    """Notice once, after half of its time; then that it is disabled, and why. With the webhook it is forgotten."""
    town.plain.said = Manners(delays_s=(60, 10, 60, 60), disable_after_s=100)
    hook, gone = await town.hook(), await town.hook(url=f"{town.consumer.url}/gone")
    town.plain.said = msgspec.structs.replace(town.plain.said, disables=frozenset({410}))
    town.consumer.reply = lambda heard: status(410 if "gone" in heard.target else 500)
    await town.happen()
    for attempts, seconds in ((1, 61), (2, 11), (3, 61)):
        await town.state(hook, "attempting", attempts=attempts)
        await town.later(seconds)
    await town.state(hook, "failed")
    await town.state(gone, "failed")

    found = (await incidents.page(town.core, hook.workspace_id, PageRequest())).items
    assert [
        (hook.id, "disabled", "it has only failed for too long"),
        (hook.id, "failing", "it only fails"),
        (gone.id, "disabled", "it answered with status 410"),
    ] == [(each.webhook_id, each.kind, each.reason) for each in found]
    first = await incidents.page(town.core, hook.workspace_id, PageRequest(limit=1))
    assert (found[:1], True) == (first.items, first.more)
    back = await incidents.page(town.core, hook.workspace_id, PageRequest(before=found[-1].id))
    assert found[:-1] == back.items
    await webhooks.delete(town.core, hook)
    left = await incidents.page(town.core, hook.workspace_id, PageRequest())
    assert [gone.id] == [each.webhook_id for each in left.items]


async def test_redirects_are_followed_where_the_dialect_does(town):
    """With the same body, to another host without what proves us; otherwise they are failures."""
    hook = await town.hook(auth=("u", "p"))
    async with Consumer() as other:
        town.consumer.reply = lambda _: status(307, b"", f"Location: {other.url}?x=1")
        await town.happen()
        (dispatch,) = await town.state(hook, "attempting")
        assert 307 == dispatch.status
        town.plain.said = msgspec.structs.replace(town.plain.said, redirects=1)
        await town.later(61)

        await town.state(hook, "success")

    (there,) = other.heard
    assert ("Basic dTpw", None) == (
        town.consumer.heard[1].headers["authorization"],
        there.headers.get("authorization"),
    )
    assert ("/hook?x=1", town.consumer.heard[0].body) == (there.target, there.body)


async def test_a_password_in_the_address_is_a_header(town):
    """And no part of the request line or of Host."""
    hook = await town.hook(url=town.consumer.url.replace("http://", "http://u:p%40@"))
    await town.happen()
    await town.state(hook, "success")

    (heard,) = town.consumer.heard
    assert ("Basic dTpwQA==", f"127.0.0.1:{town.consumer.port}") == (
        heard.headers["authorization"],
        heard.headers["host"],
    )


async def test_a_long_answer_is_cut(town):
    """4 KiB of it are kept."""
    hook = await town.hook()
    town.consumer.reply = lambda _: status(200, b"x" * 500_000)
    await town.happen()

    (dispatch,) = await town.state(hook, "success")

    (attempt,) = await town.attempts(dispatch)
    assert b"x" * 4096 == attempt.body


async def test_one_that_hangs_holds_up_nobody(town):
    """However much waits for it; and it is called no more than a few times at once."""
    async with Consumer() as dead:
        dead.reply = lambda _: asyncio.sleep(30)
        await town.hook(url=dead.url)
        hook = await town.hook()
        began = asyncio.get_running_loop().time()
        await town.happen(50)

        await town.state(hook, "success", 50)

        # two at first, then one after the other, each for the second that it is given
        assert 3 + asyncio.get_running_loop().time() - began >= len(dead.heard)


async def test_calls_to_one_endpoint_are_bounded(town):
    """As many at once as the operator allows."""
    hook = await town.hook()

    async def slowly(_: object) -> bytes:
        await asyncio.sleep(0.05)
        return status(200)

    town.consumer.reply = slowly
    await town.happen(30)

    await town.state(hook, "success", 30)

    assert 4 == town.consumer.most_at_once


async def test_a_replay_is_one_more_call(town):
    """Whatever came of it before; the ladder goes on as it was."""
    hook = await town.hook()
    town.consumer.reply = lambda _: status(500)
    await town.happen()
    (before,) = await town.state(hook, "attempting")

    await webhooks.replay(town.core, hook, before.id)
    await town.consumer.wait(2)
    (after,) = await town.state(hook, "attempting")
    assert (before.attempts, before.due_at) == (after.attempts, after.due_at)
    town.consumer.reply = lambda _: status(200)
    await webhooks.replay(town.core, hook, before.id)

    (done,) = await town.state(hook, "success")
    await webhooks.replay(town.core, hook, done.id)
    await town.consumer.wait(4)
    (again,) = await town.state(hook, "success")
    assert (None, 1) == (again.due_at, len({each.headers["x-id"] for each in town.consumer.heard}))


async def apart():
    """A moment with a millisecond of its own, as ids tell them apart."""
    await asyncio.sleep(0.005)
    now = SystemClock().now()
    await asyncio.sleep(0.005)
    return now


async def test_a_range_is_told_again(town, monkeypatch):
    """Each of it once more, in commits that are not large; nothing of before or after it."""
    # the package has a function of this name too
    monkeypatch.setattr(sys.modules["core.webhooks.dispatch"], "_PORTION", 2)
    hook = await town.hook()
    await town.happen()
    await town.state(hook, "success")
    since = await apart()
    await town.happen(5)
    await town.state(hook, "success", 6)
    until = await apart()
    await town.happen()
    told = await town.state(hook, "success", 7)

    assert 5 == await webhooks.replay_all(town.core, hook, Filter(since=since, until=until))

    heard = [each.headers["x-id"] for each in await town.consumer.wait(12)]
    await town.state(hook, "success", 7)
    assert {each.id: 1 + (0 < place < 6) for place, each in enumerate(told)} == Counter(heard)
    assert 0 == await webhooks.replay_all(town.core, hook, Filter(states=("failed",)))


async def test_who_answers_late_is_claimed_apart(town, monkeypatch):
    """Others do not wait for it; it is one of the others again once it is quick."""
    hook = await town.hook()
    for count, late_ms, expected in ((1, -1, LATE), (20, 60_000, 0)):
        monkeypatch.setattr("core.webhooks.turn._LATE_MS", late_ms)
        await town.happen(count)
        await town.state(hook, "success", count)
        assert [(expected,)] == [
            tuple(row) for row in await select(town.core, "SELECT failures FROM webhook_lanes")
        ]


async def test_many_endpoints_of_one_place(town, monkeypatch):
    """What a commit makes has a limit; each is told everything once, who wants nothing of it is not even opened."""
    monkeypatch.setattr("core.webhooks.spreading._MOST_ROWS", 4)
    hooks = [await town.hook() for _ in range(3)]
    other = await town.hook(kinds=("delivered",))
    await alter(town.core, "UPDATE webhooks SET private = :bad WHERE id = :id", bad=b"\x01bad", id=other.id)
    with capture_logs() as logged:
        sent = await town.happen(5)
        for hook in hooks:
            told = await town.state(hook, "success", 5)
            assert sent == [each.subject for each in told]
    assert [] == [each for each in logged if each["log_level"] == "error"]


async def test_what_is_disabled_is_not_told_any_more(town, monkeypatch):
    """Disabling ends what was still to be tried, in commits that are not large."""
    monkeypatch.setattr("core.webhooks.turn._STOPPED", 2)
    hook = await town.hook()
    town.consumer.reply = lambda _: status(500)
    await town.happen(5)
    await town.state(hook, "attempting", 5)

    await webhooks.update(town.core, hook, WebhookChange(state="disabled"))

    await town.state(hook, "failed", 5)
    assert 5 == len(town.consumer.heard)


async def test_a_refused_connection_is_a_failure(town):
    """And one of the failing, which is called alone, does so until it answers."""
    hook = await town.hook(url="http://127.0.0.1:1/")
    await town.happen(5)

    found = await town.state(hook, "attempting", 5)

    assert [1] * 5 == [each.attempts for each in found]


async def test_several_share_the_work(town):
    """Each call is made by one of them, and one endpoint is called by one at a time."""
    others = [town.dispatcher() for _ in range(2)]
    tasks = [asyncio.create_task(each.run()) for each in others]
    hooks = [await town.hook() for _ in range(3)]
    await town.happen(20)

    for hook in hooks:
        await town.state(hook, "success", 20)

    for each, task in zip(others, tasks, strict=True):
        each.stop()
        await task
    assert 60 == len(town.consumer.heard)
    assert 12 >= town.consumer.most_at_once


async def test_a_stop_lets_calls_end(town, teller):
    """What is being told when a stop comes is recorded, and nothing more is begun."""
    hook = await town.hook()
    began, goes_on = asyncio.Event(), asyncio.Event()

    async def slowly(_: object) -> bytes:
        began.set()
        await goes_on.wait()
        return status(200)

    town.consumer.reply = slowly
    await town.happen(20)
    await began.wait()
    teller.stop()
    goes_on.set()

    await town.state(hook, "success")

    found = [each.state for each in await town.dispatches(hook)]
    assert len(town.consumer.heard) == found.count("success") < 20
