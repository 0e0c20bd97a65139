"""The conversation with another server that brings mail for somebody here: it needs no login, and is sent nowhere else.

Source: RFC 5321; RFC 6531 (SMTPUTF8); RFC 5321 4.5.5 (the null sender of returned mail).
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

from aiosmtpd.smtp import MISSING, Session
from aiosmtpd.smtp import Envelope as Letter

from gateway.conversation import NULL, Conversation
from gateway.reception import Envelope, Reception

# RFC 5321 4.5.3.1.8 wants a hundred at least
_MOST_RECIPIENTS: Final = 100
_MOST_MESSAGES: Final = 100
_LONGEST_S: Final = 3600.0


class Exchanger(Conversation):
    """The server's side of it."""

    # whoever guesses at addresses must come again
    most_errors = 20
    # anybody may bring one, and a large one keeps others waiting: 50 MB in ten minutes are 87 kB a second
    longest_letter_s = 600.0

    def __init__(self, desk: Reception, others: "set[Conversation]") -> None:
        """``others`` are all that are open."""
        self._desk = desk
        super().__init__(desk, others, enable_SMTPUTF8=True)
        self._messages = 0
        self._taken: Envelope | None = None
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let no conversation last for ever, however lively."""
        super().connection_made(transport)
        self._end = asyncio.get_running_loop().call_later(_LONGEST_S, self.leave)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget it."""
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(error)

    @property
    def most_bytes(self) -> int:
        """What the operator allows."""
        return self._desk.most_bytes

    @property
    def offers(self) -> tuple[str, ...]:
        """What mail in other letters needs."""
        return ("SMTPUTF8",)

    async def smtp_AUTH(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd looks for this name
        """Take no login: mail to be sent on goes to the port for submission."""
        del arg
        await self.push("502 5.5.1 There are no logins here")

    def _create_envelope(self) -> Letter:
        self._taken = None
        return super()._create_envelope()

    async def recipient(self, path: str) -> Any:
        """Take whom mail here is for."""
        if self._messages >= _MOST_MESSAGES:
            return "452 4.5.3 Too many messages, come again for the others"
        if len(self.letter.rcpt_tos) >= _MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        return await self._desk.admit(self._envelope(), path) or MISSING

    def _envelope(self) -> Envelope:
        if self._taken is None:
            session = cast("Session", self.session)
            sender = str(self.letter.mail_from).encode("utf-8", "replace").decode()
            # address and port, whatever aiosmtpd says of its type
            peer: Any = session.peer
            self._taken = Envelope(
                helo=str(session.host_name),
                peer=str(peer[0]) if isinstance(peer, tuple) else "",
                protocol=("ESMTP" if session.extended_smtp else "SMTP") + "S" * self.is_secure,
                mail_from="" if sender == NULL else sender,
            )
        return self._taken

    async def keep(self, letter: Letter, content: Callable[[], bytes]) -> str:
        """Hand a message to the desk."""
        del letter
        self._messages += 1
        return await self._desk.accept(self._envelope(), content())
