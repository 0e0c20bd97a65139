import email
from email import policy

import pytest

from core.addresses import Address
from core.mime import Letter, Part, build, chunks, guess_type, header_problem

PNG = Part(filename="dot.png", content_type="image/png", data=b"\x89PNG\r\n\x00", content_id="dot")
PDF = Part(filename="bill.pdf", content_type="application/pdf", data=b"%PDF" + bytes(range(256)))


def make(**changes):
    """Make a small letter, different where asked."""
    letter = Letter(
        message_id="<1@example.com>",
        date=1_795_500_000_000_000,
        sender=Address("ann@example.com", "Ann"),
        to=(Address("bob@example.com"),),
        subject="Hello",
        text="Hi Bob",
        html=None,
        boundary="seed",
    )
    return Letter(**{**{name: getattr(letter, name) for name in Letter.__struct_fields__}, **changes})


def read(letter):
    """Read what was built with a parser that is not ours."""
    return email.message_from_bytes(build(letter), policy=policy.SMTP)


def shape(message):
    """Tell the tree of media types."""
    if not message.is_multipart():
        return message.get_content_type()
    return [message.get_content_subtype(), *(shape(part) for part in message.iter_parts())]


def test_the_plainest_letter():
    """A short ASCII text travels as it is, under the fields every letter has, in a fixed order."""
    assert build(make()) == (
        b"From: Ann <ann@example.com>\r\n"
        b"To: bob@example.com\r\n"
        b"Subject: Hello\r\n"
        b"Date: Tue, 24 Nov 2026 06:00:00 +0000\r\n"
        b"Message-ID: <1@example.com>\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"Hi Bob\r\n"
    )


@pytest.mark.parametrize(
    ("changes", "tree"),
    [
        ({}, "text/plain"),
        ({"text": None}, "text/plain"),
        ({"text": None, "html": "<p>"}, "text/html"),
        ({"html": "<p>"}, ["alternative", "text/plain", "text/html"]),
        (
            {"html": "<p>", "parts": (PNG,)},
            ["alternative", "text/plain", ["related", "text/html", "image/png"]],
        ),
        ({"text": None, "html": "<p>", "parts": (PNG,)}, ["related", "text/html", "image/png"]),
        ({"parts": (PNG,)}, ["mixed", "text/plain", "image/png"]),
        ({"text": None, "parts": (PDF,)}, ["mixed", "application/pdf"]),
        (
            {"html": "<p>", "parts": (PDF, PNG)},
            [
                "mixed",
                ["alternative", "text/plain", ["related", "text/html", "image/png"]],
                "application/pdf",
            ],
        ),
    ],
)
def test_the_tree_follows_from_what_there_is(changes, tree):
    """Alternatives, images shown in the HTML and attachments nest the way readers expect, without empty shells."""
    message = read(make(**changes))

    assert tree == shape(message)
    assert [] == [defect for part in message.walk() for defect in part.defects]


@pytest.mark.parametrize(
    ("text", "encoding", "wire"),
    [
        ("a\nb", "7bit", b"a\r\nb\r\n"),
        ("a\r\nb\rc\n", "7bit", b"a\r\nb\r\nc\r\n"),
        (".\n..x", "7bit", b".\r\n..x\r\n"),
        ("x" * 998, "7bit", b"x" * 998 + b"\r\n"),
        ("x" * 999, "quoted-printable", (b"x" * 75 + b"=\r\n") * 13 + b"x" * 24 + b"\r\n"),
        ("caf\u00e9 au lait \n=", "quoted-printable", b"caf=C3=A9 au lait=20\r\n=3D\r\n"),
        ("\u00e9 plain word, and .\n.\n", "quoted-printable", b"=C3=A9 plain word, and .\r\n=2E\r\n"),
        ("a\x00b", "quoted-printable", b"a=00b\r\n"),
        ("--=_aseed", "quoted-printable", b"--=3D_aseed\r\n"),
        ("日本", "base64", b"5pel5pys\r\n"),
    ],
)
def test_a_body_takes_the_encoding_it_needs(text, encoding, wire):
    """Short ASCII lines stay readable, the rest is quoted, and what is mostly foreign letters is base64."""
    head, _, body = build(make(text=text)).partition(b"\r\n\r\n")

    assert f"Content-Transfer-Encoding: {encoding}".encode() in head
    assert wire == body


def test_attachments_arrive_as_they_were():
    """Name, type with its parameters, disposition and every byte come through."""
    invite = Part(
        filename='Einladung "März".ics',
        content_type="text/calendar; method=REQUEST; x=ä; charset*=us'en'a",
        data=b"\n\r\x00",
    )
    message = read(make(html="<p>", parts=(PNG, invite, Part(data=b""))))
    bare, calendar, image = [part for part in message.walk() if part.get_content_disposition()][::-1]

    assert (b"\n\r\x00", 'Einladung "März".ics') == (
        calendar.get_payload(decode=True),
        calendar.get_filename(),
    )
    assert ("attachment", "REQUEST", "ä") == (
        calendar.get_content_disposition(),
        *map(calendar["content-type"].params.get, ("method", "x")),
    )
    assert (PNG.data, "dot.png", "<dot>", "inline") == (
        image.get_payload(decode=True),
        image.get_filename(),
        image["Content-ID"],
        image.get_content_disposition(),
    )
    assert ("application/octet-stream", b"", None) == (
        bare.get_content_type(),
        bare.get_payload(decode=True),
        bare.get_filename(),
    )


@pytest.mark.parametrize(
    ("content_type", "data", "written"),
    [
        (
            "message/rfc822",
            b"Subject: x\n\nhi\n",
            b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit",
        ),
        (
            "message/rfc822",
            b"Subject: \xff",
            b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64",
        ),
        ("pdf", b"x", b"Content-Type: application/octet-stream\r\n"),
        ("a/b\r\nBcc: x@y.z", b"x", b"Content-Type: application/octet-stream\r\n"),
        ('a/b; c="d\r\nBcc: x@y.z"', b"x", b"Content-Type: a/b; c*=utf-8''d%0D%0ABcc%3A%20x%40y.z\r\n"),
        ("Image/PNG ; name=x.png", b"x", b'Content-Type: image/png; name="x.png"\r\n'),
    ],
)
def test_types_that_need_care(content_type, data, written):
    """A message is not put into base64, what is no type is plain data, and nothing leaves its line."""
    wire = build(make(parts=(Part(content_type=content_type, data=data),)))

    assert written in wire
    assert b"\r\nBcc" not in wire


@pytest.mark.parametrize("content_id", ["<logo>", "logo"])
def test_a_content_id_has_its_brackets_once(content_id):
    """Callers may write an id with or without its brackets."""
    wire = build(make(html="<p>", parts=(Part(data=b"", content_id=content_id),)))

    assert b"Content-ID: <logo>\r\n" in wire


def test_an_odd_content_id_stays_inside_its_field():
    """What a cid: address would escape is escaped."""
    wire = build(make(html="<p>", parts=(Part(data=b"", content_id="a b\r\nBcc: ö"),)))

    assert b"Content-ID: <a%20b%0D%0ABcc:%20%C3%B6>\r\n" in wire


def test_headers_of_the_callers_own_stand_as_given():
    """Own headers come after the standard ones, in order, repeated if wished, ASCII untouched."""
    own = (
        ("X-Tag", 'a  b; c="d"'),
        ("X-Tag", "=?utf-8?q?ready?="),
        ("List-Unsubscribe", "<https://e.x/u>"),
        ("X-No", ""),
    )
    lines = build(make(headers=own)).split(b"\r\n")

    assert [
        b'X-Tag: a  b; c="d"',
        b"X-Tag: =?utf-8?q?ready?=",
        b"List-Unsubscribe: <https://e.x/u>",
        b"X-No: ",
    ] == lines[5:9]


def test_only_the_foreign_words_of_a_header_are_encoded():
    """Addresses in a header of the caller's own survive a name in other letters."""
    assert b"Sender: =?utf-8?q?J=C3=B6rg?= <j@example.com>\r\n" in build(
        make(headers=(("Sender", "Jörg <j@example.com>"),))
    )


def test_a_reply_to_given_by_hand_stands_alone():
    """RFC 5322 allows one Reply-To; the particular one wins."""
    letter = make(reply_to=(Address("r@example.com"),))

    assert ["r@example.com"] == read(letter).get_all("Reply-To")
    assert ["x@example.com"] == read(
        make(reply_to=letter.reply_to, headers=(("reply-to", "x@example.com"),))
    ).get_all("Reply-To")


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("X-Fine", "värde", None),
        ("X-Fine", "", None),
        ("Reply-To", "a@b.c", None),
        ("", "x", "is not the name of a header field"),
        ("X Y", "x", "is not the name of a header field"),
        ("X:", "x", "is not the name of a header field"),
        ("Ä", "x", "is not the name of a header field"),
        ("X\r\nBcc", "x", "is not the name of a header field"),
        ("X" * 77, "x", "is not the name of a header field"),
        *((name, "x", "is written by the server") for name in ("From", "TO", "cc", "Bcc", "Subject", "Date")),
        *(
            (name, "x", "is written by the server")
            for name in ("Message-Id", "mime-version", "Content-Type", "content-x")
        ),
        *(
            ("X-A", value, "may not contain line breaks or NUL")
            for value in ("a\nb", "a\rb", "a\x00", "\r\n", "\ud800")
        ),
    ],
)
def test_a_header_that_cannot_be_written_is_named(name, value, problem):
    """The check tells in words what building refuses."""
    assert problem == header_problem(name, value)
    if problem is None:
        assert build(make(headers=((name, value),)))
    else:
        with pytest.raises(ValueError, match=problem):
            build(make(headers=((name, value),)))


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "a\r\nBcc: x@y.z"},
        {"message_id": "<a>\r\nBcc: x@y.z"},
        {"to": (Address("a@b.c\r\nBcc: x@y.z"),)},
        {"boundary": ""},
        {"boundary": 'a"b'},
        {"boundary": "x" * 61},
    ],
)
def test_nothing_breaks_out_of_its_line(changes):
    """No field can smuggle in another one."""
    with pytest.raises(ValueError, match=r"line break|boundary"):
        build(make(**changes))


def test_a_line_break_in_a_name_is_encoded():
    """A display name holds anything without harm."""
    wire = build(make(to=(Address("a@b.c", "a\r\nBcc: x@y.z"),)))

    assert b"To: =?utf-8?q?a=0D=0ABcc=3A_x=40y=2Ez?= <a@b.c>\r\n" in wire


def test_long_lists_are_folded():
    """A hundred recipients fit on lines of the recommended length, and all are read back."""
    people = tuple(Address(f"user{number}@example.com", "Last, First") for number in range(100))
    letter = make(to=people)

    assert 78 >= max(map(len, build(letter).split(b"\r\n")))
    assert [person.email for person in people] == [each.addr_spec for each in read(letter)["To"].addresses]


def test_a_large_attachment_comes_in_slices():
    """However large an attachment is, one piece of its encoding stays small."""
    letter = make(parts=(Part(data=bytes(range(256)) * 4096),))
    pieces = list(chunks(letter))

    assert b"".join(pieces) == build(letter)
    assert 100_000 > max(map(len, pieces))
    assert 76 == max(len(line) for line in build(letter).split(b"\r\n"))
    assert letter.parts[0].data == next(read(letter).iter_attachments()).get_content()


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [
        ("a.PDF", "application/pdf"),
        ("a.html", "text/html"),
        ("a", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_name_suggests_a_type(filename, content_type):
    """The usual endings are known, the rest is data."""
    assert content_type == guess_type(filename)
