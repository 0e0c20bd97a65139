"""Addresses and letters, held against the standard library's parser."""

import email
import re
import string
from email import policy
from email.header import decode_header, make_header
from email.utils import getaddresses
from html import escape

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from core.addresses import Address, display, header, key, parse, parse_list
from core.mime import Letter, Part, build, chunks
from core.plaintext import from_html

# a lone surrogate is no text; every other character is
letters = st.characters(exclude_categories=["Cs"])
lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\x00"), max_size=300)
words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=30)
bodies = st.one_of(
    st.text(letters, max_size=300),
    st.text(st.sampled_from("a .=_-\t\r\n~é日\x00\x7f"), max_size=300),
    st.lists(
        st.sampled_from(
            [".", "..", "From x", "=20", "word " * 30, "x" * 1500, "日本" * 99, "--=_mseed--", " ", ""]
        )
    ).map("\r\n".join),
)

hosts = st.sampled_from(["b.co", "mail.example.com", "xn--mller-kva.de", "a-1.2b.c0m", "b" * 63 + ".example"])
atoms = st.text(string.ascii_letters + string.digits + "!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=30)
locals_ = st.lists(atoms, min_size=1, max_size=2).map(".".join)
# the parser of the standard library takes "=?" in an address for the start of an encoded word
emails = st.builds("{}@{}".format, locals_, hosts).filter(lambda address: "=?" not in address)
names = st.one_of(
    st.lists(words, max_size=4).map(" ".join),
    st.text(st.sampled_from('ab\\",.<>@;:()é '), max_size=30).map(str.strip),
)
mailboxes = st.builds(Address, emails, names)

field_names = st.sampled_from(["X-A", "X-b-1", "List-Unsubscribe", "X-" + "long" * 15])
filenames = st.one_of(
    words, st.text(string.printable, min_size=1, max_size=400), st.text("é日", min_size=1, max_size=300)
)
types = st.sampled_from(
    ["application/octet-stream", "image/png", "text/csv; charset=utf-8", 'application/x; a=b; c="d e"']
)
parts = st.builds(
    Part,
    filename=filenames,
    content_type=types,
    data=st.binary(max_size=500),
    content_id=st.sampled_from(["", "logo", "a.b@c"]),
)
# what callers may send without a check of ours
odd_parts = st.builds(
    Part,
    filename=st.text(letters, max_size=300),
    content_type=st.text(letters, max_size=80)
    | st.text(letters, max_size=300).map('a/b; x=y; c*="{0}"; d={0}'.format)
    | types,
    data=st.binary(max_size=50),
    content_id=st.text(letters, max_size=60),
)
letters_to_send = st.builds(
    Letter,
    message_id=st.just("<1@example.com>"),
    date=st.integers(0, 4_000_000_000_000_000),
    sender=mailboxes,
    to=st.lists(mailboxes, max_size=4).map(tuple),
    cc=st.lists(mailboxes, max_size=2).map(tuple),
    reply_to=st.lists(mailboxes, max_size=2).map(tuple),
    subject=lines,
    headers=st.lists(st.tuples(field_names, lines), max_size=3).map(tuple),
    text=st.none() | bodies,
    html=st.none() | bodies,
    parts=st.lists(parts, max_size=3).map(tuple),
    boundary=st.just("seed"),
)


def read(letter):
    """Read what was built with a parser that is not ours."""
    return email.message_from_bytes(build(letter), policy=policy.SMTP)


def plain(text):
    """Give the text with one kind of line end, and one at its end."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else text + "\n"


def body(part):
    """Decode a body without the parser's guesses about line ends."""
    return plain(part.get_payload(decode=True).decode())


@given(letters_to_send, st.lists(odd_parts, max_size=2).map(tuple))
def test_a_letter_is_safe_on_any_wire(letter, odd):
    """Seven bits, CRLF and nothing else ends a line, no line too long, the same bytes every time."""
    letter = structs.replace(letter, parts=letter.parts + odd)
    wire = build(letter)

    assert wire.isascii()
    assert b"\x00" not in wire
    assert wire.endswith(b"\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", wire)
    assert 998 >= max(map(len, wire.split(b"\r\n")))
    assert wire == b"".join(chunks(letter)) == build(letter)


@given(letters_to_send)
def test_mailboxes_come_back(letter):
    """Every sender and recipient is read back with the same address and name."""
    message = email.message_from_bytes(build(letter), policy=policy.compat32)
    asked = {"From": (letter.sender,), "To": letter.to, "Cc": letter.cc, "Reply-To": letter.reply_to}

    for field, people in asked.items():
        unfolded = [value.replace("\r\n", "") for value in message.get_all(field, [])]
        # of the parsers in the standard library only this one drops the blank between two encoded words of a name
        found = [(str(make_header(decode_header(name))), each) for name, each in getaddresses(unfolded)]
        assert [(one.name, one.email) for one in people] == found
    assert "Bcc" not in message


@given(letters_to_send)
def test_fields_come_back(letter):
    """Subject, date and own headers are read back as they were asked for."""
    message = read(letter)

    assert letter.subject.strip(" \t") == message["Subject"]
    assert letter.date // 1_000_000 == message["Date"].datetime.timestamp()
    for name, value in letter.headers:
        assert value.strip(" \t") in message.get_all(name)


@given(letters_to_send)
def test_bodies_come_back(letter):
    """Text and HTML are read back exactly, but for the kind of their line ends."""
    message = read(letter)
    found = {
        part.get_content_type(): body(part)
        for part in message.walk()
        if part.get_content_maintype() == "text" and part.get_content_disposition() is None
    }
    asked = {"text/plain": letter.text, "text/html": letter.html}
    if letter.text is None and letter.html is None and not letter.parts:
        asked["text/plain"] = ""

    assert {kind: plain(text) for kind, text in asked.items() if text is not None} == found


@given(letters_to_send)
def test_attachments_come_back(letter):
    """Every part is read back: bytes, name, type, id, and whether it is shown inside."""
    found = [part for part in read(letter).walk() if part.get_content_disposition()]

    assert sorted(
        (
            part.data,
            part.filename.strip(),  # the standard library gives names without blanks around them
            part.content_type.split(";")[0],
            part.content_id,
            part.content_id != "" and letter.html is not None,
        )
        for part in letter.parts
    ) == sorted(
        (
            part.get_payload(decode=True),
            part.get_filename(),
            part.get_content_type(),
            (part["Content-ID"] or "").strip("<>"),
            part.get_content_disposition() == "inline",
        )
        for part in found
    )


@given(emails, names.filter(lambda name: "=?" not in name))
def test_a_mailbox_survives_every_form(address, name):
    """What is written for mail or for people is read back as the same mailbox, alone and in a list."""
    mailbox = Address(address, name.strip())

    assert mailbox == parse(header(mailbox)) == parse(display(mailbox))
    assert (mailbox, mailbox) == parse_list(f"{header(mailbox)}, {display(mailbox)},")
    assert key(mailbox.email) == key(mailbox.email.upper())


@given(
    st.text(st.characters())
    | st.lists(st.sampled_from(["<p>", "</b>", "<li>", "<a href='x'>", "<!--", " x ", "<td>"])).map("".join)
)
def test_any_html_becomes_text(html):
    """No input makes the reader of HTML fail, and what it gives can be sent."""
    text = from_html(html)

    assert text == text.encode().decode()
    assert "\n\n\n" not in text


@given(st.lists(words))
def test_every_word_of_a_page_is_in_its_text(seen):
    """Words come out as they stand in the page, in order, whatever characters they are made of."""
    assert " ".join(seen) == from_html(f"<p>{escape(' '.join(seen))}</p>")
