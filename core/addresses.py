"""Email addresses: read from what people write, compared, and written for mail and for people. Pure."""

import re
from typing import Final, Literal

import idna
import msgspec

from core import words

Reason = Literal["empty", "no_at", "local", "domain", "dotless", "control", "several"]

# possessive repeats of single characters alone: those of groups go wrong before Python 3.11.5 (gh-106052)
_ATEXT: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_LOCAL: Final = rf"{_ATEXT}++(?:\.{_ATEXT}++)*"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# a host name by RFC 1123 2.1; a last label of digits alone would be an IP address
_HOST: Final = rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}"

# the forms that nearly every address has, read in one step; everything else takes the long way
_USUAL: Final = re.compile(
    rf"(?:(?P<name>[A-Za-z0-9]++(?:[ .'_-][A-Za-z0-9]++)*)[ ]*+)?<(?P<in_local>{_LOCAL})@(?P<in_host>[a-z0-9.-]++)>"
    rf"|(?P<local>{_LOCAL})@(?P<host>[a-z0-9.-]++)"
)
_HOSTNAME: Final = re.compile(_HOST)
_LOCAL_PART: Final = re.compile(rf'{_LOCAL}|"(?:[^"\\\x00-\x1f\x7f-\U0010ffff]|\\[ -~])*"')
# RFC 5321 4.5.3.1
_MOST_LOCAL: Final = 64
_MOST_HOST: Final = 253
_MOST_EMAIL: Final = 254

# what would break out of a header field, or cannot be written as UTF-8
_CONTROL: Final = re.compile("[\r\n\x00\ud800-\udfff]")
# the bound on escapes keeps a text that opens quotes and never closes one from being read again and again
_QUOTED: Final = r'"[^"\\]*+(?:\\.[^"\\]*+){0,200}"'
_QUOTED_STRING: Final = re.compile(_QUOTED)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_PIECE: Final = re.compile(rf'(?:{_QUOTED}|<[^<>]*+>|[^,"<]++|["<])+', re.DOTALL)
_IN_BRACKETS: Final = re.compile(r"<[^<>]*@[^<>]*>")
_ATOMS: Final = re.compile(rf"{_ATEXT}++(?: {_ATEXT}++)*")
_SPECIALS: Final = re.compile(r'[()<>@,;:\\"]')
_TO_ESCAPE: Final = re.compile(r'(["\\])')


class Address(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A mailbox: ``email`` with its domain in lower-case A-labels, ``name`` decoded and without quotes."""

    email: str
    name: str = ""


class AddressError(ValueError):
    """A text that is no address; ``email`` is its bare address part and ``domain`` what follows the at sign."""

    def __init__(self, reason: Reason, email: str = "", domain: str = "") -> None:
        super().__init__(f"not an email address ({reason}): {email!r}")
        self.reason: Reason = reason
        self.email = email
        self.domain = domain


def parse(text: str) -> Address:
    """One mailbox in any of the forms ``a@b.c``, ``<a@b.c>``, ``Name <a@b.c>``, ``"Last, First" <a@b.c>``.

    Raises AddressError. A comma in a name without quotes is read as part of the name where only one address stands.
    """
    if (usual := _USUAL.fullmatch(text)) is None:
        return _parse(text)
    name, in_local, in_host, local, host = usual.groups()
    local, host = (local, host) if local is not None else (in_local, in_host)
    if _HOSTNAME.fullmatch(host) is None or len(local) > _MOST_LOCAL or len(local) + len(host) >= _MOST_EMAIL:
        return _parse(text)
    return Address(f"{local}@{host}", name) if name is not None else Address(f"{local}@{host}")


def _parse(text: str) -> Address:
    text = text.strip(" \t")
    if _CONTROL.search(text):
        raise AddressError("control", text)
    text = text.strip()
    name, bare = _halves(text)
    if _has_more(name) if text.endswith(">") else _is_list(text):
        raise AddressError("several", text)
    email = _email(bare)
    shown = _shown(name)
    if _CONTROL.search(shown):
        raise AddressError("control", bare)
    return Address(email, shown)


def _halves(text: str) -> tuple[str, str]:
    """Name and bare address: the address stands between the last ``<`` and a ``>`` at the very end."""
    start = text.rfind("<") if text.endswith(">") else -1
    return ("", text) if start < 0 else (text[:start].strip(), text[start + 1 : -1].strip())


def _has_more(name: str) -> bool:
    """Whether what stands before the brackets holds an address of its own, outside of quotes."""
    rest = _QUOTED_STRING.sub("", name)
    return _IN_BRACKETS.search(rest) is not None or any("@" in piece for piece in rest.split(",")[:-1])


def _is_list(text: str) -> bool:
    return "," in text and sum("@" in piece for piece in split(text)) > 1


def _email(bare: str) -> str:
    local, at, domain = bare.rpartition("@")
    if not bare:
        raise AddressError("empty")
    if not at:
        raise AddressError("no_at", bare)
    if len(local) > _MOST_LOCAL or _LOCAL_PART.fullmatch(local) is None:
        raise AddressError("local", bare, domain)
    host = _host(bare, domain)
    if len(local) + len(host) >= _MOST_EMAIL:
        raise AddressError("domain", bare, domain)
    return f"{local}@{host}"


def _host(bare: str, domain: str) -> str:
    """The domain as a lower-case host name in A-labels."""
    if not domain or len(domain) > _MOST_HOST:
        raise AddressError("domain", bare, domain)
    try:
        host = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise AddressError("domain", bare, domain) from error
    if "." not in host:
        raise AddressError("dotless", bare, domain)
    if len(host) > _MOST_HOST or _HOSTNAME.fullmatch(host) is None:
        raise AddressError("domain", bare, domain)
    return host


def _shown(name: str) -> str:
    """A name as people read it: quotes and escapes undone, encoded words decoded, also where quotes hold them."""
    if '"' in name:
        name = _QUOTED_STRING.sub(lambda quoted: _ESCAPE.sub(r"\1", quoted[0][1:-1]), name)
    return words.decode(name).strip()


def split(text: str) -> list[str]:
    """The addresses of a list as texts, cut at commas outside of quotes and brackets; empty pieces are dropped."""
    pieces = _PIECE.findall(text) if '"' in text or "<" in text else text.split(",")
    return [piece for piece in map(str.strip, pieces) if piece]


def parse_list(text: str) -> tuple[Address, ...]:
    """Every mailbox of a comma-separated list; raises AddressError for the first that is none."""
    return tuple([parse(piece) for piece in split(text)])


def header(address: Address) -> str:
    """The mailbox in ASCII, as a header field holds it (RFC 5322 3.4), not folded."""
    name = address.name
    if not name:
        return address.email
    if not words.is_plain(name):
        name = words.encode_all(name)
    elif _ATOMS.fullmatch(name) is None:
        name = _in_quotes(name)
    return f"{name} <{address.email}>"


def display(address: Address) -> str:
    """The mailbox for people: the name as it is, in quotes only where it needs them, the domain in its own letters."""
    local, _, domain = address.email.rpartition("@")
    email = f"{local}@{_in_letters(domain)}" if "xn--" in domain else address.email
    name = address.name
    if not name:
        return email
    return f"{_in_quotes(name) if _SPECIALS.search(name) else name} <{email}>"


def _in_letters(domain: str) -> str:
    try:
        return idna.decode(domain)
    except idna.IDNAError:
        return domain


def _in_quotes(name: str) -> str:
    return '"' + _TO_ESCAPE.sub(r"\\\1", name) + '"'


def key(email: str) -> str:
    """The form in which addresses are compared."""
    return email.lower()


def domain(email_key: str) -> str:
    """What follows the last at sign, in the form in which it was given; the destination of mail to it."""
    return email_key[email_key.rfind("@") + 1 :]
