"""The web server of somebody who sends mail that runs and fetches whatever it can, to learn who reads it."""

import asyncio
from asyncio import StreamReader, StreamWriter
from typing import Self

# each part calls by a name of its own
_TRAP = """<!doctype html><html><head><title>Trapped</title>
<meta http-equiv="refresh" content="1; url={at}/refreshed">
<link rel="stylesheet" href="{at}/style"><link rel="preload" as="image" href="{at}/preloaded">
<link rel="preconnect" href="{at}"><link rel="prefetch" href="{at}/prefetched"><link rel="icon" href="{at}/icon">
<style>@import "{at}/imported"; @font-face {{ font-family: theirs; src: url({at}/font) }}
h1 {{ font-family: theirs }} p {{ background: url({at}/background) }}</style>
<script>fetch("{at}/ran-inline"); document.title = "Trapped"; window.open("{at}/ran-window")</script>
<script src="{at}/script"></script></head>
<body onload="fetch('{at}/ran-load')"><h1>You won</h1><p>Something</p>
<img src="{at}/picture" width="10" height="10"><img srcset="{at}/picture-set 1x" width="10" height="10">
<img src="data:," onerror="fetch('{at}/ran-error')"><svg onload="fetch('{at}/ran-svg')"><image href="{at}/svg"/></svg>
<video src="{at}/film" poster="{at}/poster" preload="auto"></video><audio src="{at}/sound" preload="auto"></audio>
<iframe src="{at}/framed"></iframe><iframe srcdoc="<script>fetch('{at}/ran-framed')</script>"></iframe>
<iframe src="javascript:fetch('{at}/ran-address')"></iframe>
<object data="{at}/object"></object><embed src="{at}/embedded">
<details open ontoggle="fetch('{at}/ran-toggle')"><summary>More</summary></details>
<form id="form" action="{at}/ran-form" method="post" target="there"></form><iframe name="there"></iframe>
<script>document.getElementById("form").submit(); try {{ top.document.title = "Trapped" }} catch (e) {{ }}</script>
<a href="{at}/followed" ping="{at}/pinged">Your prize</a><a href="{at}/followed-too" target="_blank">And another</a>
</body></html>"""
PICTURES = {"/picture", "/picture-set", "/svg", "/poster", "/background", "/preloaded"}
STYLES = {"/style", "/imported", "/font"}
FILMS = {"/film", "/sound"}
FRAMES = {"/framed", "/object", "/embedded"}
SCRIPTS = {
    "/script",
    *(f"/ran-{how}" for how in ("inline", "load", "error", "svg", "framed", "address", "toggle", "form")),
}
ALL = PICTURES | STYLES | FILMS | FRAMES | SCRIPTS | {"/refreshed"}


class Stranger:
    """Listens on a port of its own; ``/`` is the trap as a page of the stranger's own."""

    def __init__(self) -> None:
        self.connections = 0
        self.paths: set[str] = set()
        self.heads: list[str] = []
        self.url = ""
        self._held: set[StreamWriter] = set()

    @property
    def trap(self) -> str:
        """The HTML of a mail."""
        return _TRAP.format(at=self.url)

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._called, "127.0.0.1", 0)
        self.url = "http://{}:{}".format(*self._server.sockets[0].getsockname())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up on whoever is still there."""
        self._server.close()
        for each in self._held:
            each.close()
        await self._server.wait_closed()

    async def _called(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.connections += 1
        self._held.add(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError:
            # a connection made ahead of need
            head = ""
        if head:
            self._note(head)
            body = self.trap.encode() if self._path(head) == "/" else b""
            writer.write(_HEAD.format(len(body)).encode() + body)
        writer.close()
        self._held.discard(writer)

    def _note(self, head: str) -> None:
        self.heads.append(head)
        self.paths.add(self._path(head))

    def _path(self, head: str) -> str:
        return head.split(" ", 2)[1]

    async def hears(self, expected: set[str]) -> None:
        """Wait until all of these have called; raises TimeoutError."""
        async with asyncio.timeout(15):
            while not expected <= self.paths:  # noqa: ASYNC110  # what is awaited happens in another process
                await asyncio.sleep(0.02)


_HEAD = (
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: {}\r\n"
    "Connection: close\r\n\r\n"
)
