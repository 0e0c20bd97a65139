"""The way out to the recipients' own servers: found by the DNS, spoken to over connections that are kept for a while.

TLS is taken where a server offers it and nothing is demanded of its certificate, since nobody could say which one is
right (RFC 7435); a server whose TLS does not work gets the mail without, as it would if it offered none.
"""

import asyncio
import socket
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import msgspec
import structlog

from core.dns import Resolver
from core.transport.exchangers import Target, targets
from core.transport.handshake import Peer, TlsFailed, Unavailable, open_session, tls_context
from core.transport.pool import Pool
from core.transport.relay_url import RelayUrl, Security
from core.transport.session import Reply, Session
from core.transport.transaction import Stale, enhanced_code, stuff, transact
from core.transport.transport import Deferred, Envelope, Outcome

_log = structlog.get_logger(__name__)

_NOUN: Final = "the recipient's server"
# addresses that are tried before a later attempt, and for how long others are begun
_MOST_TARGETS: Final = 6
_TRY_S: Final = 90.0
_IDLE_S: Final = 8.0
_MESSAGES: Final = 100
# how many servers' idle connections are thought of at all, and for how long a broken TLS is
_SERVERS: Final = 1000
_PLAIN_S: Final = 3600.0


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """How we meet other servers. ``sources`` are addresses of ours to come from, one for each family."""

    port: int = 25
    timeout_s: float = 30.0
    local_hostname: str = ""
    sources: tuple[str, ...] = ()
    allow_private: bool = False

    def url(self, address: str, security: Security) -> RelayUrl:
        """How to reach an address."""
        return RelayUrl(host=address, port=self.port, security=security, timeout_s=self.timeout_s)

    def peer(self, target: Target) -> Peer:
        """What to call it, and where to come from."""
        own = next((each for each in self.sources if (":" in each) == (":" in target.address)), "")
        name = None if target.host.startswith("[") else target.host
        return Peer(noun=_NOUN, tls_name=name, source=own)


class MailExchangers:
    """Hands mail to the servers of each recipient's domain. Make it where the event loop runs that will use it.

    It bounds no number of connections: who calls it knows how much of a domain's mail is under way.
    """

    def __init__(self, resolver: Resolver, manners: Manners, *, idle_s: float = _IDLE_S) -> None:
        """Nothing is opened before it is needed; a connection without a message for ``idle_s`` is closed."""
        self._resolver = resolver
        self._manners = manners
        self._idle_s = idle_s
        self._context = tls_context(manners.url("", "opportunistic"))
        self._local_hostname = manners.local_hostname
        self._pools: dict[str, Pool] = {}
        self._plain_until: dict[str, float] = {}

    async def deliver(self, envelope: Envelope, mime: bytes) -> tuple[Outcome, ...]:
        """Offer the message to all recipients, in a conversation for each domain; see ``Transport``."""
        content = stuff(mime)
        places: defaultdict[str, list[int]] = defaultdict(list)
        for place, recipient in enumerate(envelope.rcpt_to):
            places[recipient.rpartition("@")[2].lower()].append(place)
        work = [self._domain(domain, _part(envelope, own), content) for domain, own in places.items()]
        outcomes: dict[int, Outcome] = {}
        for own, found in zip(places.values(), await asyncio.gather(*work), strict=True):
            outcomes.update(zip(own, found, strict=True))
        return tuple(outcomes[place] for place in range(len(envelope.rcpt_to)))

    async def close(self) -> None:
        """Say goodbye on every kept connection and wait for the end of them all."""
        await asyncio.gather(*[pool.close() for pool in self._pools.values()])

    async def _domain(self, domain: str, envelope: Envelope, content: bytes) -> Sequence[Outcome]:
        """One after another until a server takes the conversation up, whatever it then says."""
        found = await targets(self._resolver, domain, allow_private=self._manners.allow_private)
        if not isinstance(found, tuple):
            return (found,) * len(envelope.rcpt_to)
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + _TRY_S
        outcome = Deferred(code=0, unreached=True)
        for target in found[:_MOST_TARGETS]:
            try:
                return await self._offer(target, envelope, content)
            except Unavailable as failure:
                outcome = _unreached(target, failure)
            if loop.time() > ends_s:
                break
        return (outcome,) * len(envelope.rcpt_to)

    async def _offer(self, target: Target, envelope: Envelope, content: bytes) -> Sequence[Outcome]:
        pool = self._pool(target.address)
        kept = pool.take()
        if kept is not None:
            with suppress(Stale):
                return await self._use(pool, kept, target, envelope, content)
        return await self._use(pool, await self._open(target), target, envelope, content)

    async def _use(
        self, pool: Pool, session: Session, target: Target, envelope: Envelope, content: bytes
    ) -> Sequence[Outcome]:
        try:
            outcomes = await transact(session, envelope, content, host=target.host, is_ours=False)
        except BaseException:
            # a cancelled conversation is in no state that another message could go on from
            session.abort()
            raise
        pool.give(session)
        return outcomes

    def _pool(self, address: str) -> Pool:
        pool = self._pools.get(address)
        if pool is None:
            if len(self._pools) >= _SERVERS:
                self._pools = {key: each for key, each in self._pools.items() if not each.is_empty}
            pool = Pool(messages_per_connection=_MESSAGES, idle_s=self._idle_s)
            self._pools[address] = pool
        return pool

    async def _open(self, target: Target) -> Session:
        if not self._local_hostname:
            # may ask the resolver, hence off the loop and once
            self._local_hostname = await asyncio.to_thread(socket.getfqdn)
        now = asyncio.get_running_loop().time()
        if self._plain_until.get(target.address, 0) > now:
            return await self._meet(target, "none")
        try:
            return await self._meet(target, "opportunistic")
        except TlsFailed as failure:
            _log.info("a server's TLS does not work", host=target.host, reason=failure.reason)
            self._remember_plain(target.address, now)
            return await self._meet(target, "none")

    def _remember_plain(self, address: str, now: float) -> None:
        if len(self._plain_until) >= _SERVERS:
            self._plain_until = {key: until for key, until in self._plain_until.items() if until > now}
        self._plain_until[address] = now + _PLAIN_S

    async def _meet(self, target: Target, security: Security) -> Session:
        url = self._manners.url(target.address, security)
        return await open_session(url, self._context, self._local_hostname, self._manners.peer(target))


def _part(envelope: Envelope, places: Sequence[int]) -> Envelope:
    return msgspec.structs.replace(envelope, rcpt_to=tuple(envelope.rcpt_to[place] for place in places))


def _unreached(target: Target, failure: Unavailable) -> Deferred:
    _log.info(
        failure.text, host=target.host, address=target.address, code=failure.code, reason=failure.reason
    )
    reply = Reply(code=failure.code, text=failure.text)
    return Deferred(
        code=reply.code, enhanced=enhanced_code(reply), text=reply.text, host=target.host, unreached=True
    )
