"""One SMTP conversation with a client that submits mail: aiosmtpd's, and what it leaves open.

Source: RFC 5321, RFC 4954 (AUTH), RFC 1870 (SIZE), RFC 2920 (PIPELINING).
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, cast

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, LoginPassword, Session

from core.errors import Refusal
from gateway.incoming import Incoming
from gateway.submission import Client, Desk, mailbox, reply

# before a login; each dialect has its own bound after it
_MOST_BYTES: Final = 40 * 1024 * 1024
_FREE_BYTES: Final = 64 * 1024
_MOST_CONNECTIONS: Final = 1000
_MOST_FAILED_LOGINS: Final = 3
# a key in base64 is far shorter
_LONGEST_COMMAND: Final = 4096
# in brackets, with or without quotes in the local part; bare, as some clients have it
_PATH: Final = re.compile(r'\s*(?:<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>|([^\s<>]+))(.*)', re.DOTALL)
_LEAVING: Final = "421 4.3.2 The server is stopping"


class Conversation(SMTP):
    """The server's side of one connection. Mail is taken after a login only."""

    # also the most that the reader holds unread, twice
    line_length_limit = _FREE_BYTES

    def __init__(self, desk: Desk, others: "set[Conversation]") -> None:
        """``others`` are all that are open; this one is among them for as long as it is."""
        # the class has one for all connections, which grows with each EHLO
        self.command_size_limits = defaultdict(lambda: _LONGEST_COMMAND)
        super().__init__(
            None,
            data_size_limit=_MOST_BYTES,
            hostname=desk.host,
            ident="ESMTP Babelpost",
            auth_require_tls=False,
            authenticator=_take_login,
            loop=asyncio.get_running_loop(),
        )
        self._desk = desk
        self._others = others
        self._client: Client | None = None
        self._failed_logins = 0
        self._busy = False
        self._leaving = False

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
    def _most_bytes(self) -> int:
        return _MOST_BYTES if self._client is None else self._client.manners.limit_bytes

    @property
    def _letter(self) -> Envelope:
        # there from the connection on
        return cast("Envelope", self.envelope)

    @property
    def task(self) -> "asyncio.Task[None]":
        """What talks."""
        return cast("asyncio.Task[None]", self._handler_coroutine)

    def leave(self) -> None:
        """End it: now where it only waits for a command, else after the message in work."""
        self._leaving = True
        if not self._busy and self.transport is not None:
            self._writer.write(f"{_LEAVING}\r\n".encode())
            self.transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        if self.transport is not None:
            cast("asyncio.Transport", self.transport).abort()

    async def _handle_client(self) -> None:
        if len(self._others) > _MOST_CONNECTIONS:
            await self._goodbye("421 4.3.2 Too many connections, try again later")
            return
        await super()._handle_client()

    async def _goodbye(self, reply: str) -> None:
        await self.push(reply)
        if self.transport is not None:
            self.transport.close()

    async def handle_exception(self, error: Exception) -> str:
        """What could not be foreseen; nothing of it is told."""
        return self._desk.crashed(error)

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802  # aiosmtpd looks for this name
        """Offer what this server has."""
        if not hostname:
            await self.push("501 5.5.4 Syntax: EHLO hostname")
            return
        self.envelope = self._create_envelope()
        session = cast("Session", self.session)
        session.extended_smtp = True
        session.host_name = hostname
        offers = ("PIPELINING", f"SIZE {self._most_bytes}", "8BITMIME")
        for each in (self.hostname, *offers):
            await self.push(f"250-{each}")
        await self.push("250 AUTH LOGIN PLAIN")

    async def smtp_AUTH(self, arg: str | None) -> None:  # noqa: N802
        """Take a mechanism in any case; after a few wrong keys there is no more to say."""
        mechanism, _, rest = (arg or "").strip().partition(" ")
        await super().smtp_AUTH(f"{mechanism.upper()} {rest}".strip() or None)
        if self._client is None:
            self._failed_logins += 1
            if self._failed_logins >= _MOST_FAILED_LOGINS:
                await self._goodbye("421 4.7.0 Too many failed logins")

    async def auth_PLAIN(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802
        """Likewise for one response."""
        return await self._admitted(await super().auth_PLAIN(server, args))

    async def auth_LOGIN(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802
        """Likewise for two."""
        return await self._admitted(await super().auth_LOGIN(server, args))

    async def challenge_auth(self, *args: Any, **options: Any) -> Any:
        """Ask for the next response; one that never ends ends the conversation."""
        try:
            return await super().challenge_auth(*args, **options)
        except ValueError:
            await self._goodbye("421 4.5.2 Line too long")
            return MISSING

    async def _admitted(self, result: AuthResult) -> AuthResult:
        if not result.success or result.auth_data is None:
            return result
        user, password = (each.decode("utf-8", "replace") for each in result.auth_data)
        answer = await self._desk.login(user, password)
        if isinstance(answer, str):
            return AuthResult(success=False, handled=False, message=answer)
        self._client = answer
        # what MAIL compares its SIZE with
        self.data_size_limit = self._most_bytes
        return AuthResult(success=True)

    async def check_auth_needed(self, caller_method: str) -> bool:
        """Refuse a command before the login."""
        del caller_method
        if self._client is not None:
            return False
        await self.push("530 5.7.0 Authentication required")
        return True

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        found = _PATH.fullmatch(arg)
        return (None, None) if found is None else (found[1] or found[2] or "", found[3].strip())

    def _getparams(self, params: Sequence[str]) -> dict[str, str | bool] | None:
        # RFC 4954 5: whoever offers AUTH takes the parameter of that name, and need not believe it
        found: dict[str, str | bool] | None = super()._getparams(
            [each for each in params if not each.startswith("AUTH=")]
        )
        return found

    async def _call_handler_hook(self, command: str, *args: Any) -> Any:
        return self._recipient(args[0]) if command == "RCPT" else MISSING

    def _recipient(self, path: str) -> Any:
        """Note a recipient, or the reply that refuses it."""
        if self._client is not None and len(self._letter.rcpt_tos) >= self._client.manners.most_recipients:
            return "452 4.5.3 Too many recipients"
        try:
            mailbox(path)
        except Refusal as refusal:
            return reply(refusal)
        return MISSING

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        """Take a message, its size bounded and its memory too."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        if arg or not self._letter.rcpt_tos:
            await self.push("501 5.5.4 Syntax: DATA" if arg else "503 5.5.1 Error: need RCPT command")
            return
        self._busy = True
        try:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            reply = await self._message()
        finally:
            self._busy = False
            self.envelope = self._create_envelope()
        await self.push(reply)
        if self._leaving:
            await self._goodbye(_LEAVING)

    async def _message(self) -> str:
        """Read one and turn with it to the desk; a large one waits for room."""
        declared = self._declared_bytes()
        limit = min(self._most_bytes, declared + _FREE_BYTES) if declared else self._most_bytes
        incoming = Incoming(self._reader, limit)
        await incoming.read(_FREE_BYTES)
        if incoming.whole:
            return await self._accepted(incoming)
        async with self._desk.bodies.hold(limit):
            await incoming.read()
            return await self._accepted(incoming)

    def _declared_bytes(self) -> int:
        sizes = [each[5:] for each in self._letter.mail_options if each.startswith("SIZE=")]
        return int(sizes[0]) if sizes else 0

    async def _accepted(self, incoming: Incoming) -> str:
        if incoming.too_large or self._client is None:
            return "552 5.3.4 The message is larger than allowed, or than its SIZE said"
        return await self._desk.accept(self._client, tuple(self._letter.rcpt_tos), incoming.content())


def _take_login(
    _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword
) -> AuthResult:
    """Let every login through to where it is looked up."""
    return AuthResult(success=True, auth_data=data)


def _look_at(task: "asyncio.Task[None]") -> None:
    """Take a lost connection's exception, which nobody else waits for."""
    if not task.cancelled():
        task.exception()
