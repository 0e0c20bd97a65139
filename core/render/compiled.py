"""Compiled texts, kept by content."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from types import TracebackType

import jinja2
from jinja2 import nodes

from core.errors import RenderFailed
from core.render import syntaxes
from core.render.linking import STRIDE, Linker
from core.render.runtime import Flaw, Sandbox, Scope
from core.render.source import Options, Value
from core.render.syntax import Outline, Unit

SOURCE_LIMIT = 1024 * 1024
# Python's own limits on nesting answer for ours; they are fixed, and a template never meets them by accident.
_TOO_DEEP = (SyntaxError, RecursionError, MemoryError, OverflowError, jinja2.TemplateError)
# Whatever an operation may meet in values it did not expect.
_FAILURES = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    jinja2.TemplateError,
)

SANDBOX = Sandbox({name: run for row in syntaxes.SYNTAXES.values() for name, run in row.operations.items()})


class Compiled:
    """One text as code; safe to render from several threads at once.

    ``outline`` is what it was made of, without the statements; of a joined text it is the outermost's.
    """

    __slots__ = ("_pieces", "_template", "outline", "weight")

    def __init__(self, unit: Unit, pieces: list[str], weight: int) -> None:
        """Compile; raises Flaw. ``weight`` is the size of the source in characters."""
        tree = nodes.Template(unit.body, lineno=1).set_environment(SANDBOX)
        try:
            code = SANDBOX.compile(tree)  # type: ignore[call-overload]  # a tree is accepted; the stubs know only text
            self._template = jinja2.Template.from_code(SANDBOX, code, {})
        except _TOO_DEEP as error:
            raise Flaw("the template is nested too deeply", template=pieces[0]) from error
        self._pieces = tuple(pieces)
        self.outline = unit.outline()
        self.weight = weight

    def render(self, variables: Mapping[str, Value], options: Options, *, content: str = "") -> str:
        """Fill the text; ``content`` is what a layout puts its child. Raises RenderFailed."""
        scope = Scope(variables, options, content)
        try:
            return self._collect(scope, options.max_output_bytes)
        except Flaw as flaw:
            raise self._failed(flaw.reason, flaw.__traceback__) from flaw
        except _FAILURES as error:
            raise self._failed("a value does not fit its use", error.__traceback__) from error

    def _collect(self, scope: Scope, limit_bytes: int) -> str:
        chunks: list[str] = []
        tick, size = scope.meter.tick, 0
        for chunk in self._template.root_render_func(self._template.new_context({"scope": scope})):
            size += len(chunk) if chunk.isascii() else len(chunk.encode("utf-8", "surrogatepass"))
            if size > limit_bytes:
                raise Flaw(f"the output is larger than {limit_bytes} bytes")
            tick()
            chunks.append(chunk)
        return "".join(chunks)

    def _failed(self, reason: str, trace: TracebackType | None) -> RenderFailed:
        piece, line = divmod(self._line(trace), STRIDE)
        return RenderFailed(self._pieces[piece], reason, line=line)

    def _line(self, trace: TracebackType | None) -> int:
        while trace is not None:
            if trace.tb_frame.f_globals.get("__jinja_template__") is self._template:
                line: int = self._template.get_corresponding_lineno(trace.tb_lineno)
                return line
            trace = trace.tb_next
        return 0


class Cache:
    """The most recently used texts, bounded in number and in characters of source."""

    def __init__(self, *, entries: int, weight: int) -> None:
        self._entries = entries
        self._limit = weight
        self._weight = 0
        self._held: OrderedDict[bytes, Compiled] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: bytes) -> Compiled | None:
        """What is held for the key, which becomes the youngest."""
        with self._lock:
            if (found := self._held.get(key)) is not None:
                self._held.move_to_end(key)
            return found

    def put(self, key: bytes, compiled: Compiled) -> None:
        """Hold it, and let go of the oldest that no longer fit."""
        with self._lock:
            if key in self._held:
                return
            self._held[key] = compiled
            self._weight += compiled.weight
            while self._held and (len(self._held) > self._entries or self._weight > self._limit):
                _, dropped = self._held.popitem(last=False)
                self._weight -= dropped.weight


# A compiled text takes about twenty bytes for each character of its source.
CACHE = Cache(entries=2048, weight=8 * 1024 * 1024)


def compile_text(syntax: str, text: str, *, escape: bool) -> Compiled:
    """One text by itself, from the cache if it was compiled before. Raises RenderFailed."""
    return compile_joined(syntax, "", text, escape=escape, library={})


def compile_joined(
    syntax: str,
    name: str,
    text: str,
    *,
    escape: bool,
    library: Mapping[str, str] | None,
    inner: Sequence[tuple[str, str]] = (),
) -> Compiled:
    """One text with those it includes and extends, which are looked up in ``library``, and takes in: ``inner``."""
    key = _key(syntax, name, text, escape=escape, library=library, inner=inner)
    if (held := CACHE.get(key)) is None:
        try:
            held = _compile(syntax, name, text, escape=escape, library=library, inner=inner)
        except Flaw as flaw:
            raise RenderFailed(flaw.template or name, flaw.reason, line=flaw.line) from flaw
        CACHE.put(key, held)
    return held


def outline(syntax: str, text: str) -> Outline:
    """What one text says about itself: the names it uses, the templates it names. Raises RenderFailed."""
    return compile_joined(syntax, "", text, escape=False, library=None).outline


def _compile(
    syntax: str,
    name: str,
    text: str,
    *,
    escape: bool,
    library: Mapping[str, str] | None,
    inner: Sequence[tuple[str, str]],
) -> Compiled:
    weight = len(text) + sum(map(len, (library or {}).values())) + sum(len(held) for _, held in inner)
    if weight > SOURCE_LIMIT:
        raise Flaw(f"the template is larger than {SOURCE_LIMIT} characters")
    linker = Linker(syntaxes.of(syntax), escape=escape, library=library, inner=inner)
    try:
        unit = linker.assemble(name, text)
    except RecursionError as error:
        raise Flaw("the template is nested too deeply") from error
    return Compiled(unit, linker.pieces, weight)


def _key(
    syntax: str,
    name: str,
    text: str,
    *,
    escape: bool,
    library: Mapping[str, str] | None,
    inner: Sequence[tuple[str, str]],
) -> bytes:
    kind = f"{syntax}\0{escape:d}\0{name}\0{library is None:d}\0{len(inner)}"
    digest = hashlib.blake2b(kind.encode(), digest_size=16)
    for piece in (text, *(part for pair in (*inner, *sorted((library or {}).items())) for part in pair)):
        data = piece.encode("utf-8", "surrogatepass")
        digest.update(b"\0%d\0" % len(data))
        digest.update(data)
    return digest.digest()
