import email.utils

import pytest

from core.addresses import Address, AddressError, display, header, key, parse, parse_list, split

MAILBOXES = [
    ("a@b.c", Address("a@b.c")),
    ("  a@b.c\t", Address("a@b.c")),
    ("<a@b.c>", Address("a@b.c")),
    ("Ann <a@b.c>", Address("a@b.c", "Ann")),
    ("Ann<a@b.c>", Address("a@b.c", "Ann")),
    ("Ann < a@b.c >", Address("a@b.c", "Ann")),
    ("John Q. Public <a@b.c>", Address("a@b.c", "John Q. Public")),
    ('"Last, First" <a@b.c>', Address("a@b.c", "Last, First")),
    ("Last, First <a@b.c>", Address("a@b.c", "Last, First")),
    (r'"a \"b\" \\ c" <a@b.c>', Address("a@b.c", r'a "b" \ c')),
    ('"Ann" Bee <a@b.c>', Address("a@b.c", "Ann Bee")),
    ('O"Brien <a@b.c>', Address("a@b.c", 'O"Brien')),
    ('"x@y.z" <a@b.c>', Address("a@b.c", "x@y.z")),
    ("x@y.z <a@b.c>", Address("a@b.c", "x@y.z")),
    ("I <3 you <a@b.c>", Address("a@b.c", "I <3 you")),
    ("Jörg Müller <a@b.c>", Address("a@b.c", "Jörg Müller")),
    ("=?utf-8?q?J=C3=B6rg?= <a@b.c>", Address("a@b.c", "Jörg")),
    ('"=?UTF-8?B?SsO2cmc=?=" <a@b.c>', Address("a@b.c", "Jörg")),
    ("=?iso-8859-1?Q?J=F6rg?= =?iso-8859-1*de?Q?_M?= x <a@b.c>", Address("a@b.c", "Jörg M x")),
    ("=?utf-8?q?J=C3?= =?utf-8?q?=B6rg?= <a@b.c>", Address("a@b.c", "Jörg")),
    ("=?no-such?q?x?= <a@b.c>", Address("a@b.c", "=?no-such?q?x?=")),
    ("=?utf-8?q?=FF?= <a@b.c>", Address("a@b.c", "=?utf-8?q?=FF?=")),
    ("=?idna?q?xn--a?= <a@b.c>", Address("a@b.c", "=?idna?q?xn--a?=")),
    ("First.Last+tag@Mail.EXAMPLE.com", Address("First.Last+tag@mail.example.com")),
    ('"john doe"@b.c', Address('"john doe"@b.c')),
    ("a@MÜLLER.de", Address("a@xn--mller-kva.de")),
    ("a@例え。jp", Address("a@xn--r8jz45g.jp")),
    ("a@xn--mller-kva.de", Address("a@xn--mller-kva.de")),
    ("x" * 64 + "@b.c", Address("x" * 64 + "@b.c")),
    ("a@" + "b" * 63 + ".c", Address("a@" + "b" * 63 + ".c")),
]

NO_MAILBOXES = [
    ("", "empty", "", ""),
    (" \t ", "empty", "", ""),
    ("Ann <>", "empty", "", ""),
    ("ann", "no_at", "ann", ""),
    ("Ann <ann>", "no_at", "ann", ""),
    ("@b.c", "local", "@b.c", "b.c"),
    ("jörg@b.c", "local", "jörg@b.c", "b.c"),
    ("a..b@b.c", "local", "a..b@b.c", "b.c"),
    ("a.@b.c", "local", "a.@b.c", "b.c"),
    ("a b@b.c", "local", "a b@b.c", "b.c"),
    ("a@b@b.c", "local", "a@b@b.c", "b.c"),
    ("x" * 65 + "@b.c", "local", "x" * 65 + "@b.c", "b.c"),
    ("Ann <a@b.c", "local", "Ann <a@b.c", "b.c"),
    ("a@", "domain", "a@", ""),
    ("a@b.c.", "domain", "a@b.c.", "b.c."),
    ("a@b..c", "domain", "a@b..c", "b..c"),
    ("a@-b.c", "domain", "a@-b.c", "-b.c"),
    ("a@b_b.c", "domain", "a@b_b.c", "b_b.c"),
    ("a@127.0.0.1", "domain", "a@127.0.0.1", "127.0.0.1"),
    ("a@[127.0.0.1]", "domain", "a@[127.0.0.1]", "[127.0.0.1]"),
    ("a@☃.net", "domain", "a@☃.net", "☃.net"),
    ("a@" + "b" * 64 + ".c", "domain", "a@" + "b" * 64 + ".c", "b" * 64 + ".c"),
    ("a@" + "b." * 127 + "c", "domain", "a@" + "b." * 127 + "c", "b." * 127 + "c"),
    ("a@localhost", "dotless", "a@localhost", "localhost"),
    ("Ann <a@LOCAL>", "dotless", "a@LOCAL", "LOCAL"),
    ("a@b.c\n", "control", "a@b.c\n", ""),
    ("Ann\r\nBcc: x@y.z <a@b.c>", "control", "Ann\r\nBcc: x@y.z <a@b.c>", ""),
    ("a\x00@b.c", "control", "a\x00@b.c", ""),
    ("=?utf-8?q?a=0D=0AX:_y?= <a@b.c>", "control", "a@b.c", ""),
    ("a@b.c, d@e.f", "several", "a@b.c, d@e.f", ""),
    ("A <a@b.c>, D <d@e.f>", "several", "A <a@b.c>, D <d@e.f>", ""),
    ("a@b.c, D <d@e.f>", "several", "a@b.c, D <d@e.f>", ""),
    ("A <a@b.c>, d@e.f", "several", "A <a@b.c>, d@e.f", ""),
    ("<a@b.c> <d@e.f>", "several", "<a@b.c> <d@e.f>", ""),
]


@pytest.mark.parametrize(("text", "mailbox"), MAILBOXES)
def test_reads_every_form(text, mailbox):
    """Whatever form people and programs write a mailbox in, it is read."""
    assert mailbox == parse(text)


@pytest.mark.parametrize(("text", "reason", "bare", "domain"), NO_MAILBOXES)
def test_says_why_a_text_is_no_address(text, reason, bare, domain):
    """A refusal names its reason, the address it speaks of and the domain in it."""
    with pytest.raises(AddressError) as refused:
        parse(text)

    assert (reason, bare, domain) == (refused.value.reason, refused.value.email, refused.value.domain)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        (" , ,", []),
        ("a@b.c", ["a@b.c"]),
        ("a@b.c,d@e.f", ["a@b.c", "d@e.f"]),
        ("a@b.c, ,d@e.f,", ["a@b.c", "d@e.f"]),
        ('"x, y" <a@b.c>, d@e.f', ['"x, y" <a@b.c>', "d@e.f"]),
        (r'"x \", y" <a@b.c>, d@e.f', [r'"x \", y" <a@b.c>', "d@e.f"]),
        ("<a,b@b.c>,d@e.f", ["<a,b@b.c>", "d@e.f"]),
        ('O"Brien <a@b.c>, d@e.f', ['O"Brien <a@b.c>', "d@e.f"]),
        ("I <3 you <a@b.c>, d@e.f", ["I <3 you <a@b.c>", "d@e.f"]),
    ],
)
def test_splits_a_list_at_its_own_commas(text, pieces):
    """Commas inside of quotes and brackets belong to the address."""
    assert pieces == split(text)


def test_reads_a_list():
    """A list is its mailboxes in order, and one that is none refuses the list."""
    assert (Address("a@b.c", "x, y"), Address("d@e.f")) == parse_list('"x, y" <a@b.c>, d@E.F,')
    assert () == parse_list("")
    with pytest.raises(AddressError) as refused:
        parse_list("a@b.c, nobody")
    assert "no_at" == refused.value.reason


@pytest.mark.parametrize(
    ("mailbox", "in_header", "shown"),
    [
        (Address("a@b.c"), "a@b.c", "a@b.c"),
        (Address("a@b.c", "Ann Bee"), "Ann Bee <a@b.c>", "Ann Bee <a@b.c>"),
        (Address("a@b.c", "Bee, Ann"), '"Bee, Ann" <a@b.c>', '"Bee, Ann" <a@b.c>'),
        (Address("a@b.c", "J. Doe"), '"J. Doe" <a@b.c>', "J. Doe <a@b.c>"),
        (Address("a@b.c", 'a "b" \\'), r'"a \"b\" \\" <a@b.c>', r'"a \"b\" \\" <a@b.c>'),
        (Address("a@b.c", "Jörg"), "=?utf-8?q?J=C3=B6rg?= <a@b.c>", "Jörg <a@b.c>"),
        (Address("a@b.c", "Bee, Jörg"), "=?utf-8?q?Bee=2C_J=C3=B6rg?= <a@b.c>", '"Bee, Jörg" <a@b.c>'),
        (Address("a@b.c", "=?x"), "=?utf-8?q?=3D=3Fx?= <a@b.c>", "=?x <a@b.c>"),
        (Address("a@xn--mller-kva.de"), "a@xn--mller-kva.de", "a@müller.de"),
        (Address("a@xn--a.de"), "a@xn--a.de", "a@xn--a.de"),
    ],
)
def test_writes_for_mail_and_for_people(mailbox, in_header, shown):
    """A header holds ASCII, people see letters, and quotes stand only where they are needed."""
    assert (in_header, shown) == (header(mailbox), display(mailbox))


def test_a_header_is_read_by_others():
    """What is written as a header is the same mailbox to the standard library."""
    assert ('Bee, "Ann"', "a@b.c") == email.utils.parseaddr(header(Address("a@b.c", 'Bee, "Ann"')))


def test_addresses_are_compared_without_case():
    """Two spellings of a mailbox are one."""
    assert key("First.Last@b.c") == key("first.last@B.C")


@pytest.mark.parametrize("unit", ['"', '"\\', "<", "=?", "=?a?q?", "<@", '\\"', "a ", "b."])
def test_hostile_texts_are_read_at_once(unit):
    """No text, however long, sends the reader back and forth: ten thousand repetitions end in an answer."""
    text = unit * 10_000 + " <a@b.c>, x"

    assert split(text)
    with pytest.raises(AddressError):
        parse(text)
