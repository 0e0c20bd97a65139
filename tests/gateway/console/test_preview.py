"""No mail breaks out of the console, whatever it holds."""

import pytest

from core.messages import Attachment
from tests.core.post import letter_in

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&lt;\u202e{{ 7*7 }}"


async def test_pages_obey_nothing_but_their_own_style(looker):
    """Neither scripts nor anything from elsewhere; no other site shows them, none is told of them, none keeps them."""
    id = await looker.send(html=EVIL)
    for path in ("/messages", f"/messages/{id}", "/inbound", "/else"):
        answer = await looker.browser.get(looker.base + path)
        if path != "/else":
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script" not in policy
            assert "frame-ancestors 'none'" in policy
            assert "nosniff" == answer.headers["x-content-type-options"]
            assert "no-referrer" == answer.headers["referrer-policy"]
            assert "no-store" == answer.headers["cache-control"]
            assert "same-origin" == answer.headers["cross-origin-resource-policy"]


async def test_html_is_shown_as_it_is_in_a_frame_that_runs_nothing(looker):
    """The HTML itself is not changed; the frame around it and its own policy bar what it would do."""
    html = "<h1>Hi</h1><script>alert(1)</script><img src=https://elsewhere.example/x.png>"
    id = await looker.send(html=html)
    page = (await looker.get(f"/messages/{id}")).text
    assert '<iframe sandbox referrerpolicy="no-referrer"' in page
    assert "elsewhere.example" not in page
    answer = await looker.get(f"/messages/{id}/html")
    assert html == answer.text
    assert "text/html; charset=utf-8" == answer.headers["content-type"]
    assert "no-referrer" == answer.headers["referrer-policy"]
    assert (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; media-src data:; "
        "font-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    ) == answer.headers["content-security-policy"]
    asked = (await looker.get(f"/messages/{id}/html", remote="1")).headers["content-security-policy"]
    assert "img-src data: https: http:;" in asked
    assert "default-src 'none'" in asked
    assert "script-src" not in asked
    assert "?remote=1" in (await looker.get(f"/messages/{id}", remote="1")).text


async def test_nothing_connects_ahead_of_need(looker):
    """No policy bars that: where nothing is to be loaded, elements that do it are others, however they are written."""
    html = "<LINK rel=preconnect href=//e.example><link/><linked><iframe\n src=x></IFRAME ><frameset>"
    id = await looker.send(html=html)
    expected = "<basefont rel=preconnect href=//e.example><basefont/><linked><noembed\n src=x></noembed ><x-frameset>"
    assert expected == (await looker.get(f"/messages/{id}/html")).text
    assert html == (await looker.get(f"/messages/{id}/html", remote="1")).text


async def test_everything_that_a_message_says_is_escaped(looker):
    """Subject, tag, metadata, stream, names of people and files: each is text, in the list and on its page."""
    id = await looker.send(
        subject=EVIL, html=None, text=EVIL, tag=EVIL, metadata={EVIL: EVIL},
        files=(Attachment(filename=EVIL, content_type="text/plain", content_id=EVIL, data=b"x"),),
    )  # fmt: skip
    for path in ("/messages", f"/messages/{id}"):
        page = (await looker.get(path)).text
        assert "<script" not in page
        assert "<img" not in page
        assert "49" not in page.split("<main")[1].split("01a2")[0]
    assert "<script" not in (await looker.get(f"/messages/{id}", view="source")).text
    page = (await looker.get("/messages", subject=EVIL, recipient=EVIL, state=EVIL)).text
    assert "<script" not in page
    assert "<img" not in page


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: \xff\xfe\x80 broken\r\nFrom: \xc3\x28 <a@b.example>\r\n\r\n\x00\xff\xfe body",
        b"Subject: =?utf-8?B?7aCA?= =?x-none?Q?=FF?=\r\nContent-Type: text/html; charset=x-none\r\n\r\n<p>\xff\xd8",
        b'Content-Type: text/html; charset="utf-7"\r\n\r\n+ADw-script+AD4-alert(1)+ADw-/script+AD4-',
        b"Content-Type: text/html; charset=utf-16\r\n\r\n<\x00s\x00c\x00r\x00",
        b"\x00\r\n\r\n",
        b"Subject: " + b"<script>" * 5000 + b"\r\nTo: " + b"<b>" * 5000 + b"\r\n\r\nx",
        (
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n"
            b'Content-Disposition: attachment; filename="../<script>\r\n evil"\r\n\r\n<script>\r\n--b--'
        ),
    ],
)
async def test_letters_that_are_broken(looker, raw):
    """Whatever came in is shown as far as it can be, as UTF-8, and never as markup of ours."""
    letter = await letter_in(looker.core, looker.caller, raw)
    assert "<script" not in (await looker.get("/inbound")).text
    for view in ("", "html", "text", "headers", "source", "else"):
        answer = await looker.get(f"/inbound/{letter.id}", view=view)
        assert "<script" not in answer.text
        assert "text/html; charset=utf-8" == answer.headers["content-type"]
        assert len(answer.content) < 512 * 1024
    assert "sandbox" in (await looker.get(f"/inbound/{letter.id}/html")).headers["content-security-policy"]
    assert (await looker.get(f"/inbound/{letter.id}/source")).content.endswith(raw)
    for position in range(len(letter.head.files)):
        answer = await looker.get(f"/inbound/{letter.id}/files/{position}")
        assert "application/octet-stream" == answer.headers["content-type"]
        assert "\n" not in answer.headers["content-disposition"]
        assert "<" not in answer.headers["content-disposition"]


async def test_what_is_huge_is_shown_in_part(looker):
    """A page stays small and says so; its HTML and its source are whole."""
    html, text = "<p>é</p>" * 300_000, "é" * 2_000_000
    id = await looker.send(*(f"a{each}@example.com" for each in range(300)), html=html, text=text)
    for view in ("html", "text", "headers", "source"):
        page = await looker.get(f"/messages/{id}", view=view)
        assert len(page.content) < 512 * 1024
        assert ("This is only its beginning" in page.text) == (view in ("text", "source"))
        assert "And 100 more." in page.text
        assert "and 250 more" in page.text
    assert html == (await looker.get(f"/messages/{id}/html")).text
    assert len((await looker.get(f"/messages/{id}/source")).content) > len(html)


async def test_own_pictures_are_put_in_up_to_a_size(looker, monkeypatch):
    """By Content-ID, escaped or not, once each; no other type, none that is not there, none that is too much."""
    monkeypatch.setattr("gateway.console.preview._MOST_PICTURE_BYTES", 10)
    html = (
        '<img src="cid:a%40x"><img src=CID:a@x><img src=\'cid:page\'><img src="cid:big"><img src="cid:none">'
        '<a href="/acid:a@x">'
    )
    files = (
        Attachment(filename="a.png", content_type="image/png", content_id="a@x", data=b"123"),
        Attachment(filename="p.html", content_type="text/html", content_id="page", data=b"1"),
        Attachment(filename="b.png", content_type="image/png", content_id="big", data=b"12345678"),
    )
    id = await looker.send(html=html, files=files)
    data = "data:image/png;base64,MTIz"
    assert (
        f'<img src="{data}"><img src={data}><img src=\'cid:page\'><img src="cid:big"><img src="cid:none">'
        '<a href="/acid:a@x">'
    ) == (await looker.get(f"/messages/{id}/html")).text
