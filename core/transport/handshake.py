"""The beginning of an SMTP connection: connecting, TLS, EHLO, AUTH. aiosmtplib knows these well; we ask it."""

import asyncio
import ssl
from typing import Final

import aiosmtplib
import msgspec

from core.transport.relay_url import RelayUrl
from core.transport.session import Session, fit, take_over

# the text of outcomes that are due to credentials; what the server said of them is for the log
UNAUTHORIZED: Final = "the relay refused our credentials"


class Unavailable(Exception):  # noqa: N818  # names the state
    """No session could be had. ``text`` is fit for a message's events, ``reason`` is for the operator's log."""

    def __init__(self, text: str, *, code: int = 0, reason: str = "") -> None:
        """``code`` is the server's reply, 0 where there was none."""
        super().__init__(text)
        self.text = text
        self.code = code
        self.reason = reason


class TlsFailed(Unavailable):
    """The connection could not be secured; another one without TLS might be had."""


class Unauthorized(Unavailable):
    """The server does not know us: the operator's error, and no fault of any message."""


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """What outcomes call the server; the name that TLS asks it for, where that is not the host that is connected to;
    and the address of ours to come from.
    """  # noqa: D205  # one sentence of three parts

    noun: str = "the relay"
    tls_name: str | None = None
    source: str = ""


_RELAY: Final = Peer()


def tls_context(url: RelayUrl) -> ssl.SSLContext | None:
    """What TLS demands of the relay, read once: loading the system's authorities takes milliseconds."""
    if url.security == "none":
        return None
    if url.verify:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def open_session(
    url: RelayUrl, context: ssl.SSLContext | None, local_hostname: str, peer: Peer = _RELAY
) -> Session:
    """Connect, secure, greet and log in. Raises Unavailable, whatever went wrong."""
    smtp = aiosmtplib.SMTP(
        hostname=url.host,
        port=url.port,
        local_hostname=local_hostname,
        source_address=(peer.source, 0) if peer.source else None,
        timeout=url.timeout_s,
        use_tls=url.security == "tls",
        start_tls=False,
        tls_context=context,
    )
    task = asyncio.create_task(_shake_hands(smtp, url, peer))
    try:
        await asyncio.wait({task})
        return task.result()
    except asyncio.CancelledError:
        await _undo(task)
        raise
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _translated(error, peer.noun) from error
    finally:
        # without effect on a transport that a session has taken over
        smtp.close()


async def _undo(task: asyncio.Task[Session]) -> None:
    # in Python 3.11 a cancelled wait_for whose wait is just over returns as if nothing were (mended in 3.12), so that
    # one cancellation may get lost on its way through aiosmtplib, and even a session may come of it
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.01)
    if not task.cancelled() and task.exception() is None:
        task.result().abort()


async def _shake_hands(smtp: aiosmtplib.SMTP, url: RelayUrl, peer: Peer) -> Session:
    await smtp.connect()
    await _greet(smtp)
    if url.security in ("opportunistic", "starttls"):
        await _secure(smtp, peer, required=url.security == "starttls")
    if url.username:
        await _log_in(smtp, url)
    transport, smtp.transport = smtp.transport, None
    if transport is None:
        raise aiosmtplib.SMTPServerDisconnected("connection lost after the greeting")
    return take_over(transport, frozenset(smtp.esmtp_extensions), url.timeout_s)


async def _greet(smtp: aiosmtplib.SMTP) -> None:
    try:
        await smtp.ehlo()
    except aiosmtplib.SMTPHeloError as error:
        # RFC 5321, 3.2: a server that does not know EHLO is asked in the old way
        if error.code < 500:
            raise
        await smtp.helo()


async def _secure(smtp: aiosmtplib.SMTP, peer: Peer, *, required: bool) -> None:
    if smtp.supports_extension("starttls"):
        try:
            await smtp.starttls(server_hostname=peer.tls_name)
            await _greet(smtp)
        except ssl.SSLError as error:
            raise TlsFailed(f"TLS with {peer.noun} failed", reason=str(error)) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            told = _translated(error, peer.noun)
            raise TlsFailed(told.text, code=told.code, reason=told.reason) from error
    elif required:
        raise Unavailable(
            f"{peer.noun} offers no TLS", reason="STARTTLS is required and not in the EHLO reply"
        )


async def _log_in(smtp: aiosmtplib.SMTP, url: RelayUrl) -> None:
    if not smtp.supported_auth_methods:
        raise Unauthorized(UNAUTHORIZED, reason="AUTH with a known mechanism is not in the EHLO reply")
    try:
        await smtp.login(url.username, url.password)
    except aiosmtplib.SMTPAuthenticationError as error:
        raise Unauthorized(UNAUTHORIZED, code=error.code, reason=_said(error)) from error


def _translated(error: aiosmtplib.SMTPException | OSError, noun: str) -> Unavailable:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        # below 0 where what came was no reply at all
        return Unavailable(_said(error), code=max(error.code, 0), reason=_said(error))
    if isinstance(error, TimeoutError):
        return Unavailable(f"{noun} did not answer in time", reason=str(error))
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return Unavailable(f"TLS with {noun} failed", reason=str(error))
    return Unavailable(f"{noun} could not be reached", reason=str(error))


def _said(error: aiosmtplib.SMTPResponseException) -> str:
    """What the server said; aiosmtplib gives letters that are no UTF-8 as halves of surrogate pairs."""
    return fit(error.message.encode("utf-8", "surrogateescape"))
