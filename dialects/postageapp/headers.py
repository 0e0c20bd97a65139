"""The header lines of a call, sorted into what the server writes by itself and what it passes on.

Source: PostageApp developer pages, "send_message", and the header maps its Ruby and Django clients post, read 2026-11.
"""

from collections.abc import Mapping
from typing import Final, Self

import msgspec

from core import addresses
from core.addresses import AddressError
from core.errors import Invalid
from core.headers import is_safe
from core.messages import Party
from core.render import Options, compile_text
from dialects.postageapp.recipients import Variables

# what Ruby's mail objects bring along; every email gets its own
_REGENERATED: Final = frozenset(
    ("to", "content-type", "content-transfer-encoding", "mime-version", "date", "message-id", "return-path",
     "received", "dkim-signature")
)  # fmt: skip
_OURS: Final = frozenset(("from", "reply-to", "cc", "bcc", "subject"))
SYNTAX: Final = "tokens"

Given = Mapping[str, str | list[str] | None]


class Mailboxes:
    """The addresses of one line; where variables stand in it, they differ by recipient."""

    __slots__ = ("_fixed", "_name", "_one", "_text")

    def __init__(self, name: str, text: str, *, one: bool = False) -> None:
        """Read the line at once where it is the same for everybody; ``one`` asks for one address. Raises Invalid."""
        self._name = name
        self._one = one
        self._text = text
        self._fixed = None if "{{" in text else self._parse(text) if text or one else ()

    @property
    def varies(self) -> bool:
        """Whether it must be rendered."""
        return self._fixed is None

    def of(self, variables: Variables) -> tuple[Party, ...]:
        """The addresses for one recipient; raises Invalid and RenderFailed."""
        if self._fixed is not None:
            return self._fixed
        return self._parse(compile_text(SYNTAX, self._text, escape=False).render(variables, Options()))

    def _parse(self, text: str) -> tuple[Party, ...]:
        try:
            if self._one:
                return (Party(addresses.parse(text)),)
            return tuple(Party(address) for address in addresses.parse_list(text))
        except AddressError as error:
            reason = f'"{error.email}" in the header {self._name} is not a valid email address.'
            raise Invalid(self._name, reason, value=text) from error


class Headers(msgspec.Struct, frozen=True, kw_only=True):
    """Lines by what becomes of them; what is not there is empty."""

    sender: str = ""
    reply_to: str = ""
    cc: str = ""
    bcc: str = ""
    subject: str = ""
    others: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, given: Given) -> Self:
        """Sort them; names in any case, the later of two spellings wins. Raises Invalid for a line break."""
        held: dict[str, tuple[str, str]] = {}
        for name, value in given.items():
            text = ", ".join(value) if isinstance(value, list) else value
            if text:
                _check(name, text)
                held[name.lower()] = (name, text)

        def text_of(name: str) -> str:
            return held[name][1] if name in held else ""

        return cls(
            sender=text_of("from"),
            reply_to=text_of("reply-to"),
            cc=text_of("cc"),
            bcc=text_of("bcc"),
            subject=text_of("subject"),
            others=tuple(line for key, line in held.items() if key not in _OURS and key not in _REGENERATED),
        )


def _check(name: str, text: str) -> None:
    if not is_safe(text):
        raise Invalid(name, "may not contain line breaks", kind="header")
