"""A store as it is after weeks of use: messages over 45 days and what became of them, written in bulk past the gate.

Every message is written as the domain writes it, by the same statements; only its moment is another one. The same
number gives the same messages.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from core import accounts, ids, stats
from core.accounts import Workspace
from core.addresses import Address
from core.clock import DAY, HOUR, SECOND
from core.core import Core
from core.events import Detail
from core.inbound.addressing import Place
from core.inbound.inbox import Arrival
from core.inbound.parsing import read
from core.messages.draft import Content, Draft, Party, searchable
from core.stats import Origin, Tally
from core.store.database import write
from core.store.statements import sql
from core.tracking.agents import agent
from core.tracking.sighting import Seen
from core.tracking.sightings import agent_row
from gateway.bench.subject import DOMAIN
from gateway.commands.options import DEFAULT_NAME

DAYS: Final = 45
PORTION: Final = 2000
RARE_TAG: Final = "beta"
RARE_SENDER: Final = f"founder@{DOMAIN}"
TAGS: Final = {
    "receipt": 35,
    "welcome": 15,
    "password-reset": 15,
    "newsletter": 20,
    "": 14.95,
    RARE_TAG: 0.05,
}
_STREAMS: Final = {"outbound": 70, "broadcast": 30}
_SENDERS: Final = {f"shop@{DOMAIN}": 60, f"news@{DOMAIN}": 39.95, RARE_SENDER: 0.05}
_BOUNCES: Final = {"no_mailbox": 40, "mailbox_full": 20, "blocked": 20, "transient": 15, "complaint": 5}
_BOUNCED: Final = 0.02
_TRACKED: Final = 0.7
_OPENED: Final = 0.4
_CLICKED: Final = 0.08
# letters that come in, of all that go out
_INBOUND: Final = 0.01
_RECIPIENTS: Final = 100_000
_QUEUED: Final = 200
_PACK: Final = msgspec.msgpack.Encoder().encode
_LINK: Final = "https://shop.example.org/orders"
_HTML: Final = "<p>" + "Thank you for your order. " * 12 + f'</p><a href="{_LINK}">Your order</a>'
_AGENTS: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Thunderbird/140.1.0",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
)  # fmt: skip  # a User-Agent is one line
_LETTER: Final = b"From: Ann <ann@example.net>\r\nTo: help@example.org\r\nSubject: Question\r\n\r\nHello\r\n"


def order(number: int) -> str:
    """What one message alone says in its subject and its metadata."""
    return f"order-{number:08d}"


def recipient(number: int) -> str:
    """Whom a message goes to: each has some."""
    return f"reader{number * 7919 % _RECIPIENTS}@example.net"


class _Rows:
    """The rows of one portion."""

    def __init__(self, place: Workspace) -> None:
        self._place = place
        self.messages: list[tuple[Any, ...]] = []
        self.deliveries: list[tuple[Any, ...]] = []
        self.events: list[tuple[Any, ...]] = []
        self.sightings: list[tuple[Any, ...]] = []
        self.bounces: list[tuple[Any, ...]] = []
        self.suppressions: list[tuple[Any, ...]] = []
        self.jobs: list[tuple[Any, ...]] = []
        self.tally = Tally()

    def steps(self) -> list[Any]:
        made = [
            sql.message_insert.many(self.messages),
            sql.delivery_insert.many(self.deliveries),
            sql.event_insert.many(self.events),
            sql.sighting_claim.many(self.sightings),
            sql.bounce_insert.many(self.bounces),
            sql.suppression_insert.many(self.suppressions),
            sql.job_insert.many(self.jobs),
            self.tally.step(),
        ]
        return [step for step in made if step.rows]


class _Mail:
    """Makes messages, each from its number alone."""

    def __init__(self, place: Workspace, first_number: int, first_bounce: int, began: int) -> None:
        self._place = place
        self._first_number = first_number
        self._bounce = first_bounce
        self._began = began
        self._agents = [agent(each) for each in _AGENTS]
        self._made = 0

    def portion(self, numbers: range, total: int) -> _Rows:
        rows = _Rows(self._place)
        for number in numbers:
            at = self._began + DAYS * DAY * number // total
            self._message(rows, number, at, is_queued=number >= total - min(_QUEUED, total // 10))
        return rows

    def id(self, at: int) -> str:
        """As ``ids.new`` would have made it then."""
        self._made += 1
        head, made = f"{at // 1000:012x}", self._made
        return f"{head[:8]}-{head[8:]}-7{made >> 24 & 0xFFF:03x}-8{made >> 12 & 0xFFF:03x}-{made:012x}"

    def _message(self, rows: _Rows, number: int, at: int, *, is_queued: bool) -> None:
        chance = random.Random(number)  # noqa: S311  # no secret
        id, email = self.id(at), recipient(number)
        stream, tag, sender = (_one_of(chance, each) for each in (_STREAMS, TAGS, _SENDERS))
        origin = Origin(self._place.id, "live", stream, tag)
        metadata = {"order": order(number)} if number % 3 == 0 else {}
        subject = f"Your {order(number)} is on its way" if number % 2 else "News of the week"
        is_tracked = chance.random() < _TRACKED
        draft = Draft(
            sender=Party(Address(sender, "Shop")), to=(Party(Address(email)),), stream=stream, tag=tag,
            content=Content(subject=subject, html=_HTML, text="Thank you for your order."), metadata=metadata,
            track_opens=is_tracked, track_links="both" if is_tracked else "none", suppress_in="stream",
        )  # fmt: skip  # as it would be read aloud
        rows.messages.append((
            id, self._place.id, "live", self._first_number + number, None, None, stream, "accepted", sender, subject,
            tag, at, None, _PACK(draft), None, searchable(metadata),
        ))  # fmt: skip  # a column list reads better in lines than in a column
        state = "queued" if is_queued else "bounced" if chance.random() < _BOUNCED else "delivered"
        rows.deliveries.append((id, 0, self._place.id, "to", email, email, state, at + 3 * SECOND))
        if is_queued:
            rows.jobs.append((id, at, 1000, "example.net"))
            return
        rows.tally.add(origin, "sent", at, "both" if is_tracked else "")
        if is_tracked:
            rows.tally.add(origin, "links", at)
        self._event(rows, id, "sent", at + SECOND, Detail())
        if state == "bounced":
            self._bounced(rows, chance, (id, email, origin, sender, subject), at + 3 * SECOND)
            return
        self._event(
            rows, id, "delivered", at + 3 * SECOND, Detail(code=250, text="OK", host="mx.example.net")
        )
        if is_tracked:
            self._read(rows, chance, (id, origin), at)

    def _event(self, rows: _Rows, id: str, kind: str, at: int, detail: Detail) -> str:
        event = self.id(at)
        rows.events.append((id, event, self._place.id, 0, kind, at, _PACK(detail)))
        return event

    def _bounced(
        self, rows: _Rows, chance: random.Random, about: tuple[str, str, Origin, str, str], at: int
    ) -> None:
        id, email, origin, sender, subject = about
        kind, place = _one_of(chance, _BOUNCES), self._place.id
        is_bad = kind in ("no_mailbox", "complaint")
        self._event(
            rows, id, "bounced", at, Detail(code=550, text="5.1.1 no", type=kind, bounce=self._bounce)
        )
        rows.tally.add(origin, "bounced", at, kind)
        rows.bounces.append((
            self.id(at), self._bounce, place, "live", id, 0, origin.stream, origin.tag, sender, subject, email,
            email, kind, 550, "5.1.1", "5.1.1 no such user", "mx.example.net", at, is_bad, origin.stream,
        ))  # fmt: skip  # likewise
        self._bounce += 1
        if is_bad:
            reason = "complaint" if kind == "complaint" else "hard_bounce"
            rows.suppressions.append((place, email, origin.stream, self.id(at), reason, "recipient", at, id))

    def _read(self, rows: _Rows, chance: random.Random, about: tuple[str, Origin], at: int) -> None:
        """Some open it, some again, some of those follow the link."""
        said = chance.choice(self._agents)
        if chance.random() < _OPENED:
            for again in range(1 + (chance.random() < 0.5)):  # every other one
                self._seen(
                    rows, about, "opened", at + (again + 1) * 600 * SECOND, Seen(first=not again, agent=said)
                )
        if chance.random() < _CLICKED:
            clicked = Seen(first=True, agent=said, link=_LINK, part="html")
            self._seen(rows, about, "clicked", at + 700 * SECOND, clicked)

    def _seen(self, rows: _Rows, about: tuple[str, Origin], kind: str, at: int, seen: Seen) -> None:
        id, origin = about
        event = self._event(rows, id, kind, at, Detail(seen=seen))
        (rows.tally.opened if kind == "opened" else rows.tally.clicked)(origin, seen, at)
        if seen.first:
            link = "" if kind == "opened" else "0" * 32
            said = agent_row(seen.agent)[0]
            where = (self._place.id, "live", origin.stream, origin.tag, said)
            rows.sightings.append((id, 0, kind, link, event, *where))


def _one_of(chance: random.Random, weighted: Mapping[str, float]) -> str:
    return chance.choices([*weighted], [*weighted.values()])[0]


async def fill(core: Core, messages: int, tell: Callable[[int], None]) -> None:
    """Write that many messages and what belongs to them; ``tell`` is told of each portion."""
    account = await accounts.ensure_account(core, DEFAULT_NAME)
    place = await accounts.ensure_workspace(core, account, DEFAULT_NAME)
    number = await core.numbers.take("message", messages)
    bounce = await core.numbers.take("bounce", messages)
    mail = _Mail(place, number, bounce, core.clock.now() - DAYS * DAY - HOUR)
    await write(core.db, sql.agent_known.many([agent_row(agent(each)) for each in _AGENTS]))
    for start in range(0, messages, PORTION):
        numbers = range(start, min(start + PORTION, messages))
        # the last portion's counts are left as they are: there always are some that are not summed yet
        await stats.fold(core)
        await write(core.db, *mail.portion(numbers, messages).steps())
        tell(len(numbers))
    await _come_in(core, place, max(1, int(messages * _INBOUND)))


async def _come_in(core: Core, place: Workspace, count: int) -> None:
    """A letter comes in as letters do; its row is written again and again."""
    where = Place(workspace_id=place.id, address="help@example.org", hash="orders")
    first = ids.new()
    letter = Arrival(
        id=first, places=(where,), mail_from="ann@example.net", trace=b"", raw=_LETTER,
        letter=read(b"", _LETTER, "ann@example.net"),
    )  # fmt: skip  # as it would be read aloud
    await core.inbox.add([letter])
    (row,) = await core.db.fetch(sql.inbound_get(id=first, workspace_id=place.id))
    mail, began = _Mail(place, 0, 0, 0), core.clock.now() - DAYS * DAY - HOUR
    for start in range(0, count, PORTION):
        made = []
        for number in range(start, min(start + PORTION, count)):
            at = began + DAYS * DAY * number // count
            state = "blocked" if number % 50 == 0 else "processed"
            made.append((
                mail.id(at), place.id, state, "", recipient(number), row[5], f"\n{row[5]}\n", f"case{number % 20}",
                f"Question about {order(number)}", "", row[9], at, row[11], row[12],
            ))  # fmt: skip  # likewise
        await write(core.db, sql.inbound_insert.many(made))
