"""The conversation with a client that submits mail: it logs in, and mail is taken after that only.

Source: RFC 4954 (AUTH), RFC 2195 (CRAM-MD5), RFC 6409 (submission).
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any, Final, cast

import structlog
from aiosmtpd.smtp import MISSING, AuthResult, Envelope, LoginPassword, Session

from core.errors import Refusal
from gateway.conversation import Conversation
from gateway.replies import reply
from gateway.submission import Client, Desk, mailbox

_log = structlog.get_logger(__name__)

# before a login; each dialect has its own bound after it
_MOST_BYTES: Final = 40 * 1024 * 1024
_MOST_FAILED_LOGINS: Final = 3


class Submitter(Conversation):
    """The server's side of it."""

    AuthLoginUsernameChallenge = "Username:"
    AuthLoginPasswordChallenge = "Password:"

    def __init__(self, desk: Desk, others: "set[Conversation]") -> None:
        """``others`` are all that are open."""
        self._client: Client | None = None
        self._failed_logins = 0
        self._desk = desk
        super().__init__(desk, others, authenticator=_take_login)

    @property
    def most_bytes(self) -> int:
        """The dialect's bound, once it is known which."""
        return _MOST_BYTES if self._client is None else self._client.manners.limit_bytes

    @property
    def offers(self) -> tuple[str, ...]:
        """The ways to log in, where a key may be shown."""
        proof = " CRAM-MD5" if self._desk.takes_proof else ""
        return () if self._is_in_the_open else (f"AUTH PLAIN LOGIN{proof}",)

    @property
    def _is_in_the_open(self) -> bool:
        return self._desk.needs_tls and not self.is_secure

    def begin_anew(self) -> None:
        """Forget the login too."""
        super().begin_anew()
        self._client = None
        self.data_size_limit = self.most_bytes

    async def smtp_AUTH(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd looks for this name
        """Take a mechanism in any case; after a few wrong keys there is no more to say."""
        if self._is_in_the_open:
            # the code of RFC 4954, and the words that Resend was seen to say it in
            await self.push("538 5.7.11 Must issue a STARTTLS command first")
            return
        mechanism, _, rest = (arg or "").strip().partition(" ")
        await super().smtp_AUTH(f"{mechanism.upper()} {rest}".strip() or None)
        if self._client is None:
            self._failed_logins += 1
            if self._failed_logins >= _MOST_FAILED_LOGINS:
                await self.goodbye("421 4.7.0 Too many failed logins")

    async def auth_PLAIN(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802
        """Likewise for one response."""
        return await self._admitted(await super().auth_PLAIN(server, args))

    async def auth_LOGIN(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802
        """Likewise for two."""
        return await self._admitted(await super().auth_LOGIN(server, args))

    async def auth_CRAM__MD5(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802
        """Likewise for a proof (RFC 2195)."""
        del server
        if len(args) > 1:
            await self.push("501 5.5.4 CRAM-MD5 has no initial response")
            return AuthResult(success=False)
        challenge = f"<{secrets.token_hex(16)}@{self.hostname}>".encode()
        response = await self.challenge_auth(challenge)
        if response is MISSING:
            return AuthResult(success=False)
        user, _, digest = response.decode("utf-8", "replace").rpartition(" ")
        return await self._entered(await self._desk.prove(user, challenge, digest))

    async def challenge_auth(self, *args: Any, **options: Any) -> Any:
        """Ask for the next response; one that never ends ends the conversation."""
        try:
            return await super().challenge_auth(*args, **options)
        except ValueError:
            await self.goodbye("421 4.5.2 Line too long")
            return MISSING

    async def _admitted(self, result: AuthResult) -> AuthResult:
        if not result.success or result.auth_data is None:
            return result
        user, password = (each.decode("utf-8", "replace") for each in result.auth_data)
        return await self._entered(await self._desk.login(user, password))

    async def _entered(self, answer: Client | str) -> AuthResult:
        """Let in, or keep whoever guesses waiting."""
        if isinstance(answer, str):
            # address and port, whatever aiosmtpd says of its type
            peer: Any = cast("Session", self.session).peer
            host = str(peer[0]) if isinstance(peer, tuple) else ""
            if answer.startswith("535"):
                _log.warning("login refused", peer=host)
                await asyncio.sleep(self._desk.delay_s(host))
            return AuthResult(success=False, handled=False, message=answer)
        self._client = answer
        # what MAIL compares its SIZE with
        self.data_size_limit = self.most_bytes
        return AuthResult(success=True)

    async def check_auth_needed(self, caller_method: str) -> bool:
        """Refuse a command before the login."""
        del caller_method
        if self._client is not None:
            return False
        wanted = "Must issue a STARTTLS command first" if self._is_in_the_open else "Authentication required"
        await self.push(f"530 5.7.0 {wanted}")
        return True

    async def recipient(self, path: str) -> Any:
        """Take whom mail can be sent to, up to the dialect's number."""
        if self._client is not None and len(self.letter.rcpt_tos) >= self._client.manners.most_recipients:
            return "452 4.5.3 Too many recipients"
        try:
            mailbox(path)
        except Refusal as refusal:
            return reply(refusal)
        return MISSING

    async def keep(self, letter: Envelope, content: Callable[[], bytes]) -> str:
        """Hand a message to the desk."""
        if self._client is None:
            return "530 5.7.0 Authentication required"
        return await self._desk.accept(self._client, tuple(letter.rcpt_tos), content())


def _take_login(
    _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword
) -> AuthResult:
    """Let every login through to where it is looked up."""
    return AuthResult(success=True, auth_data=data)
