"""One message through one SMTP session: MAIL, RCPT, DATA, and what each reply means for each recipient."""

import re
from collections.abc import Sequence
from typing import Final

import structlog

from core.transport.handshake import UNAUTHORIZED
from core.transport.session import Reply, Session
from core.transport.transport import Bounced, Deferred, Delivered, Envelope, Outcome

_log = structlog.get_logger(__name__)

_RSET: Final = b"RSET"
_DATA: Final = b"DATA"
# RFC 3463: class, subject, detail, at the beginning of the text
_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")
# RFC 4954 (530, 534, 535, 538): the server wants to know who we are, which no other message would change
_UNAUTHORIZED: Final = frozenset({530, 534, 535, 538})
# what could end a command or an address early
_UNFIT: Final = re.compile(r"[^\x20-\x7e]|[<>]")
_TO_ESCAPE: Final = re.compile(r"[^!-~]|[+=]")
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")


def stuff(mime: bytes) -> bytes:
    """Make a message ready for DATA: a dot more where a line begins with one (RFC 5321, 4.5.2).

    A lone CR or LF becomes CRLF first: servers disagree on whether it ends a line, and a dot between two of them
    could end the message for one of them only (known as SMTP smuggling).
    """
    ends = mime.count(b"\r\n")
    if mime.count(b"\n") != ends or mime.count(b"\r") != ends:
        mime = _LINE_END.sub(b"\r\n", mime)
    if not mime.endswith(b"\r\n"):
        mime += b"\r\n"
    stuffed = mime.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


class Stale(Exception):  # noqa: N818  # says what the session is; nothing went wrong with the message
    """A session that had served before was found dead before the server took notice of this message."""


async def transact(
    session: Session, envelope: Envelope, content: bytes, *, host: str, is_ours: bool = True
) -> tuple[Outcome, ...]:
    """Offer stuffed ``content`` to every recipient; ``host`` is the server's name in the outcomes.

    ``is_ours``: the operator chose the server, so that one which wants to know us is no fault of a message. Raises
    Stale, after which the same message may be offered on another session.
    """
    commands = _commands(session, envelope, len(content))
    resetting = session.unfinished
    served, session.transactions, session.unfinished = session.transactions, session.transactions + 1, True
    if resetting:
        await session.exchange([_RSET])
    replies = await _offer(session, commands)
    if served and (not replies or replies[0].code == 421):
        raise Stale
    verdicts = await _verdicts(session, replies, len(envelope.rcpt_to), content)
    refusal = next((each for each in verdicts if each.code in _UNAUTHORIZED), None) if is_ours else None
    if refusal is not None:
        _log.warning(UNAUTHORIZED, host=host, code=refusal.code, reason=refusal.text)
    # of MAIL and DATA there is one reply for all recipients, of RCPT one for each
    own = {id(reply) for reply in replies[1 : 1 + len(envelope.rcpt_to)]}
    return tuple(
        _unauthorized(verdict, host)
        if is_ours and verdict.code in _UNAUTHORIZED
        else _outcome(verdict, host, of_all=id(verdict) not in own)
        for verdict in verdicts
    )


def _commands(session: Session, envelope: Envelope, size_bytes: int) -> list[bytes]:
    # RFC 1870: a server that would refuse the size can say so before it was sent. The dots that stuffing added
    # would not count; a few octets too many do no harm.
    size = b" SIZE=%d" % size_bytes if session.takes_size else b""
    recipients = [b"RCPT TO:<%b>" % _said(each) for each in envelope.rcpt_to]
    if envelope.reported and session.reports:
        # RFC 3461 4.3 and 4.2: the header of the message is enough, and whom it was forwarded to is none of ours
        size += b" RET=HDRS"
        named = zip(recipients, envelope.rcpt_to, strict=True)
        recipients = [b"%b ORCPT=rfc822;%b" % (said, _xtext(address)) for said, address in named]
    return [b"MAIL FROM:<%b>%b" % (_said(envelope.mail_from), size), *recipients, _DATA]


def _xtext(address: str) -> bytes:
    """RFC 3461, 4: what would end a parameter or begin an escape is escaped."""
    return _TO_ESCAPE.sub(lambda found: f"+{ord(found[0]):02X}", address).encode("ascii")


def _said(address: str) -> bytes:
    if _UNFIT.search(address):
        raise ValueError("an address that cannot be said in SMTP came past every check")
    return address.encode("ascii")


async def _offer(session: Session, commands: Sequence[bytes]) -> list[Reply]:
    """Replies to a transaction's commands; those that are missing at the end were not sent or got none."""
    if session.pipelining:
        return await session.exchange(commands)
    replies: list[Reply] = []
    for command in commands:
        if command is _DATA and not any(reply.accepts for reply in replies[1:]):
            break
        replies += await session.exchange([command])
        if not session.is_open or not replies[0].accepts:
            break
    return replies


async def _verdicts(session: Session, replies: list[Reply], count: int, content: bytes) -> list[Reply]:
    """The reply that counts for each recipient."""
    farewell = next((reply for reply in replies if reply.code == 421), None)
    lost = farewell or Reply(code=0, text="the connection was lost")
    mail, *answered = replies or [lost]
    if not mail.accepts:
        if len(answered) > count and answered[count].code == 354:
            await _withdraw(session)
        return [mail] * count
    recipients, data = answered[:count], answered[count:]
    if not any(reply.accepts for reply in recipients):
        if data and data[0].code == 354:
            await _withdraw(session)
        return recipients + [lost] * (count - len(recipients))
    final = await _content(session, data[0], content) if data else lost
    return [final if reply.accepts else reply for reply in recipients] + [lost] * (count - len(recipients))


async def _withdraw(session: Session) -> None:
    """RFC 2920, 3.1: a server may say 354 though it took no recipient; a lone dot leads out of it."""
    await session.send_content(b"")


async def _content(session: Session, data: Reply, content: bytes) -> Reply:
    if data.code >= 400:
        return data
    if data.code != 354:
        session.abort()
        return Reply(code=0, text="the server's reply to DATA was out of order")
    final = await session.send_content(content)
    if final is None:
        return Reply(code=0, text="the connection was lost before the server answered for the message")
    session.unfinished = False
    return final


def _unauthorized(reply: Reply, host: str) -> Outcome:
    return Deferred(code=reply.code, enhanced=enhanced_code(reply), text=UNAUTHORIZED, host=host)


def _outcome(reply: Reply, host: str, *, of_all: bool) -> Outcome:
    enhanced = enhanced_code(reply)
    if reply.accepts:
        return Delivered(code=reply.code, enhanced=enhanced, text=reply.text, host=host)
    if 500 <= reply.code < 600:
        return Bounced(code=reply.code, enhanced=enhanced, text=reply.text, host=host, of_all=of_all)
    return Deferred(code=reply.code, enhanced=enhanced, text=reply.text, host=host)


def enhanced_code(reply: Reply) -> str:
    """The RFC 3463 code that a reply's text begins with; empty where there is none, or one of another class."""
    found = _ENHANCED.match(reply.text)
    return found[0] if found and int(found[0][0]) == reply.code // 100 else ""
