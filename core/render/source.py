"""What is rendered, with what, and what comes out."""

from typing import TypeAlias

import msgspec

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A stored body in one of the syntaxes; ``layout`` is the slug of the parent it is put into.

    ``css`` is a stylesheet for the HTML part; it is no template.
    """

    name: str
    syntax: str
    subject: str = ""
    html: str | None = None
    text: str | None = None
    css: str | None = None
    layout: str = ""


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of one message, ready for MIME."""

    subject: str
    html: str | None
    text: str | None


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How one rendering is done and how much it may use.

    ``locale`` is what a template reads as the variable of that name when the caller gave none.
    ``now`` is a moment in microseconds; without it the machine's clock is asked, once it is needed.
    ``max_output_bytes`` and ``time_limit_s`` hold for each part on its own.
    """

    timezone: str = "UTC"
    locale: str = ""
    now: int | None = None
    max_output_bytes: int = 5 * 1024 * 1024
    time_limit_s: float = 2.0
