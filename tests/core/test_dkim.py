"""core.dkim: what is signed verifies with an independent verifier, and nothing that was changed does."""

import base64
import hashlib
from email import policy
from email.parser import BytesParser

import dkim as verifier
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import dkim
from core.addresses import Address
from core.mime import Letter, Part, build

RSA = dkim.Key(domain="example.org", selector="bp20261126", algorithm="rsa", private=dkim.generate("rsa"))
ED25519 = dkim.Key(
    domain="example.org", selector="bp20261126e", algorithm="ed25519", private=dkim.generate("ed25519")
)
BOTH = [RSA, ED25519]
RECORDS = {
    f"{key.selector}._domainkey.{key.domain}.".encode(): (
        f"v=DKIM1; k={key.algorithm}; p={dkim.public_text(key.private)}".encode()
    )
    for key in BOTH
}


def record(name, **_):
    """The TXT record that a verifier asks for."""
    return RECORDS.get(name, b"")


def verified(mime):
    """What the verifier says of each signature."""
    held = verifier.DKIM(mime)
    count = sum(1 for name, _ in held.headers if name.lower() == b"dkim-signature")
    return [held.verify(idx=at, dnsfunc=record) for at in range(count)]


def signed(mime, *keys):
    """A message with its signatures."""
    return dkim.signature(mime, keys or BOTH, at_s=1_795_000_000) + mime


LETTER = Letter(
    message_id="<1@example.org>",
    date=1_795_000_000_000_000,
    sender=Address("ann@example.org", "Ann"),
    to=(Address("bob@example.net", ""),),
    cc=(Address("cas@example.net", "Cas"),),
    subject="Hello",
    headers=(("List-Unsubscribe", "<https://example.org/u>"), ("X-Other", "1")),
    text="Hello  Bob \n\n\n",
    html="<p>\tHello</p>",
    boundary="0123",
)


def letter(**changes):
    """The letter, with something else on it."""
    return msgspec.structs.replace(LETTER, **changes)


_WORDS = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=("Cs", "Cc")), max_size=120)
_TEXTS = st.text(st.sampled_from("ab \t\r\n.=-ü"), max_size=400)
_LETTERS = st.builds(
    letter,
    subject=_WORDS,
    text=_TEXTS,
    html=st.none() | _TEXTS,
    headers=st.lists(
        st.tuples(st.sampled_from(["Reply-To", "List-Unsubscribe", "References", "X-A"]), _WORDS), max_size=4
    ).map(tuple),
    parts=st.lists(
        st.binary(max_size=300).map(lambda data: Part(filename="a b.bin", data=data)), max_size=2
    ).map(tuple),
)


@given(_LETTERS)
def test_what_is_signed_verifies(made):
    """Whatever a letter says, both signatures hold."""
    assert [True, True] == verified(signed(build(made)))


_BODIES = st.lists(
    st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"  ", b"\r\n\r\n", b".", b"b c"]), max_size=60
)


@given(_BODIES.map(lambda pieces: b"".join([*pieces, b"\r\n"])))
def test_any_body_verifies(body):
    """Spaces and empty lines wherever they stand are read as every verifier reads them."""
    assert [True, True] == verified(signed(b"From: a@example.org\r\nSubject: x\r\n\r\n" + body))


@pytest.mark.parametrize("large", [b"ab  c\t \r\n" * 60_000, b"x" * 300_000 + b" \r\n" * 9, b"\r\n" * 9000])
def test_large_bodies_verify(large):
    """A body is hashed in slices, and the slices leave no mark."""
    expected = verifier.canonicalization.Relaxed.canonicalize_body(large)
    if expected == b"\r\n":
        expected = b""
    assert hashlib.sha256(expected).digest() == dkim.body_hash(large)


_HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"From", b"TO", b"subject", b"Received", b"Reply-To", b"Cc"]),
        st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n ", b"\r\n\t", b"b:c"]), max_size=12).map(
            b"".join
        ),
    ),
    max_size=8,
)


@given(_HEADERS)
def test_any_header_verifies(fields):
    """Folds, repeated fields and odd spaces are signed as every verifier reads them."""
    head = b"".join(name + b":" + value + b".\r\n" for name, value in fields)
    assert [True, True] == verified(signed(b"From: a@example.org\r\n" + head + b"\r\nbody\r\n"))


MIME = build(LETTER)


@given(st.integers(0, len(MIME) - 1), st.sampled_from(b"~#"))
def test_no_change_goes_unseen(at, byte):
    """One other byte in a signed header field or the body, and the signature is void."""
    changed = MIME[:at] + bytes([byte]) + MIME[at + 1 :]
    other = MIME.index(b"X-Other")
    # a field that is not signed, whose line some readers let end without its CR
    if changed == MIME or other <= at < other + len(b"X-Other: 1\r"):
        return
    whole = dkim.signature(MIME, [RSA], at_s=1) + changed
    try:
        assert [False] == verified(whole)
    except verifier.DKIMException:
        # it can no longer be read as signed at all
        return


@pytest.mark.parametrize(
    "name", ["From", "To", "Cc", "Subject", "Reply-To", "Date", "Content-Type", "List-Unsubscribe"]
)
def test_nothing_can_be_added(name):
    """A further field of a name that is shown or acted on breaks the signature, first or last in the header."""
    field = f"{name}: mallory@example.com\r\n".encode()
    whole = signed(MIME)
    for changed in (field + whole, whole.replace(b"\r\n\r\n", b"\r\n" + field + b"\r\n", 1)):
        assert [False, False] == verified(changed)


def test_fields_are_short_and_readable():
    """No line is long, and a mail parser reads each field with its tags."""
    whole = signed(MIME)
    head = whole.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78
    parsed = BytesParser(policy=policy.SMTP).parsebytes(whole)
    fields = parsed.get_all("DKIM-Signature", [])
    assert ["rsa-sha256", "ed25519-sha256"] == [each.partition("a=")[2].partition(";")[0] for each in fields]
    assert ["example.org", "example.org"] == [each.partition("d=")[2].partition(";")[0] for each in fields]


def test_example_of_rfc_8463():
    """The key of RFC 8463 A.2 is told as the record there has it."""
    seed = base64.b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    # RFC 8410 7: a private key of Ed25519 is its seed behind these bytes
    private = bytes.fromhex("302e020100300506032b657004220420") + seed
    assert "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" == dkim.public_text(private)


def test_without_keys_there_is_no_field():
    """Nothing is signed by nobody."""
    assert b"" == dkim.signature(MIME, [], at_s=1)
