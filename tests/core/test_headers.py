import pytest

from core.headers import fold, line, media_type, text_line, with_parameters


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("A: b", "A: b"),
        ("A: " + "x" * 75, "A: " + "x" * 75),
        ("A: " + "x" * 76, "A: " + "x" * 76),
        ("A: " + "x" * 70 + " yyyyyyy", "A: " + "x" * 70 + "\r\n yyyyyyy"),
        ("A: " + "x" * 70 + "  \tyyyyyyy z", "A: " + "x" * 70 + "\r\n  \tyyyyyyy z"),
    ],
)
def test_folds_before_blanks(text, folded):
    """Long lines break before a blank, a field name never stands alone, and nothing is lost."""
    assert folded == fold(text)
    assert text == fold(text).replace("\r\n", "")


def test_a_value_without_blanks_is_encoded_where_it_must_be():
    """What is too long for any line can only travel as encoded words."""
    assert 78 >= max(map(len, line("X-Long", "x" * 2000).split("\r\n")))
    assert "X-Long: " + "x" * 900 == line("X-Long", "x" * 900)


def test_a_text_that_looks_encoded_is_protected():
    """A value of the caller's stands as it is, a text of ours is read back as it was."""
    assert "X-A: =?utf-8?q?b?=" == line("X-A", "=?utf-8?q?b?=")
    assert "X-A: =?utf-8?q?=3D=3Futf-8=3Fq=3Fb=3F=3D?=" == text_line("X-A", "=?utf-8?q?b?=")


@pytest.mark.parametrize("write", [line, text_line])
@pytest.mark.parametrize("value", ["a\nb", "a\r", "\x00", "\ud800"])
def test_a_value_may_not_leave_its_line(write, value):
    """Whoever writes a field, a line break in it is refused."""
    with pytest.raises(ValueError, match="X-A"):
        write("X-A", value)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("text/plain", "text/plain"),
        ("Text/CSV;charset=utf-8 ; header = present", 'text/csv; charset="utf-8"; header="present"'),
        (r'a/b; c="d \"e\"; f"; g=', r'a/b; c="d \"e\"; f"'),
        ("a/b; c*=utf-8''%C3%A9", "a/b; c*=utf-8''%C3%A9"),
        ('a/b; c*="x\r\nBcc: y"', "a/b; c*=utf-8''x%0D%0ABcc%3A%20y"),
        ("a/b; c=é", "a/b; c*=utf-8''%C3%A9"),
        (
            "a/b; c=" + "é" * 20,
            "a/b; c*0*=utf-8''" + "%C3%A9" * 7 + "; c*1*=" + "%C3%A9" * 8 + "; c*2*=" + "%C3%A9" * 5,
        ),
        ("", "application/octet-stream"),
        ("plain", "application/octet-stream"),
        ("a/b/c", "application/octet-stream"),
        ("a/b" + ";" * 1000, "application/octet-stream"),
    ],
)
def test_types_are_written_in_one_form(text, written):
    """However a type is spelt, it is written the same way, in ASCII."""
    assert written == with_parameters(*media_type(text))
