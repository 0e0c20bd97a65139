"""Whom an address field of a strange letter names: what can be understood, and never a refusal. Pure."""

import re
from collections.abc import Iterator
from email.utils import getaddresses
from typing import Final

from core import addresses, parsing
from core.addresses import Address, AddressError
from core.inbound.letter import Mailbox

# of one field; nobody writes to more by hand
_MOST: Final = 1000
# the standard reader of comments takes time that grows with the square
_LONGEST_PIECE: Final = 1000
# RFC 5322 3.4: "Team: a@b.example, c@d.example;"
_GROUP: Final = re.compile(r'^[^"<@:]*:')
_LETTERS: Final = re.compile(r'[^\s<>()\[\]:;,"\\@\x00-\x1f\x7f]{1,64}')
_ODD: Final = (AddressError, RecursionError, IndexError)


def mailboxes(text: str) -> tuple[Mailbox, ...]:
    """Every mailbox of a field; groups are flattened, and what is no address is passed over."""
    return tuple(mailbox(each) for _, each in zip(range(_MOST), _found(text), strict=False))


def mailbox(address: Address) -> Mailbox:
    """An address with the hash that it carries."""
    return Mailbox(address.email, address.name, hash_of(address.email))


def hash_of(email: str) -> str:
    """What stands behind the first plus in the local part."""
    return email.rpartition("@")[0].partition("+")[2]


def _found(text: str) -> Iterator[Address]:
    for piece in addresses.split(text):
        bare = _GROUP.sub("", piece).strip().rstrip(";").strip()
        found = (bare and _parsed(bare)) or _commented(bare)
        if found is not None:
            yield found


def _parsed(piece: str) -> Address | None:
    try:
        return addresses.parse(piece)
    except AddressError as error:
        return _international(piece, error)


def _international(piece: str, error: AddressError) -> Address | None:
    """A mailbox with letters beyond ASCII before the at sign, which cannot be sent to from here (RFC 6531 3.3)."""
    local = error.email.rpartition("@")[0]
    if error.reason != "local" or local.isascii() or _LETTERS.fullmatch(local) is None:
        return None
    before, _, behind = piece.rpartition(error.email)
    try:
        found = addresses.parse(f"{before}any@{error.domain}{behind}")
    except AddressError:
        return None
    return Address(f"{local}@{found.email.rpartition('@')[2]}", found.name)


def _commented(piece: str) -> Address | None:
    """A mailbox among comments, or in another form that only old mail has."""
    if "@" not in piece or len(piece) > _LONGEST_PIECE:
        return None
    try:
        pairs = getaddresses([piece])
        name, bare = pairs[0] if pairs else ("", "")
        found = addresses.parse(bare)
    except _ODD:
        return None
    return Address(found.email, parsing.decoded(name))
