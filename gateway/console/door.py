"""Who may look at the console: on one's own machine anybody, elsewhere whoever has the password.

There are no sessions: browsers repeat a password of HTTP Basic (RFC 7617) by themselves, and nothing is changed here
that another site could have its visitor do.
"""

import hmac
from base64 import b64decode
from binascii import Error
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, NamedTuple, Protocol

import structlog
from starlette.requests import Request

from core.core import Core
from gateway.config import Settings
from gateway.proxies import Proxies

_log = structlog.get_logger(__name__)

_GUESSES: Final = 10
_WINDOW_S: Final = 60
# what one subscriber has of IPv6 (RFC 6177)
_SUBSCRIBER_BITS: Final = 64
_CHALLENGE: Final = 'Basic realm="Babelpost console", charset="UTF-8"'
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


class Refused(NamedTuple):
    """Why somebody may not come in."""

    status: int
    title: str
    text: str
    headers: dict[str, str]


class Door(Protocol):
    """Lets in or not."""

    def refusal(self, core: Core, request: Request) -> Refused | None:
        """Why this request is not answered, None where it is."""


def door(settings: Settings, proxies: Proxies) -> Door | None:
    """The door that the settings want; None for no console at all."""
    if settings.console_password:
        return LockedDoor(settings.console_password, proxies)
    return OpenDoor(settings.host) if settings.console_url else None


class OpenDoor:
    """Lets in whoever asks by a name of this machine.

    A site elsewhere can have its own name lead here for its visitors' browsers (DNS rebinding), and would read what we
    answer: it asks by that name, and so does who comes through a tunnel or a proxy.
    """

    def __init__(self, host: str) -> None:
        """``host`` is what is listened on."""
        self._host = host.lower()

    def refusal(self, core: Core, request: Request) -> Refused | None:
        """See ``Door``."""
        del core
        forwarded = any(name in request.headers for name in _FORWARDED)
        if self._is_own(_name(request.headers.get("host", ""))) and not forwarded:
            return None
        return Refused(403, "Not by this address", _ELSEWHERE, {})

    def _is_own(self, name: str) -> bool:
        # RFC 6761 6.3: names below localhost are nobody else's
        if name in ("localhost", self._host) or name.endswith(".localhost"):
            return True
        try:
            return ip_address(name).is_loopback
        except ValueError:
            return False


_ELSEWHERE: Final = (
    "Without a password the console is shown at this machine's own address only, such as http://127.0.0.1 or "
    "http://localhost, and not through a proxy. Set BABELPOST_CONSOLE_PASSWORD to open it from elsewhere."
)


def _name(host: str) -> str:
    """The name or address in a Host header."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].removesuffix(".")


class LockedDoor:
    """Lets in whoever has the password; who guesses it wrong too often waits, counted by each process."""

    def __init__(self, password: str, proxies: Proxies) -> None:
        """Hold no more than a digest, of a fixed length so that a comparison takes the same time for each guess."""
        self._digest = sha256(password.encode()).digest()
        self._proxies = proxies

    def refusal(self, core: Core, request: Request) -> Refused | None:
        """See ``Door``."""
        client, now = self._proxies.client(request), core.clock.now()
        key = f"console {_subscriber(client)}"
        wait_s = core.windows.wait_s(key, now, limit=_GUESSES, window_s=_WINDOW_S)
        if wait_s:
            return Refused(429, "Too many wrong passwords", _WAIT, {"Retry-After": str(wait_s)})
        offered = _password(request.headers.get("authorization", ""))
        if offered is not None:
            if hmac.compare_digest(self._digest, sha256(offered).digest()):
                return None
            core.windows.count(key, now, limit=_GUESSES, window_s=_WINDOW_S)
            _log.warning("wrong password for the console", client=client)
        return Refused(401, "The console needs its password", _ASK, {"WWW-Authenticate": _CHALLENGE})


_ASK: Final = "Any user name will do. The password is the setting BABELPOST_CONSOLE_PASSWORD of this server."
_WAIT: Final = "Please try again in a minute."


def _password(header: str) -> bytes | None:
    """What is offered, None where nothing is that could be a password."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return b64decode(encoded.strip(), validate=True).partition(b":")[2]
    except (Error, ValueError):
        # not what RFC 7617 2 has browsers send: as good as nothing
        return None


def _subscriber(client: str) -> str:
    try:
        at = ip_address(client)
    except ValueError:
        return client
    if isinstance(at, IPv6Address):
        return str(ip_network((at, _SUBSCRIBER_BITS), strict=False))
    return client
