"""Custom headers: passed on unchanged, except those that the service writes itself.

Source: Postmark developer docs, "Email", and the list of headers that its Ruby client never forwards, read 2026-11.
"""

import re
from typing import Final

import msgspec

from core import mime
from core.errors import Invalid

# ignored when supplied, as the service does
_RESERVED: Final = frozenset(
    {
        "return-path", "from", "sender", "reply-to", "to", "cc", "bcc", "subject", "date", "content-type",
        "content-transfer-encoding", "mime-version", "received", "dkim-signature", "x-pm-rcpt", "x-pm-message-id",
        "x-pm-tag",
    }
)  # fmt: skip  # one word a line would be a page
_MESSAGE_ID: Final = "message-id"
_BOUNCE_TYPE: Final = "x-pm-bounce-type"
# bounded since it stays whole on a line, which has 998 letters (RFC 5322 2.1.1)
_ID: Final = re.compile(r"<?([!-;=?-~]{1,800})>?")


class Header(msgspec.Struct, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """A name and a value, which django-anymail leaves a number where its user wrote one."""

    name: str | None = None
    value: str | int | float | None = None

    @property
    def text(self) -> str:
        """The value as it stands in the mail."""
        return "" if self.value is None else str(self.value)


class Headers(msgspec.Struct, frozen=True):
    """What the custom headers mean: rows of the letter, its id where one is given, the bounce to rehearse."""

    rows: tuple[tuple[str, str], ...] = ()
    message_id: str = ""
    bounce_type: str = ""


NONE: Final = Headers()


def read(given: list[Header]) -> Headers:
    """Sort them; raises Invalid for a malformed one."""
    rows, message_id, bounce_type = [], "", ""
    for each in given:
        name, value = each.name or "", each.text
        match name.lower():
            case reserved if reserved in _RESERVED:
                continue
            case word if word == _MESSAGE_ID:
                message_id = _id(value)
                continue
            case word if word == _BOUNCE_TYPE:
                bounce_type = value
        if problem := mime.header_problem(name, value):
            raise Invalid("Headers", f"Invalid header '{name}': it {problem}.", kind="message")
        rows.append((name, value))
    return Headers(tuple(rows), message_id, bounce_type)


def _id(value: str) -> str:
    """The caller's Message-ID in its brackets."""
    found = _ID.fullmatch(value.strip())
    if found is None:
        raise Invalid("Headers", "Invalid header 'Message-ID': it is no message id.", kind="message")
    return f"<{found[1]}>"
