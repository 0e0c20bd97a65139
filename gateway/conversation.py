"""One SMTP conversation with a client that brings mail: aiosmtpd's, and what it leaves open.

Who may bring it, for whom and how large is what the kinds of it say: ``submitter``, for clients that log in, and
``exchanger``, for other servers. Source: RFC 5321, RFC 1870 (SIZE), RFC 2034 (ENHANCEDSTATUSCODES), RFC 2920
(PIPELINING), RFC 3207 (STARTTLS).
"""

import asyncio
import re
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, AnyStr, Final, Protocol, cast

from aiosmtpd.smtp import MISSING, SMTP, Envelope, Session

from core.budget import Budget
from gateway.certificate import HANDSHAKE_S, Certificate
from gateway.incoming import Incoming
from gateway.replies import enhanced, printable

_FREE_BYTES: Final = 64 * 1024
_MOST_CONNECTIONS: Final = 1000
# a key in base64 is far shorter
_LONGEST_COMMAND: Final = 4096
# in brackets, with or without quotes in the local part; bare, as some clients have it
_PATH: Final = re.compile(r'\s*(?:<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>|([^\s<>]+))(.*)', re.DOTALL)
# stands for the path of nobody, by which returned mail comes (RFC 5321 4.5.5), where aiosmtpd wants a text
NULL: Final = "<>"
_LEAVING: Final = "421 4.3.2 The server is stopping"
_SILENT: Final = "421 4.4.2 Nothing was said for too long"
_COMMANDS: Final = "AUTH DATA EHLO HELO HELP MAIL NOOP QUIT RCPT RSET STARTTLS VRFY"


class _TooSlow(Exception):  # noqa: N818  # said of a message
    """It did not end in time."""


class Desk(Protocol):
    """Where a conversation turns with what it heard; each kind of conversation asks its own for more."""

    host: str
    bodies: Budget
    certificate: Certificate | None

    def crashed(self, error: Exception) -> str:
        """The reply to what could not be foreseen; the log has the rest."""
        ...


class Conversation(SMTP, ABC):
    """The server's side of one connection."""

    # also the most that the reader holds unread, twice
    line_length_limit = _FREE_BYTES
    # refusals in a row; a message that is taken makes up for those before it
    most_errors = 100
    # forty megabytes take so long at 200 kbit/s
    longest_letter_s = 1800.0

    def __init__(self, desk: Desk, others: "set[Conversation]", **options: Any) -> None:
        """``others`` are all that are open; this one is among them for as long as it is."""
        # the class has one for all connections, which grows with each EHLO
        self.command_size_limits = defaultdict(lambda: _LONGEST_COMMAND)
        super().__init__(
            None,
            data_size_limit=self.most_bytes,
            hostname=desk.host,
            ident="ESMTP Babelpost",
            auth_require_tls=False,
            loop=asyncio.get_running_loop(),
            **options,
        )
        self._house = desk
        self._others = others
        self._busy = False
        self._leaving = False
        self._errors = 0

    @property
    @abstractmethod
    def most_bytes(self) -> int:
        """The most that a message may have."""

    @property
    @abstractmethod
    def offers(self) -> tuple[str, ...]:
        """What EHLO says beside the extensions that every kind has."""

    def begin_anew(self) -> None:
        """Forget what was said before TLS, where anybody on the way may have said it (RFC 3207 4.2)."""
        self.session = self._create_session()
        self.session.ssl = {}
        self.envelope = self._create_envelope()

    @abstractmethod
    async def recipient(self, path: str) -> Any:
        """MISSING to take a recipient, or the reply that refuses it."""

    @abstractmethod
    async def keep(self, letter: Envelope, content: Callable[[], bytes]) -> str:
        """Take a message whose octets ``content`` gives once, and tell the reply."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count this one in."""
        self._others.add(self)
        super().connection_made(transport)
        self.task.add_done_callback(_look_at)

    def connection_lost(self, error: Exception | None) -> None:
        """Count it out."""
        self._others.discard(self)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """A message that keeps coming may take longer than a command."""
        super().data_received(data)
        if self._busy:
            self._reset_timeout()

    @property
    def letter(self) -> Envelope:
        """The transaction that runs, or is to begin."""
        # there from the connection on
        return cast("Envelope", self.envelope)

    @property
    def task(self) -> "asyncio.Task[None]":
        """What talks."""
        return cast("asyncio.Task[None]", self._handler_coroutine)

    @property
    def is_secure(self) -> bool:
        """Whether nobody on the way can read along."""
        return self.transport is not None and self.transport.get_extra_info("sslcontext") is not None

    def leave(self) -> None:
        """End it: now where it only waits for a command, else after the message in work."""
        self._leaving = True
        if not self._busy:
            self._part(_LEAVING)

    def abort(self) -> None:
        """Cut the connection."""
        if self.transport is not None:
            cast("asyncio.Transport", self.transport).abort()

    async def _handle_client(self) -> None:
        if len(self._others) > _MOST_CONNECTIONS:
            await self.goodbye("421 4.3.2 Too many connections, try again later")
            return
        await super()._handle_client()

    def _timeout_cb(self) -> None:
        self._part(_SILENT)

    def _part(self, reply: str) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self._writer.write(f"{reply}\r\n".encode())
            self.transport.close()

    async def push(self, status: AnyStr) -> None:
        """Say a reply, with an enhanced code where aiosmtpd has none; after too many refusals it is the last."""
        said = enhanced(printable(_text(status)))
        await super().push(said)
        self._errors += said[0] in "45"
        if self._errors >= self.most_errors:
            self._part("421 4.7.0 Too many errors")

    async def goodbye(self, reply: str) -> None:
        """Say a last reply."""
        await self.push(reply)
        if self.transport is not None:
            self.transport.close()

    async def handle_exception(self, error: Exception) -> str:
        """What could not be foreseen; nothing of it is told."""
        return self._house.crashed(error)

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802  # aiosmtpd looks for this name
        """Offer what this server has."""
        if not hostname:
            await self.push("501 5.5.4 Syntax: EHLO hostname")
            return
        self.envelope = self._create_envelope()
        session = cast("Session", self.session)
        session.extended_smtp = True
        session.host_name = hostname
        secure = ("STARTTLS",) if self._house.certificate is not None and not self.is_secure else ()
        size = f"SIZE {self.most_bytes}"
        # no enhanced codes here (RFC 2034 3)
        for each in (self.hostname, "PIPELINING", size, "ENHANCEDSTATUSCODES", *secure, *self.offers):
            await super().push(f"250-{each}")
        await super().push("250 8BITMIME")

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802
        """Talk without extensions."""
        if not hostname:
            await self.push("501 5.5.4 Syntax: HELO hostname")
            return
        self.envelope = self._create_envelope()
        session = cast("Session", self.session)
        session.extended_smtp = False
        session.host_name = hostname
        await super().push(f"250 {self.hostname}")

    async def smtp_HELP(self, arg: str | None) -> None:  # noqa: N802
        """Name the commands, to anybody."""
        del arg
        await self.push(f"214 2.0.0 {_COMMANDS}")

    async def smtp_VRFY(self, arg: str | None) -> None:  # noqa: N802
        """Tell nobody who is here (RFC 5321 7.3)."""
        if not await self.check_auth_needed("VRFY"):
            known = "252 2.1.5 Send mail to find out" if arg else "501 5.5.4 Syntax: VRFY address"
            await self.push(known)

    async def smtp_EXPN(self, arg: str | None) -> None:  # noqa: N802
        """There are no lists."""
        del arg
        await self.push("502 5.5.1 EXPN is not offered")

    async def smtp_BDAT(self, arg: str | None) -> None:  # noqa: N802
        """Nor is a message taken in chunks (RFC 3030); one that is sent all the same would be read as commands."""
        del arg
        await self.goodbye("502 5.5.1 BDAT is not offered")

    async def smtp_STARTTLS(self, arg: str | None) -> None:  # noqa: N802
        """Go on encrypted (RFC 3207)."""
        certificate = self._house.certificate
        if certificate is None:
            await self.push("502 5.5.1 STARTTLS is not offered")
        elif self.is_secure or arg:
            await self.push("501 5.5.4 Syntax: STARTTLS" if arg else "503 5.5.1 TLS has begun already")
        else:
            await self._start_tls(certificate)

    async def _start_tls(self, certificate: Certificate) -> None:
        plain = cast("asyncio.Transport", self.transport)
        plain.pause_reading()
        # what came behind the command was said in the open, and would be obeyed as if it had been said in private
        # (a reader has no other way to drop what it holds)
        self._reader._buffer.clear()  # type: ignore[attr-defined]  # noqa: SLF001
        await self.push("220 2.0.0 Ready to start TLS")
        try:
            await self._writer.start_tls(certificate.context, ssl_handshake_timeout=HANDSHAKE_S)
        except OSError as error:
            # the client's trouble, and nothing more can be said to it
            raise ConnectionResetError from error
        self.transport = self._writer.transport
        # some versions of Python leave it the plain one
        self._reader._transport = self.transport  # type: ignore[attr-defined]  # noqa: SLF001
        self.begin_anew()

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        found = _PATH.fullmatch(arg)
        return (None, None) if found is None else (found[1] or found[2] or NULL, found[3].strip())

    def _getparams(self, params: Sequence[str]) -> dict[str, str | bool] | None:
        # RFC 4954 5: whoever offers AUTH takes the parameter of that name, and need not believe it
        found: dict[str, str | bool] | None = super()._getparams(
            [each for each in params if not each.startswith("AUTH=")]
        )
        return found

    async def _call_handler_hook(self, command: str, *args: Any) -> Any:
        return await self.recipient(args[0]) if command == "RCPT" else MISSING

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        """Take a message, its size bounded and its memory too."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        if arg or not self.letter.rcpt_tos:
            await self.push("501 5.5.4 Syntax: DATA" if arg else "503 5.5.1 Error: need RCPT command")
            return
        self._busy = True
        try:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            reply = await self._message()
        except _TooSlow:
            await self.goodbye("421 4.4.2 The message took too long")
            return
        finally:
            self._busy = False
            self.envelope = self._create_envelope()
        if reply.startswith("250"):
            self._errors = 0
        await self.push(reply)
        if self._leaving:
            await self.goodbye(_LEAVING)

    async def _message(self) -> str:
        """Read one and turn with it to the desk; a large one waits for room."""
        declared = self._declared_bytes()
        limit = min(self.most_bytes, declared + _FREE_BYTES) if declared else self.most_bytes
        incoming = Incoming(self._reader, limit)
        await self._in_time(incoming.read(_FREE_BYTES))
        if incoming.whole:
            return await self._accepted(incoming)
        async with self._house.bodies.hold(limit):
            await self._in_time(incoming.read())
            return await self._accepted(incoming)

    async def _in_time(self, reading: Coroutine[Any, Any, None]) -> None:
        """Read; raises _TooSlow for a client that never comes to an end, which holds room all the while."""
        try:
            async with asyncio.timeout(self.longest_letter_s):
                await reading
        except TimeoutError as error:
            raise _TooSlow from error

    def _declared_bytes(self) -> int:
        sizes = [each[5:] for each in self.letter.mail_options if each.startswith("SIZE=")]
        return int(sizes[0]) if sizes else 0

    async def _accepted(self, incoming: Incoming) -> str:
        if incoming.too_large:
            return "552 5.3.4 The message is larger than allowed, or than its SIZE said"
        return await self.keep(self.letter, incoming.content)


def _text(status: str | bytes) -> str:
    return status if isinstance(status, str) else status.decode("utf-8", "replace")


def _look_at(task: "asyncio.Task[None]") -> None:
    """Take a lost connection's exception, which nobody else waits for."""
    if not task.cancelled():
        task.exception()
