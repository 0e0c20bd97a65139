import pytest

from core.plaintext import from_html

PAGES = [
    ("", ""),
    ("  \n ", ""),
    ("plain words", "plain words"),
    ("a &amp; b &lt;c&gt;&nbsp;&euro;", "a & b <c> €"),
    ("<p>one</p><p>two</p>", "one\n\ntwo"),
    ("<div>one</div><div>two</div>", "one\ntwo"),
    ("a<br>b<br/>c", "a\nb\nc"),
    ("a  \n <b>b</b>c <i> d</i>", "a bc d"),
    ("<h1>Title</h1>Text", "Title\n\nText"),
    ("<title>t</title><style>p{}</style><p>x<script>alert('<p>')</script>", "x"),
    ("x<!-- no --><!--[if mso]><p>no</p><![endif]-->y", "xy"),
    ('<a href="https://e.x/?a=1&amp;b=2">Shop</a>.', "Shop <https://e.x/?a=1&b=2>."),
    ('<a href="https://e.x/">https://e.x</a>', "https://e.x"),
    ('<a href="mailto:a@b.c">a@b.c</a> <a href="mailto:a@b.c">us</a>', "a@b.c us <a@b.c>"),
    ('<a href="#top">up</a> <a name="x">here</a> <a href="javascript:x()">go</a>', "up here go"),
    ('<a href="https://e.x"><img src="b.png" alt="Pay now"></a>', "Pay now <https://e.x>"),
    ('<a href="https://e.x"><img src="b.png"></a>', "<https://e.x>"),
    ('<a href="https://e.x"><p>a</p><p>b</p></a>', "a\n\nb\n\n<https://e.x>"),
    ("<ul><li>a<li>b</ul>c", "* a\n* b\n\nc"),
    ("<ol><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ol>", "1. a\n2. b\n   * c\n3. d"),
    ("<ul><li></li></ul><p>x", "x"),
    ("<li>a", "* a"),
    ("<blockquote>q<br>r</blockquote>s", "> q\n> r\n\ns"),
    ("<dl><dt>t<dd>d</dl>", "t\n  d"),
    ("<table><tr><th>Item<th>Price<tr><td>Tea<td>3.00</table>", "Item | Price\nTea | 3.00"),
    ("<table><tr><td>&nbsp;</td><td><p>a</p></td><td>b</td></tr></table>", "a\n\nb"),
    ("<pre>a\n  b\n\nc</pre>d", "a\n  b\n\nc\n\nd"),
    ("a<hr>b", "a\n\n" + "-" * 40 + "\n\nb"),
    ('<div style="display: none">no<br>no</div>yes<span hidden>no</span>', "yes"),
    ("<p>open <b>never <i>closed", "open never closed"),
    ("</p></div>a</b>", "a"),
    ("a < b, c <3", "a < b, c <3"),
    ('<?xml version="1.0" encoding="latin-1"?><meta charset="latin-1"><p>é€', "é€"),
    ("a\ud800b\x00", "a\ufffdb\ufffd"),
]

HOSTILE = [
    "<div>a",
    "<table><tr><td>a",
    "<ul><li>a",
    "<a href=x>",
    "<b><i></p>",
    "<script>",
    "<!--",
    "<",
    "&",
    '<a href="',
    "<td>a",
    "<style></style",
]


@pytest.mark.parametrize(("html", "text"), PAGES)
def test_a_page_as_text(html, text):
    """What a reader would see is there, in the same order, and nothing else."""
    assert text == from_html(html)


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_pages_end_in_text(unit):
    """Neither depth nor mistakes stop the reading, and the result is no larger than a few times the page."""
    html = unit * 50_000

    assert len(html) * 2 >= len(from_html("<p>seen</p>" + html))


def test_the_words_of_a_page_that_is_too_deep_survive():
    """Where elements nest beyond any layout, the words are kept and the layout is given up."""
    assert "a\nb\nc" == from_html("a<script>no</script>" + "<div>" * 5000 + "b" + "</div>" * 5000 + "<p>c")


def test_a_large_page_is_read():
    """Five megabytes of ordinary HTML come out whole."""
    text = from_html("<p>hello <b>world</b> and <a href='http://x.test/'>link</a></p>" * 80_000)

    assert 80_000 == text.count("hello world and link <http://x.test/>")
