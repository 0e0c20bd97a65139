"""Webhooks made, changed, read and forgotten."""

import asyncio
from typing import Any

import msgspec
import pytest

from core import webhooks
from core.clock import DAY
from core.core import Core
from core.errors import NotFound
from core.paging import PageRequest
from core.webhooks import NewWebhook, WebhookChange, incidents
from dialects.dialect import Listener
from gateway.config import Settings
from tests.core.post import MovedClock, caller_in, select, timed_core


def new(**fields: Any) -> NewWebhook:
    """A webhook of some dialect."""
    return NewWebhook(**{"dialect": "one", "url": "https://app.example/", "kinds": ("delivered",), **fields})


async def test_what_is_made_is_read_back(core, caller):
    """Everything that was given comes back, secrets and header fields too."""
    wanted = new(
        stream="outbound",
        options=b"\x81",
        includes=("report",),
        secret="s1",
        headers=(("X-Key", "v"),),
        auth=("u", "p"),
    )

    made = await webhooks.create(core, caller, wanted)

    assert made == await webhooks.get(core, caller, "one", made.id)
    assert made == await webhooks.by_number(core, caller, "one", made.number)
    assert ("s1", (("X-Key", "v"),), ("u", "p")) == (made.secret, made.headers, made.auth)


@pytest.mark.parametrize(("workspace", "dialect"), [("other", "one"), ("test", "two")])
async def test_nobody_else_sees_it(core, caller, workspace, dialect):
    """Another workspace does not find it, and nor does another dialect."""
    made = await webhooks.create(core, caller, new())
    stranger = await caller_in(core, workspace)

    with pytest.raises(NotFound):
        await webhooks.get(core, stranger, dialect, made.id)
    with pytest.raises(NotFound):
        await webhooks.by_number(core, stranger, dialect, made.number)
    assert () == (await webhooks.page(core, stranger, dialect, PageRequest())).items


async def test_pages(core, caller):
    """A list pages to its end and back, of one stream or of all, without those that have a role."""
    made = [await webhooks.create(core, caller, new(stream=each)) for each in ("a", "b", "a")]
    await webhooks.create(core, caller, new(role="hidden"))

    first = await webhooks.page(core, caller, "one", PageRequest(limit=2, total=True))
    rest = await webhooks.page(core, caller, "one", PageRequest(limit=2, after=first.items[-1].id))
    back = await webhooks.page(core, caller, "one", PageRequest(limit=2, before=rest.items[0].id))
    of_stream = await webhooks.page(core, caller, "one", PageRequest(), stream="a")

    assert ([made[2].id, made[1].id], True, 3) == ([each.id for each in first.items], first.more, first.total)
    assert ([made[0].id], False) == ([each.id for each in rest.items], rest.more)
    assert first.items == back.items
    assert [made[2].id, made[0].id] == [each.id for each in of_stream.items]
    assert ["hidden"] == [each.role for each in await webhooks.with_roles(core, caller, "one")]
    assert 4 == len(await webhooks.of_workspace(core, caller.workspace_id))


async def test_a_change_leaves_the_rest(core, caller):
    """What is not given stays; an empty user and password take the credentials away."""
    made = await webhooks.create(core, caller, new(secret="s1", auth=("u", "p"), stream="a"))

    await webhooks.update(core, made, WebhookChange(url="https://other.example/", auth=("", "")))

    found = await webhooks.get(core, caller, "one", made.id)
    assert ("https://other.example/", None, "s1", "a") == (found.url, found.auth, found.secret, found.stream)


async def test_a_former_secret_is_valid_for_a_day(core, caller, clock):
    """Calls are signed with both for a day, then with the new one alone."""
    made = await webhooks.create(core, caller, new(secret="s1"))
    changed = await webhooks.rotate(core, made, "s2")

    assert ("s2", ("s2", "s1")) == (changed.secret, changed.signing(core.clock.now()))
    assert ("s2",) == changed.signing(core.clock.now() + DAY)


async def test_each_former_secret_has_its_own_day(core, caller, clock):
    """To give another secret lengthens no other's time; and there is an end to how many sign a call."""
    made = await webhooks.create(core, caller, new(secret="s0"))
    changed = await webhooks.rotate(core, made, "s1")
    clock.pass_s(20 * 3600)
    changed = await webhooks.rotate(core, changed, "s2")
    assert ("s2", "s1", "s0") == changed.signing(core.clock.now())
    clock.pass_s(5 * 3600)
    assert ("s2", "s1") == changed.signing(core.clock.now())

    for number in range(30):
        changed = await webhooks.rotate(core, changed, f"t{number}")
    assert [f"t{29 - number}" for number in range(10)] == list(changed.signing(core.clock.now()))


async def test_who_changes_it_at_once_loses_nothing(core, caller):
    """Of a change, another secret and its being disabled, begun from the same webhook, each stays."""
    made = await webhooks.create(core, caller, new(secret="s1"))
    await webhooks.rotate(core, made, "s2")
    await incidents.disable(core, made, "it has only failed for too long")
    changed = await webhooks.update(core, made, WebhookChange(stream="b"))
    await webhooks.rotate(core, made, "s3")

    found = await webhooks.get(core, caller, "one", made.id)
    assert ("disabled", "it has only failed for too long") == (changed.state, found.reason)
    assert ("b", ("s3", "s2", "s1")) == (found.stream, found.signing(core.clock.now()))
    await asyncio.gather(*[webhooks.rotate(core, made, f"r{number}") for number in range(5)])
    found = await webhooks.get(core, caller, "one", made.id)
    assert {f"r{number}" for number in range(5)} < set(found.signing(core.clock.now()))


async def test_what_is_forgotten_is_gone(core, caller):
    """It is not found any more, and a second time there is nothing to forget."""
    made = await webhooks.create(core, caller, new())
    await webhooks.delete(core, made)

    with pytest.raises(NotFound):
        await webhooks.get(core, caller, "one", made.id)
    with pytest.raises(NotFound):
        await webhooks.delete(core, made)
    with pytest.raises(NotFound):
        await webhooks.update(core, made, WebhookChange(stream="b"))


async def test_secrets_are_sealed(settings: Settings, clock: MovedClock):
    """Where the operator gave a secret, the store alone gives none of a webhook's away."""
    sealed = msgspec.structs.replace(settings, dkim_secret="operator's")
    async with timed_core(sealed, clock) as core:
        await _check_sealed(core)


async def _check_sealed(core: Core) -> None:
    caller = await caller_in(core)
    made = await webhooks.create(core, caller, new(secret="whsec_plain", auth=("u", "pass-plain")))

    ((held,),) = await select(core, "SELECT private FROM webhooks")

    assert b"plain" not in bytes(held)
    assert "whsec_plain" == (await webhooks.get(core, caller, "one", made.id)).secret


async def test_a_role_has_one_webhook(core, caller):
    """Giving a role again changes the webhook that has it, whole; others stay as they are."""
    other = await webhooks.assign(core, caller, new(role="other"))
    first = await webhooks.assign(core, caller, new(role="hook", auth=("u", "p")))
    second = await webhooks.assign(core, caller, new(role="hook", url="https://app.example/2"))

    assert (first.id, "https://app.example/2", None) == (second.id, second.url, second.auth)
    assert [other, second] == await webhooks.with_roles(core, caller, "one")


async def test_nothing_secret_is_printed(core, caller):
    """Whatever is shown of a webhook by a log or a report of an error."""
    url = "https://u:hidden@app.example/hidden?hidden#hidden"
    wanted = new(url=url, secret="hidden", headers=(("X-Key", "hidden"),), auth=("u", "hidden"))
    made = await webhooks.create(core, caller, wanted)
    change = WebhookChange(url=url, headers=wanted.headers, auth=wanted.auth)
    listener = Listener(url=url, secret="hidden")

    shown = [repr(each) for each in (wanted, made, change, made.secrets, listener)]
    assert [] == [each for each in shown if "hidden" in each]
    assert "https://app.example" == made.place
    assert "WebhookChange(url, headers, auth)" == shown[2]
