"""What real systems send back, each in its own form: written by hand after published notices."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.returned import read

LETTERS = Path(__file__).parent / "letters"
GONE = "gone@example.com"
# action, kind, reply code, enhanced code
FAILED = {
    "postfix_failed": ("no_mailbox", 550, "5.1.1"),
    "sendmail_failed": ("mailbox_full", 552, "5.2.2"),
    "sendmail_old": ("no_mailbox", 550, ""),
    "exim_failed": ("no_mailbox", 550, ""),
    "qmail": ("no_mailbox", 0, "5.1.1"),
    "yahoo": ("no_mailbox", 554, ""),
    "gmail": ("no_mailbox", 550, "5.1.1"),
    "gmail_old": ("spam", 550, "5.7.1"),
    "office365": ("no_mailbox", 550, "5.1.10"),
    "exchange2003": ("no_mailbox", 0, ""),
    "domino": ("no_mailbox", 0, "5.1.1"),
    "notes_old": ("no_mailbox", 0, ""),
    "groupwise": ("no_mailbox", 0, ""),
    "mailru": ("mailbox_full", 0, ""),
    "yandex": ("spam", 554, "5.7.1"),
    "ironport": ("no_mailbox", 550, "5.1.0"),
    "dnsfail": ("dns", 0, "5.4.4"),
}
RETURNED = {
    "vacation": "auto_reply",
    "abwesend": "auto_reply",
    "moved": "address_change",
    "challenge": "challenge",
    "unsubscribe": "unsubscribe",
    "puzzle": "unknown",
}


def letter(name):
    """Give the bytes of a sample."""
    return (LETTERS / f"{name}.eml").read_bytes()


def understood(name, **options):
    """Give what a sample says."""
    return read(letter(name), **{"from_nobody": False, **options})


def only(name):
    """Give the one verdict of a sample."""
    (verdict,) = understood(name).verdicts
    return verdict


@pytest.mark.parametrize("name", FAILED)
def test_a_failure(name):
    """The recipient, the kind and the server's codes are found, whatever the form."""
    verdict = only(name)

    assert ("failed", *FAILED[name]) == (verdict.action, verdict.kind, verdict.code, verdict.enhanced)
    assert GONE in verdict.recipients


@pytest.mark.parametrize("name", FAILED)
def test_line_ends_do_not_matter(name):
    """A notice as it comes over SMTP says the same as one from a file."""
    assert understood(name) == read(letter(name).replace(b"\n", b"\r\n"), from_nobody=False)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sendmail_failed", "5.2.2 <gone@example.com>... Mailbox full"),
        ("qmail", "Sorry, no mailbox here by that name. (#5.1.1)"),
        ("groupwise", "user not found"),
    ],
)
def test_the_servers_words(name, text):
    """They are told as they would have been in the conversation, without the code that stands beside them."""
    assert text == only(name).text.partition(" Possibly")[0]


@pytest.mark.parametrize("name", ["postfix_delayed", "exim_delayed"])
def test_a_delay_is_no_failure(name):
    """A warning that promises another attempt is a passing trouble."""
    verdict = only(name)

    assert ("delayed", "transient", (GONE,)) == (verdict.action, verdict.kind, verdict.recipients)


@pytest.mark.parametrize("name", RETURNED)
def test_an_answer_by_a_machine(name):
    """Each has its kind, and says nothing of a failure."""
    verdict = only(name)

    assert ("returned", RETURNED[name], ()) == (verdict.action, verdict.kind, verdict.recipients)


@pytest.mark.parametrize("name", ["delivered", "read_receipt", "not_spam"])
def test_good_news_changes_nothing(name):
    """Reports of success are understood, and there is nothing to do."""
    assert () == understood(name).verdicts


def test_a_person_is_no_machine():
    """What somebody wrote is not understood, whatever it speaks of."""
    assert understood("human") is None


def test_a_report_on_several():
    """Each recipient has a verdict of their own, also where the empty line between two is missing."""
    expected = [
        ("failed", "no_mailbox", ("gone@example.com",)),
        ("failed", "mailbox_full", ("full@example.com",)),
        ("delayed", "transient", ("slow@example.com",)),
    ]
    found = understood("several").verdicts

    assert expected == [(each.action, each.kind, each.recipients) for each in found]


@pytest.mark.parametrize(
    ("name", "action", "kind", "named"),
    [
        ("complaint", "complained", "complaint", (GONE,)),
        ("fraud", "complained", "complaint", (GONE,)),
        ("complaint_redacted", "complained", "complaint", ()),
        ("opt_out", "returned", "unsubscribe", (GONE,)),
    ],
)
def test_a_complaint(name, action, kind, named):
    """The sort of report decides, and the reader is named where the loop names them."""
    verdict = only(name)

    assert (action, kind, named) == (verdict.action, verdict.kind, verdict.recipients)


@pytest.mark.parametrize("name", [*FAILED, "postfix_delayed", "complaint", "complaint_redacted"])
def test_the_original_is_known_by_its_id(name):
    """What came back of the header is told, as far as it came."""
    told = dict(understood(name).original)

    assert ("<0@mail.example>" if told else None) == told.get("message-id")
    assert told or name == "dnsfail"


def test_a_recipient_in_xtext():
    """A sender's own encoding of the recipient is undone (RFC 3461 4.2)."""
    raw = letter("office365").replace(b"rfc822;gone@", b"rfc822;gone+2Bnews+40x@")

    notice = read(raw, from_nobody=True)

    assert notice is not None
    assert "gone+news@x@example.com" == notice.verdicts[0].recipients[0]


@given(raw=st.binary(max_size=600))
def test_any_bytes_are_read(raw):
    """No letter is too broken."""
    read(raw, from_nobody=True)


@given(
    name=st.sampled_from(sorted(path.stem for path in LETTERS.glob("*.eml"))),
    cuts=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 60), st.binary(max_size=20)), max_size=4),
)
def test_any_damage_is_read(name, cuts):
    """A report that was cut, spliced or overwritten says something or nothing."""
    raw = letter(name)
    for start, length, instead in cuts:
        raw = raw[:start] + instead + raw[start + length :]
    notice = read(raw, from_nobody=True)

    for verdict in notice.verdicts if notice is not None else ():
        assert len(verdict.text) <= 1000
        assert "\x00" not in verdict.text
        verdict.text.encode()


@pytest.mark.parametrize(
    "piece",
    [
        b"a@b.example ",
        b"<a@b.example>:\n",
        b"user ",
        b"Content-Type: x\n",
        b"--B\n",
        b"((",
        b"-",
        b"following recipient ",
        b"mailbox ",
        b"\t\n",
    ],
)
def test_a_large_letter_takes_no_longer_than_a_bound(piece):
    """Reading looks at a bounded part, and no pattern goes back over what it read."""
    head = b"From: MAILER-DAEMON@x.example\nSubject: failure notice\n\n"
    started = time.process_time()

    read(head + piece * (2_000_000 // len(piece)), from_nobody=True)

    # the slowest of them took a third of a second, and five seconds before it was bounded
    assert time.process_time() - started < 3
