import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.inbound import parsing
from core.inbound.letter import Mailbox

LETTERS = Path(__file__).parent / "letters"
TRACE = b"Return-Path: <env@example.org>\r\nReceived: from a ([192.0.2.1])\r\n by mx.example;\r\n now\r\n"
FIELDS = st.sampled_from(
    [b"From", b"To", b"Cc", b"Subject", b"Content-Type", b"Content-Disposition", b"Content-Transfer-Encoding",
     b"Content-ID", b"X-Spam-Score", b"In-Reply-To", b"Received"]
)  # fmt: skip
VALUES = st.sampled_from(
    [b"multipart/mixed; boundary=b", b'multipart/alternative; boundary="b"', b"text/html; charset=utf-7", b"base64",
     b"quoted-printable", b"x-uuencode", b"message/rfc822", b"attachment; filename*0*=utf-8''%ff; filename*1=x",
     b"=?utf-7?q?+2AA-?= <a@b.example>", b"=?utf-8?b?////?=", b"a: b@c.example, (((;", b"1.5", b"\xff\xfe"]
)  # fmt: skip


def read(name):
    """Read one of the samples, as it came behind the fields of its arrival."""
    return parsing.read(TRACE, (LETTERS / f"{name}.eml").read_bytes(), "env@example.org")


@pytest.mark.parametrize(
    ("name", "subject", "text", "html", "files"),
    [
        ("boundary_never_used", "Hi", "just a text\n", None, []),
        ("broken_base64", "Hi", "hello", None, ["../../etc/x.gif"]),
        ("calendar", "Hi", "come", None, ["part-1.ics"]),
        ("digest", "Hi", None, None, ["part-1.eml", "part-2.eml"]),
        ("eight_bit_headers", "Grüße", "hi\n", None, []),
        ("forwarded", "Hi", "see below", None, ["part-1.eml"]),
        ("groups", "", "hi\n", None, []),
        ("iso_2022_jp", "テスト", "日本語\n", None, []),
        ("missing_boundary_parameter", "Hi", "--b\nContent-Type: text/plain\n\nfirst\n--b--\n", None, []),
        ("missing_end_boundary", "Hi", "first", "<p>second</p>", []),
        ("nested", "Hi", "plain\nfooter of a list", '<img src="cid:x@y">', ["a.png"]),
        ("no_from", "", "hi\n", None, []),
        ("no_header", "", "only a body\n", None, []),
        ("not_a_header", "", "this is no field\nFrom: ann@example.org\n\ntext\n", None, []),
        ("pgp", "Hi", None, None, ["part-1.pgp", "encrypted.asc"]),
        ("raw_bare_cr", "Hi", "line one\nline two\n", None, []),
        ("raw_bare_lf", "Hi", "line one\nline two", None, []),
        ("raw_empty", "", "", None, []),
        ("rfc2047", "Grüße aus Köln", "hi\n", None, []),
        ("rfc2231", "Hi", None, None, ["Größe.pdf", "Grüße.pdf"]),
        ("smime_signed", "Hi", "signed text", None, ["smime.p7s"]),
        ("spam", "Hi", "buy\n", None, []),
        ("tnef", "Hi", "from Outlook", None, ["winmail.dat"]),
        ("unknown_charset", "Hi", "Grüße\n", None, []),
        ("uuencode", "Hi", None, None, ["a.txt"]),
        ("wrong_charset", "Hi", "Grüße\n", None, []),
    ],
)
def test_every_letter_says_something(name, subject, text, html, files):
    """Whatever is broken in a letter, the rest of it is read, and each part is in one place."""
    letter = read(name)

    assert (subject, text, html) == (letter.subject, letter.body.text, letter.body.html)
    assert files == [each.name for each in letter.head.files]
    assert [len(each) for each in letter.contents] == [each.size_bytes for each in letter.head.files]
    assert () == letter.head.defects


def test_people():
    """Groups are flattened, comments and what is no address are left out, a name has its letters back."""
    head = read("groups").head
    assert Mailbox("ann@example.org", "Ann, the first") == head.sender
    assert ["bob@example.net", "cat@example.net", "help@in.example"] == [each.email for each in head.to]
    assert (
        "Team: bob@example.net, Cat <cat@example.net>;, undisclosed-recipients:;, not an address, help@in.example"
        == (head.to_text)
    )
    assert ((Mailbox("dan@example.net", "Dan"),), (Mailbox("re+42@example.org", "Re", "42"),)) == (
        head.cc,
        head.reply_to,
    )
    assert Mailbox("env@example.org") == read("no_from").head.sender
    assert ("Jörg Beta", "Öffentlich") == (read("rfc2047").head.sender.name, read("rfc2047").head.to[0].name)
    assert "Jörg" == read("eight_bit_headers").head.sender.name


def test_fields_in_their_order():
    """The traces of the arrival come first; folds lose their line breaks alone; what nobody can read stays."""
    headers = read("reply").body.headers
    assert ["Return-Path", "Received", "From"] == [name for name, _ in headers[:3]]
    assert "<0@in.example>\t<1@in.example>" == dict(headers)["References"]
    assert "from a ([192.0.2.1]) by mx.example; now" == dict(headers)["Received"]
    assert "=?utf-8?b?!!!?= =?nope?q?a?=" == dict(read("rfc2047").body.headers)["X-Broken"]


def test_parts_keep_what_is_said_of_them():
    """Type with its parameters, content id without brackets, disposition as it is said."""
    (image,) = read("nested").head.files
    assert ("image/png", "x@y", "inline", b"hi") == (
        image.content_type,
        image.content_id,
        image.disposition,
        read("nested").contents[0],
    )
    assert 'text/calendar; method="REQUEST"' == read("calendar").head.files[0].content_type
    assert (
        b"From: bob@example.net\r\nSubject: inner"
        == read("forwarded").contents[0].partition(b"\r\nContent-Type")[0]
    )
    assert b"hi\n" == read("uuencode").contents[0]


def test_only_an_answer_is_stripped():
    """The stripped reply is that of a letter that answers another."""
    assert "Yes, please." == read("reply").body.stripped_reply
    raw = (LETTERS / "reply.eml").read_bytes().replace(b"In-Reply-To", b"X-A").replace(b"References", b"X-B")
    assert "" == parsing.read(b"", raw, "").body.stripped_reply


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("X-Spam-Score: 7.5\r\nX-Spam-Score: 0", 7.5),
        ("X-Spam-Status: No, score=-2.1 required=5", -2.1),
        ("X-Spam-Status: No\r\nX-Spam-Score: high\r\nX-Spam-Score: 3 / 15", 3.0),
        ("X-Spam-Score: nan", None),
        ("X-Other: 1", None),
    ],
)
def test_the_scanner_nearest_to_us_is_believed(fields, expected):
    """What stands on top was written last."""
    assert expected == parsing.read(b"", fields.encode() + b"\r\n\r\nx", "").head.spam_score


def test_addresses_that_servers_noted():
    """The "for" clauses of Received, each once."""
    raw = (
        b"Received: from a by b with SMTP id 1 for <x@in.example>; Mon\r\n"
        b"Received: from a by b (for all) for\r\n y@in.example; Mon\r\nReceived: a for <x@in.example>;\r\n\r\n"
    )
    assert ("x@in.example", "y@in.example") == parsing.read(b"", raw, "").head.received_for


def nested(depth):
    """Write multiparts in multiparts."""
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (each, each) for each in range(depth)
    )


@pytest.mark.parametrize(
    ("raw", "defect"),
    [
        (nested(150), "Its body has too many nested parts."),
        (
            b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 20_000,
            "Its body cannot be read as a message.",
        ),
        (b"\n" * 1_100_000, "Its body has too many lines."),
        (nested(90) + b"\n" * 300_000, "Its body has too many lines in too many nested parts."),
        (b"X: y\n" * 400_000, "Its header is too long to be read whole."),
        (b"X: y\n" * 5_000, "Of its header the first 1000 fields were read."),
        (
            b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: image/png\n\n" * 1_500,
            "500 of its files are in the source alone.",
        ),
    ],
)  # fmt: skip
def test_what_is_too_much_is_left_to_the_source(raw, defect):
    """Time and memory are bounded whatever comes; the header is read all the same, and it is said what is missing."""
    letter = parsing.read(b"", b"Subject: here\n" + raw, "")
    assert ("here", defect) == (letter.subject, letter.head.defects[0])
    assert len(letter.head.files) <= 1000


def test_a_long_text_is_a_file():
    """What nobody would read as a body is kept whole all the same."""
    letter = parsing.read(b"", b"Content-Type: text/plain\r\n\r\n" + b"line of text\r\n" * 400_000, "")
    assert (None, ["part-1.txt"]) == (letter.body.text, [each.name for each in letter.head.files])
    assert 400_000 * 14 == letter.head.files[0].size_bytes


@pytest.mark.parametrize(
    ("field", "mailbox"),
    [
        ("用户@例子.example", Mailbox("用户@xn--fsqu00a.example")),
        ('"Müller, J." <Jürgen+7@Example.org>', Mailbox("Jürgen+7@example.org", "Müller, J.", "7")),
        ("jürgen@example.org <jürgen@example.org>", Mailbox("jürgen@example.org", "jürgen@example.org")),
        ("jür gen@example.org", Mailbox("env@example.org")),
        ("jürgen@nowhere", Mailbox("env@example.org")),
    ],
)
def test_international_addresses_are_read(field, mailbox):
    """The listener takes letters of RFC 6531, so it is told whom they are from, though nothing can be sent there."""
    letter = parsing.read(b"", f"From: {field}\r\n\r\nx".encode(), "env@example.org")
    assert mailbox == letter.head.sender


def test_a_text_in_ten_thousand_pieces_takes_no_longer():
    """It is joined once: when it grew by each piece, four megabytes kept a processor busy for more than a minute."""
    piece = b"--b\r\n\r\n" + "😀".encode() + b"x" * 380 + b"\r\n"
    began = time.process_time()
    letter = parsing.read(b"", b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + piece * 9_990, "")
    assert 9_990 == len((letter.body.text or "").splitlines())
    assert time.process_time() - began < 15


@given(st.binary(max_size=2000))
def test_any_bytes_are_read(raw):
    """Nothing that comes over the network is an accident."""
    msgspec.msgpack.encode(parsing.read(TRACE, raw, "\udcff@x"))


@given(
    st.lists(
        st.one_of(
            st.tuples(FIELDS, VALUES).map(lambda pair: b"%s: %s\r\n" % pair),
            st.sampled_from(
                [b"\r\n", b"--b\r\n", b"--b--\r\n", b"\r\n\r\n", b"begin 644 x\r\n", b"text\r\n", b"> q\r\n"]
            ),
            st.binary(max_size=40),
        ),
        max_size=30,
    )
)
def test_anything_like_a_letter_is_read(pieces):
    """Nor is anything that looks like a letter; what is read can be kept and told."""
    letter = parsing.read(TRACE, b"".join(pieces), "a@example.org")
    msgspec.msgpack.encode(letter)
    msgspec.json.encode(msgspec.structs.replace(letter, contents=()))
