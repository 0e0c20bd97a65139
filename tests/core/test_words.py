import pytest

from core.words import decode, encode, encode_all, is_plain


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("", ""),
        ("all plain", "all plain"),
        ("Grüße aus Köln", "=?utf-8?q?Gr=C3=BC=C3=9Fe?= aus =?utf-8?q?K=C3=B6ln?="),
        ("grün  blütig x", "=?utf-8?q?gr=C3=BCn__bl=C3=BCtig?= x"),
        ("日本", "=?utf-8?q?=E6=97=A5=E6=9C=AC?="),
        ("a =?utf-8?q?b?=", "a =?utf-8?q?=3D=3Futf-8=3Fq=3Fb=3F=3D?="),
        ("bell\x07", "=?utf-8?q?bell=07?="),
        ("\té", "\t=?utf-8?q?=C3=A9?="),
    ],
)
def test_encodes_the_words_that_need_it(text, encoded):
    """Plain words stay readable; a blank between two encoded ones is part of the text."""
    assert encoded == encode(text)
    assert text == decode(encoded)


@pytest.mark.parametrize("text", ["é" * 200, "日" * 200, "é" + "x" * 200, "x" * 2000, "😀" * 50])
def test_long_texts_are_several_words(text):
    """No encoded word is longer than RFC 2047 allows, and none holds half a character."""
    encoded = encode_all(text).split(" ")

    assert 75 >= max(map(len, encoded))
    assert text == "".join(map(decode, encoded)) == decode(" ".join(encoded))


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("=?utf-8?b?w6k?=", "é"),
        ("=?UTF-8?B?w6k=?=  =?utf-8?q?_x?= y", "é x y"),
        ("=?utf-8?b?w?= =?utf-8?b?6k=?=", "=?utf-8?b?w?= =?utf-8?b?6k=?="),
        ("=?nothing?q?x?=", "=?nothing?q?x?="),
        ("=?unicode_escape?q?=5Cd?=", "=?unicode_escape?q?=5Cd?="),
        ("=?x", "=?x"),
    ],
)
def test_decodes_what_can_be_read(text, decoded):
    """Sloppy words are read where they can be, and stand as they came where they cannot."""
    assert decoded == decode(text)


@pytest.mark.parametrize(
    ("text", "plain"), [("a b", True), ("é", False), ("a\tb", False), ("=?", False), ("x" * 901, False)]
)
def test_knows_what_needs_no_encoding(text, plain):
    """Printable ASCII of a bearable length is left alone."""
    assert plain is is_plain(text)
