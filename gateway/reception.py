"""Mail that other servers bring: whose it is, asked at each recipient, and what is kept before they may forget it."""

import asyncio
import re
from collections.abc import Sequence
from email.utils import formatdate
from typing import Final

import msgspec
import structlog

from core import ids, inbound
from core.budget import Budget
from core.clock import SECOND
from core.core import Core
from core.inbound import Arrival, Place, Receiver, parsing
from core.store.database import StoreUnavailable
from gateway.certificate import Certificate

_log = structlog.get_logger(__name__)

_UNKNOWN: Final = "550 5.1.1 No such mailbox here"
# a person wrote to an address that only machines answer
_UNREAD: Final = "550 5.7.1 Nobody reads mail at this address"
_TOO_MANY_PLACES: Final = "452 4.5.3 Too many recipients of different owners, send the others apart"
_NO_STORE: Final = "451 4.3.0 The store is not available, try again later"
_BROKEN: Final = "451 4.3.0 Something broke here, try again later"
# each owner keeps a message of its own
_MOST_PLACES: Final = 10
# reading takes about twenty milliseconds for each MiB
_LONG_BYTES: Final = 128 * 1024
# and holds a letter about five times while it is at it
_READ_AT_ONCE_BYTES: Final = 16 * 1024 * 1024
_ODD: Final = re.compile(r"[^!-'*-~]+")
_LONGEST_WORD: Final = 255


class Envelope(msgspec.Struct):
    """Who brings a letter, how, from whom and for whom so far. ``mail_from`` is empty for the null sender.

    ``returned`` are the recipients that are no workspace's, each with who takes its mail.
    """

    helo: str
    peer: str
    protocol: str = "ESMTP"
    mail_from: str = ""
    places: list[Place] = msgspec.field(default_factory=list)
    returned: list[tuple[Receiver, str]] = msgspec.field(default_factory=list)

    def lead(self, place: Place) -> None:
        """Note an address of a workspace: once, however often it is named and in whatever case."""
        if place.address.lower() not in {each.address.lower() for each in self.places}:
            self.places.append(place)

    def give_back(self, receiver: Receiver, address: str) -> None:
        """Note one that is no workspace's; likewise, since for each the whole letter is read."""
        if address.lower() not in {held.lower() for _, held in self.returned}:
            self.returned.append((receiver, address))

    def owners(self) -> list[tuple[Place, ...]]:
        """The addresses of each workspace, in the order in which they were named."""
        found: dict[str, list[Place]] = {}
        for each in self.places:
            found.setdefault(each.workspace_id, []).append(each)
        return [tuple(places) for places in found.values()]

    def trace(self, host: str, id: str, now: int) -> bytes:
        """The fields that final delivery puts on top (RFC 5321 4.4); one recipient is named, several are not."""
        named = [each.address for each in self.places] + [address for _, address in self.returned]
        recipient = f"\r\n for <{_word(named[0])}>" if len(named) == 1 else ""
        return (
            f"Return-Path: <{_word(self.mail_from)}>\r\n"
            f"Received: from {_word(self.helo)} ([{_word(self.peer)}])\r\n"
            f" by {host} with {self.protocol} id {id}{recipient};\r\n {formatdate(now / SECOND)}\r\n"
        ).encode()


def _word(text: str) -> str:
    """A client's word for a field of ours."""
    return _ODD.sub("?", text)[:_LONGEST_WORD]


class Reception:
    """Where a conversation with another server turns. Every answer is a whole reply."""

    def __init__(
        self,
        core: Core,
        receivers: Sequence[Receiver],
        most_bytes: int,
        *,
        bodies: Budget,
        certificate: Certificate | None = None,
    ) -> None:
        """``receivers`` are asked in their order, before the workspaces' addresses.

        ``bodies`` is the room for large letters, apart from the callers' own: strangers keep nobody else waiting.
        """
        self._core = core
        self.certificate = certificate
        self._receivers = receivers
        self.most_bytes = most_bytes
        self.host = core.policy.message_host
        self.bodies = bodies
        self._reading = Budget(_READ_AT_ONCE_BYTES)

    async def admit(self, envelope: Envelope, address: str) -> str:
        """Note a recipient in the envelope; empty, or the reply that refuses it. Nothing is ever sent on from here."""
        for receiver in self._receivers:
            if receiver.owns(self._core, address):
                envelope.give_back(receiver, address)
                return ""
        try:
            place = await inbound.place(self._core, address)
        except StoreUnavailable as error:
            _log.warning("store unavailable, recipient put off", reason=str(error))
            return _NO_STORE
        if place is None:
            return _UNKNOWN
        owners = {each.workspace_id for each in envelope.places}
        if place.workspace_id not in owners and len(owners) >= _MOST_PLACES:
            return _TOO_MANY_PLACES
        envelope.lead(place)
        return ""

    async def accept(self, envelope: Envelope, raw: bytes) -> str:
        """Keep a letter durably for everybody in the envelope; only then is the answer a success."""
        id = ids.new()
        trace = envelope.trace(self.host, id, self._core.clock.now())
        try:
            understood = [
                await receiver.receive(self._core, address, envelope.mail_from, raw)
                for receiver, address in envelope.returned
            ]
            if envelope.returned and not (envelope.places or any(understood)):
                return _UNREAD
            if envelope.places:
                await self._core.inbox.add(await self._arrivals(envelope, trace, raw, id))
        except StoreUnavailable as error:
            _log.warning("store unavailable, mail put off", reason=str(error))
            return _NO_STORE
        return f"250 2.0.0 {id}"

    async def _arrivals(self, envelope: Envelope, trace: bytes, raw: bytes, id: str) -> list[Arrival]:
        if len(raw) <= _LONG_BYTES:
            letter = parsing.read(trace, raw, envelope.mail_from)
        else:
            async with self._reading.hold(len(raw)):
                letter = await asyncio.to_thread(parsing.read, trace, raw, envelope.mail_from)
        return [
            Arrival(
                id=ids.new() if number else id,
                places=places,
                mail_from=envelope.mail_from,
                trace=trace,
                raw=raw,
                letter=letter,
            )
            for number, places in enumerate(envelope.owners())
        ]

    def crashed(self, error: Exception) -> str:
        """The reply to what could not be foreseen; the log has the rest."""
        _log.error("reception crashed", exc_info=error)
        return _BROKEN
