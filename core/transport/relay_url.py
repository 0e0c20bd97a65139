"""Where a relay is and how to speak to it, read from one URL."""

from collections.abc import Callable, Mapping
from typing import Final, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import msgspec

Security = Literal["none", "opportunistic", "starttls", "tls"]


class RelayUrl(msgspec.Struct, frozen=True, kw_only=True):
    """One SMTP server and our manners with it.

    ``opportunistic`` takes STARTTLS where it is offered, ``starttls`` insists on it, ``tls`` is TLS from the first
    octet. ``verify`` is about the certificate. ``timeout_s`` bounds the wait for one reply. ``local_hostname`` is
    what EHLO says; empty is this machine's own name.
    """

    host: str
    port: int
    username: str = ""
    password: str = ""
    security: Security = "opportunistic"
    verify: bool = False
    connections: int = 20
    messages_per_connection: int = 100
    timeout_s: float = 30.0
    local_hostname: str = ""

    def __repr__(self) -> str:
        """Tell no credential: with some providers the user name is one too."""
        return f"RelayUrl({self.host}:{self.port}, security={self.security}, verify={self.verify})"


# ports of RFC 5321, RFC 6409 and RFC 8314
_SCHEMES: Final[Mapping[str, tuple[int, Security]]] = {
    "smtp": (25, "opportunistic"),
    "smtp+starttls": (587, "starttls"),
    "smtps": (465, "tls"),
}


def parse_url(url: str) -> RelayUrl:
    """Read ``smtp://``, ``smtp+starttls://`` or ``smtps://user:password@host:port?option=value&…``.

    Raises ValueError with a sentence for the operator, which never repeats the credentials.
    """
    parts = _parts(url)
    if parts.scheme not in _SCHEMES:
        raise ValueError(f"a relay's URL begins with one of {', '.join(f'{each}://' for each in _SCHEMES)}")
    if parts.path not in ("", "/") or parts.fragment:
        raise ValueError("a relay's URL has no path; in a password write / as %2F, # as %23 and ? as %3F")
    default_port, security = _SCHEMES[parts.scheme]
    username, password = _credentials(parts)
    options = _options(parts.query)
    if "verify" not in options:
        options["verify"] = security != "opportunistic"
    plain: Mapping[str, object] = {
        "host": _host(parts),
        "port": _port(parts, default_port),
        "username": username,
        "password": password,
        "security": security,
    }
    if "security" in options and parts.scheme != "smtp":
        raise ValueError("the option security goes with smtp:// only; the other schemes say it themselves")
    return msgspec.convert({**plain, **options}, RelayUrl)


def _parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        # its words hold whatever stands before the host, credentials included
        raise ValueError("the host in the relay's URL cannot be read") from None


def _host(parts: SplitResult) -> str:
    if not parts.hostname:
        raise ValueError("a relay's URL names a host")
    try:
        parts.hostname.encode("idna")
    except UnicodeError as error:
        raise ValueError("the host in the relay's URL is no host name") from error
    return parts.hostname


def _port(parts: SplitResult, default: int) -> int:
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError("the port in the relay's URL is a number from 1 to 65535") from error
    if port == 0:
        raise ValueError("the port in the relay's URL is a number from 1 to 65535")
    return port or default


def _credentials(parts: SplitResult) -> tuple[str, str]:
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(username) != bool(password):
        raise ValueError("a relay's URL has both a user name and a password, or neither")
    return username, password


def _options(query: str) -> dict[str, object]:
    options: dict[str, object] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in _OPTIONS:
            raise ValueError(f"unknown option {name!r} in the relay's URL; known are {', '.join(_OPTIONS)}")
        if name in options:
            raise ValueError(f"the option {name} stands twice in the relay's URL")
        read, expected = _OPTIONS[name]
        try:
            options[name] = read(text)
        except (KeyError, ValueError) as error:
            raise ValueError(f"the option {name} in the relay's URL is {expected}, not {text!r}") from error
    return options


def _count(text: str) -> int:
    if not 1 <= int(text) <= 10_000:
        raise ValueError(text)
    return int(text)


def _seconds(text: str) -> float:
    if not 0 < float(text) <= 3600:
        raise ValueError(text)
    return float(text)


def _name(text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text or not text:
        raise ValueError(text)
    return text


_OPTIONS: Final[Mapping[str, tuple[Callable[[str], object], str]]] = {
    "security": ({"none": "none", "opportunistic": "opportunistic"}.__getitem__, "none or opportunistic"),
    "verify": ({"yes": True, "no": False}.__getitem__, "yes or no"),
    "connections": (_count, "a number from 1 to 10000"),
    "messages_per_connection": (_count, "a number from 1 to 10000"),
    "timeout_s": (_seconds, "a number of seconds up to 3600"),
    "local_hostname": (_name, "a host name or an address literal"),
}
