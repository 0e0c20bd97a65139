"""DKIM signatures (RFC 6376, RFC 8463): relaxed/relaxed, RSA-SHA256 and Ed25519-SHA256. Pure.

The body is canonicalized and hashed once however many keys sign. Header fields are listed once more than they occur
("oversigned", RFC 6376 5.4.2), so that nobody can add another one to a signed message.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, Literal

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

Algorithm = Literal["rsa", "ed25519"]

_PRIVATE = RSAPrivateKey | Ed25519PrivateKey

_RSA_BITS: Final = 2048
_RSA_EXPONENT: Final = 65537
_PADDING: Final = PKCS1v15()
_SHA256: Final = hashes.SHA256()
# who sends for more domains than this parses keys again, at 50 µs each
_PARSED: Final = 1000

# signed once more than they occur even where they are absent: an added one would be shown as ours
_ALWAYS: Final = (b"from", b"reply-to", b"to", b"cc", b"subject")
# signed where they occur, and once more: what RFC 6376 5.4.1 names and what receivers act on. RFC 8058 4 wants
# the two of unsubscribing signed.
_WHERE_PRESENT: Final = (
    b"date",
    b"message-id",
    b"mime-version",
    b"content-type",
    b"content-transfer-encoding",
    b"sender",
    b"in-reply-to",
    b"references",
    b"list-id",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"auto-submitted",
    b"feedback-id",
)
_SIGNED: Final = frozenset((*_ALWAYS, *_WHERE_PRESENT))

_RUN: Final = re.compile(rb"[ \t]+")
_SPACES: Final = re.compile(rb"  +")
_FOLDED_RUN: Final = re.compile(rb"[ \t\r\n]+")
_FIELD_END: Final = re.compile(rb"\r\n(?![ \t])")
_LINE: Final = 72
_SLICE_BYTES: Final = 128 * 1024


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """What one signature is made with. ``private`` is PKCS #8 in DER."""

    domain: str
    selector: str
    algorithm: Algorithm
    private: bytes


def record_name(domain: str, selector: str) -> str:
    """Where the public key is published (RFC 6376 3.6.2.1)."""
    return f"{selector}._domainkey.{domain}"


def generate(algorithm: Algorithm) -> bytes:
    """A new private key, as ``Key`` has it. RSA takes a tenth of a second of the processor: not on the loop."""
    if algorithm == "ed25519":
        made: _PRIVATE = Ed25519PrivateKey.generate()
    else:
        made = generate_private_key(_RSA_EXPONENT, _RSA_BITS)
    return made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def public_text(private: bytes) -> str:
    """The public key as a record's ``p=`` has it, in base64."""
    key = _parsed(private)
    if isinstance(key, Ed25519PrivateKey):
        # RFC 8463 4.1: the bare 32 bytes
        made = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    else:
        made = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(made).decode()


def signature(mime: bytes, keys: Sequence[Key], *, at_s: int) -> bytes:
    """The signature fields to put before a message, one for each key. ``at_s``: now, in seconds since 1970 UTC."""
    head, _, body = mime.partition(b"\r\n\r\n")
    hashed = base64.b64encode(body_hash(body))
    names, text = _chosen(_fields(head))
    return b"".join(_field(key, names, text, hashed, at_s) for key in keys)


def body_hash(body: bytes) -> bytes:
    """SHA-256 of a body in its canonical form; of a large one, only a slice is rewritten at a time."""
    made = hashlib.sha256()
    # lines of nothing but spaces at the end are empty lines at the end
    kept = body.rstrip(b" \t\r\n")
    at = 0
    while (end := kept.find(b"\r\n", at + _SLICE_BYTES)) >= 0:
        made.update(_relaxed_lines(kept[at : end + 2]))
        at = end + 2
    if kept:
        made.update(_relaxed_lines(kept[at:]) + b"\r\n")
    return made.digest()


def _relaxed_lines(lines: bytes) -> bytes:
    """Canonicalize whole lines (RFC 6376 3.4.4)."""
    # most bodies have no tab, and most spaces stand alone
    if b"\t" in lines:
        lines = _RUN.sub(b" ", lines)
    elif b"  " in lines:
        lines = _SPACES.sub(b" ", lines)
    return lines.replace(b" \r\n", b"\r\n")


def _fields(head: bytes) -> list[tuple[bytes, bytes]]:
    """Names in lower case with their whole fields, canonical (RFC 6376 3.4.2), from the first to the last."""
    found = []
    for field in _FIELD_END.split(head):
        name, _, value = field.partition(b":")
        name = name.strip().lower()
        if name in _SIGNED:
            found.append((name, name + b":" + _FOLDED_RUN.sub(b" ", value).strip(b" ") + b"\r\n"))
    return found


def _chosen(fields: Iterable[tuple[bytes, bytes]]) -> tuple[list[bytes], bytes]:
    """The names of ``h=`` and what they stand for; of several of a name the last counts first (5.4.2)."""
    by_name: dict[bytes, list[bytes]] = {name: [] for name in _ALWAYS}
    for name, field in fields:
        by_name.setdefault(name, []).append(field)
    names = [name for name, held in by_name.items() for _ in range(len(held) + 1)]
    return names, b"".join(field for held in by_name.values() for field in reversed(held))


def _field(key: Key, names: Sequence[bytes], text: bytes, body_hash: bytes, at_s: int) -> bytes:
    lines = [
        b"v=1; a=%b-sha256; c=relaxed/relaxed; d=%b;" % (key.algorithm.encode(), key.domain.encode()),
        b"s=%b; t=%d;" % (key.selector.encode(), at_s),
        *_listed(names),
        b"bh=%b;" % body_hash,
    ]
    # the field itself is signed too, without the signature and without the line's end (3.7)
    made = _signed(key, text + b"dkim-signature:" + b" ".join([*lines, b"b="]))
    pieces = [made[at : at + _LINE] for at in range(0, len(made), _LINE)]
    pieces[0] = b"b=" + pieces[0]
    return b"DKIM-Signature: " + b"\r\n\t".join([*lines, *pieces]) + b"\r\n"


def _listed(names: Sequence[bytes]) -> Iterator[bytes]:
    """``h=`` in lines that fit; a fold may stand on either side of a colon (3.5)."""
    line = b"h="
    for name in names[:-1]:
        if len(line) + len(name) > _LINE:
            yield line
            line = b""
        line += name + b":"
    yield line + names[-1] + b";"


def _signed(key: Key, data: bytes) -> bytes:
    parsed = _parsed(key.private)
    if isinstance(parsed, Ed25519PrivateKey):
        # RFC 8463 3: what is signed is the hash
        return base64.b64encode(parsed.sign(hashlib.sha256(data).digest()))
    return base64.b64encode(parsed.sign(data, _PADDING, _SHA256))


@lru_cache(maxsize=_PARSED)
def _parsed(private: bytes) -> _PRIVATE:
    # what is stored was made here; proving its primes again would take 50 ms
    key = load_der_private_key(private, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise TypeError("a key that signs no mail")
    return key
