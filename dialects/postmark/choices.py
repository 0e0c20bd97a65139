"""What a server chooses that is Postmark's own, as core keeps it beside the settings that it knows itself."""

from typing import Final

import msgspec

from core.accounts import WorkspaceSettings

DIALECT: Final = "postmark"


class Choices(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``color`` is "" until one is chosen. The others are of hooks: which of what happens they are told, and how whole.

    ``submission_errors``: what could not be taken over SMTP is told to whoever hears of bounces.
    """

    color: str = ""
    first_opens_only: bool = False
    bounce_content: bool = False
    submission_errors: bool = False
    raw_source: bool = False


_DECODER: Final = msgspec.msgpack.Decoder(Choices)
_NONE: Final = Choices()


def choices_of(settings: WorkspaceSettings) -> Choices:
    """A server's."""
    held = settings.choices.get(DIALECT)
    return _DECODER.decode(held) if held else _NONE


def chosen(settings: WorkspaceSettings, choices: Choices) -> WorkspaceSettings:
    """The settings with other choices in them."""
    packed = msgspec.msgpack.encode(choices)
    return msgspec.structs.replace(settings, choices=settings.choices | {DIALECT: packed})
