"""The way out through one SMTP server, over connections that are kept and used again."""

import asyncio
import socket
from contextlib import suppress
from typing import Final

import structlog

from core.transport.handshake import UNAUTHORIZED, Unauthorized, Unavailable, open_session, tls_context
from core.transport.pool import Pool
from core.transport.relay_url import RelayUrl, parse_url
from core.transport.session import Reply, Session
from core.transport.transaction import Stale, enhanced_code, stuff, transact
from core.transport.transport import Deferred, Envelope, Outcome

__all__ = ["Relay", "RelayUrl", "parse_url"]

_log = structlog.get_logger(__name__)

# below the idle limit of every server we know of (Postfix: smtpd_timeout 300 s, under load 10 s)
_IDLE_S: Final = 8.0
# credentials that were refused are not tried for every waiting message: servers lock out who does that
_UNAUTHORIZED_S: Final = 10.0


class Relay:
    """Hands mail to the server that ``url`` names. Make it where the event loop runs that will use it.

    At most ``url.connections`` are open at once; more deliveries than that wait for their turn.
    """

    def __init__(self, url: RelayUrl, *, idle_s: float = _IDLE_S) -> None:
        """Nothing is opened before it is needed; a connection without a message for ``idle_s`` is closed."""
        self._url = url
        self._context = tls_context(url)
        self._local_hostname = url.local_hostname
        self._turns = asyncio.Semaphore(url.connections)
        self._pool = Pool(messages_per_connection=url.messages_per_connection, idle_s=idle_s)
        self._unauthorized_code = 0
        self._unauthorized_until_s = 0.0

    async def deliver(self, envelope: Envelope, mime: bytes) -> tuple[Outcome, ...]:
        """Offer the message to all recipients in one transaction; see ``Transport``.

        A kept connection that proves dead before the server took notice is replaced, once, by a new one. After
        that, and whenever the message itself was on its way, a loss is Deferred.
        """
        if not envelope.rcpt_to:
            return ()
        content = stuff(mime)
        async with self._turns:
            try:
                return await self._offer(envelope, content)
            except Unavailable as failure:
                reply = Reply(code=failure.code, text=failure.text)
                outcome = Deferred(
                    code=reply.code,
                    enhanced=enhanced_code(reply),
                    text=reply.text,
                    host=self._url.host,
                    unreached=True,
                )
                return (outcome,) * len(envelope.rcpt_to)

    async def close(self) -> None:
        """Say goodbye on every kept connection and wait for the end of them all."""
        await self._pool.close()

    async def _offer(self, envelope: Envelope, content: bytes) -> tuple[Outcome, ...]:
        kept = self._pool.take()
        if kept is not None:
            with suppress(Stale):
                return await self._use(kept, envelope, content)
        return await self._use(await self._open(), envelope, content)

    async def _use(self, session: Session, envelope: Envelope, content: bytes) -> tuple[Outcome, ...]:
        try:
            outcomes = await transact(session, envelope, content, host=self._url.host)
        except BaseException:
            # a cancelled conversation is in no state that another message could go on from
            session.abort()
            raise
        self._pool.give(session)
        return outcomes

    async def _open(self) -> Session:
        loop = asyncio.get_running_loop()
        if loop.time() < self._unauthorized_until_s:
            raise Unauthorized(UNAUTHORIZED, code=self._unauthorized_code)
        if not self._local_hostname:
            # may ask the resolver, hence off the loop and once
            self._local_hostname = await asyncio.to_thread(socket.getfqdn)
        try:
            return await open_session(self._url, self._context, self._local_hostname)
        except Unavailable as failure:
            if isinstance(failure, Unauthorized):
                self._unauthorized_code = failure.code
                self._unauthorized_until_s = loop.time() + _UNAUTHORIZED_S
            _log.warning(
                failure.text,
                host=self._url.host,
                port=self._url.port,
                code=failure.code,
                reason=failure.reason,
            )
            raise
