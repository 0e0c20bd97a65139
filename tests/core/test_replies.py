"""Where answers go to letters that do not say."""

from core import senders
from core.clock import SECOND
from core.replies import Replies
from core.senders import Change, Draft
from tests.core.post import MovedClock, draft, party


def _asked(*emails, **fields):
    return [draft(sender=party(email), **fields) for email in emails]


def _told(drafts):
    return [[each.email for each in made.reply_to] for made in drafts]


async def test_senders_say_where(core, caller):
    """Each letter has its own sender's, in whatever case it is written; one that says so itself is left alone."""
    for name, reply_to in (("a", "one@example.com"), ("b", "two@example.com"), ("c", "")):
        await senders.add(
            core, caller.account_id, Draft(email=f"{name}@example.com", name=name, reply_to=reply_to)
        )
    given = _asked("A@Example.com", "b@example.com", "c@example.com", "d@example.com")
    own = _asked("a@example.com", reply_to=("own@example.com",))

    assert [["one@example.com"], ["two@example.com"], [], [], ["own@example.com"]] == _told(
        await core.replies.filled(caller.account_id, given + own)
    )
    assert [[]] == _told(await core.replies.filled("another account", _asked("a@example.com")))


async def test_changes_are_obeyed(core, caller):
    """At once where they are made, within seconds elsewhere."""
    clock = MovedClock()
    elsewhere = Replies(core.db, clock)
    asked = _asked("a@example.com")

    async def told():
        return [
            _told(await replies.filled(caller.account_id, asked))[0] for replies in (core.replies, elsewhere)
        ]

    assert [[], []] == await told()
    made = await senders.add(
        core, caller.account_id, Draft(email="a@example.com", name="A", reply_to="b@c.example")
    )
    assert ["b@c.example"] == (await told())[0]
    clock.pass_s(3)
    assert [["b@c.example"], ["b@c.example"]] == await told()
    await senders.change(core, made, Change(reply_to=""))
    assert [[], []] == await told()
    await senders.change(core, made, Change(reply_to="d@c.example"))
    await senders.remove(core, made)
    assert [[], []] == await told()


async def test_others_are_not_asked_for(core, caller, monkeypatch):
    """An account without any costs one question in some seconds, however much it sends."""
    asked = []
    fetch = core.db.fetch

    async def counted(query):
        asked.append(query)
        return await fetch(query)

    monkeypatch.setattr(core.db, "fetch", counted)
    replies = Replies(core.db, clock := MovedClock())
    for _ in range(100):
        await replies.filled(caller.account_id, _asked("a@example.com"))
    few = len(asked)
    clock.ahead += 3 * SECOND
    await replies.filled(caller.account_id, _asked("a@example.com"))

    # the machine may be so slow that a lifetime passed in between
    assert few < 100
    assert few < len(asked)
