"""What a mail holds, made harmless: HTML in a frame that runs nothing and fetches nothing, files only to be kept.

The frame is sandboxed twice, by the page around it and by its own policy, so that it stays harmless when it is opened
by its own address. See Content Security Policy Level 3 and the HTML Standard, 7.1.5 "Sandboxing".
"""

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from starlette.responses import Response

from gateway.console.visit import GUARDED

# what stands in a page of text; the rest is in the source
_SHOWN: Final = 64 * 1024
_HEAD_ENDS: Final = re.compile(rb"\r?\n\r?\n")
# RFC 2392: in HTML a part is named by its Content-ID
_CID: Final = re.compile(r"""\bcid:([^"'\s<>()]+)""", re.IGNORECASE)
_PICTURE: Final = re.compile(r"image/[a-z0-9.+-]+\Z", re.IGNORECASE)
# No policy keeps these from connecting to a host ahead of need, or from asking for its address, which tells a sender
# that the mail was looked at (Resource Hints; a frame that is then barred; seen with Chromium 156). The names instead
# are read in the same places (HTML Standard 13.2.6.4.4 and .7), and do nothing in the browsers of today.
_INERT: Final = {"link": "basefont", "iframe": "noembed", "frameset": "x-frameset"}
_CONNECTING: Final = re.compile(rf"<(/?)({'|'.join(_INERT)})(?=[\t\n\f\r />])", re.IGNORECASE)
_MOST_PICTURE_BYTES: Final = 8 * 1024 * 1024
# links may be followed into a page of their own, which knows nothing of this one
_SANDBOX: Final = "sandbox allow-popups allow-popups-to-escape-sandbox"
_BARRED: Final = (
    "default-src 'none'; img-src data:{more}; media-src data:{more}; font-src data:{more}; "
    "style-src 'unsafe-inline'{more}; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_VIEWS: Final = ("html", "text", "headers", "source")


class Text(NamedTuple):
    """What a page shows of a text, and whether that is only its beginning."""

    text: str
    cut: bool


class Picture(NamedTuple):
    """A file that HTML may show by its Content-ID."""

    content_id: str
    content_type: str
    size_bytes: int
    position: int


def chosen(asked: str, *, html: str | None, text: str | None) -> str:
    """What is shown of a mail: what was asked for, else HTML where there is any."""
    if asked in _VIEWS:
        return asked
    return "text" if not html and text else "html"


def text(whole: str) -> Text:
    """The beginning of a text."""
    return Text(whole[:_SHOWN], len(whole) > _SHOWN)


def source(whole: bytes, view: str) -> Text:
    """The beginning of a source, or of its header."""
    if view == "headers":
        whole = _HEAD_ENDS.split(whole, maxsplit=1)[0]
    return Text(whole[:_SHOWN].decode("utf-8", "replace"), len(whole) > _SHOWN)


async def with_pictures(
    html: str, pictures: Iterable[Picture], read: Callable[[int], Awaitable[bytes]]
) -> str:
    """HTML with its own pictures in it, as far as they are not too much: the frame may fetch nothing."""
    named = {unquote(found) for found in _CID.findall(html)}
    held: dict[str, str] = {}
    room = _MOST_PICTURE_BYTES
    for each in pictures:
        name = each.content_id.strip("<>")
        if (
            name in named
            and name not in held
            and each.size_bytes <= room
            and _PICTURE.match(each.content_type)
        ):
            room -= each.size_bytes
            held[name] = f"data:{each.content_type};base64,{b64encode(await read(each.position)).decode()}"
    return _CID.sub(lambda found: held.get(unquote(found[1]), found[0]), html)


def frame(html: str, *, remote: bool) -> Response:
    """HTML as a page of its own; ``remote`` lets it fetch pictures, films, fonts and styles from where it says."""
    if not remote:
        html = _CONNECTING.sub(lambda found: f"<{found[1]}{_INERT[found[2].lower()]}", html)
    barred = _BARRED.format(more=" https: http:" if remote else "")
    return Response(
        html.encode("utf-8", "replace"),
        headers=GUARDED | {"Content-Security-Policy": f"{_SANDBOX}; {barred}"},
        media_type="text/html",
    )


def download(data: bytes, name: str) -> Response:
    """Bytes that a browser only keeps, whatever they say they are."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name or 'file', safe='', errors='replace')}",
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    }
    return Response(data, headers=GUARDED | headers, media_type="application/octet-stream")
