"""The message object of every send: its fields, their limits, and the draft they make.

Source: Postmark developer docs, "Email", read 2026-11; the order of checks follows captured answers.
"""

from typing import Final

import msgspec

from core import headers as core_headers
from core import messages
from core.errors import Invalid, TooLarge
from core.streams import DEFAULT_SEND
from dialects.endpoint import MIB
from dialects.postmark import headers as custom
from dialects.postmark.addressing import Recipients, parties, party, recipients
from dialects.postmark.attachments import Attachment
from dialects.postmark.rehearsing import rehearsals

MOST_BYTES: Final = 10 * MIB
_MOST_BODY_BYTES: Final = 5 * MIB
_MOST_METADATA: Final = 10
_MOST_KEY: Final = 20
_MOST_VALUE: Final = 80
# section on unsubscribing of the user guide; the second is seen in the provider's own layouts
OPT_OUT: Final = messages.OptOut(links=("pm:unsubscribe",), urls=("pm:unsubscribe_url",))
ID_HEADERS: Final = ("X-PM-Message-Id",)
_TRACK_LINKS: Final[dict[str, messages.TrackLinks]] = {
    "none": "none",
    "htmlandtext": "both",
    "htmlonly": "html",
    "textonly": "text",
}


class Message(msgspec.Struct, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """A message as the SDKs write it; an empty text is an absent one."""

    sender: str | None = msgspec.field(default=None, name="From")
    to: str | None = None
    cc: str | None = None
    bcc: str | None = None
    subject: str | None = None
    tag: str | None = None
    html_body: str | None = None
    text_body: str | None = None
    reply_to: str | None = None
    headers: list[custom.Header] | None = None
    track_opens: bool | None = None
    track_links: str | None = None
    metadata: dict[str, str] | None = None
    attachments: list[Attachment] | None = None
    message_stream: str | None = None
    template_id: int | None = None
    template_alias: str | None = None

    @property
    def stream(self) -> str:
        """The stream it goes through."""
        return self.message_stream or DEFAULT_SEND

    def draft(self) -> messages.Draft:
        """What is asked for; raises Invalid."""
        sender = self._sender()
        return self._made(sender, recipients(self.to, self.cc, self.bcc))

    def _made(self, sender: messages.Party, people: Recipients) -> messages.Draft:
        reply_to = self._answered()
        self._check_body()
        check_fields(self.subject, self.tag)
        metadata = checked_metadata(self.metadata) if self.metadata else {}
        links = track_links(self.track_links)
        extra = custom.read(self.headers) if self.headers else custom.NONE
        content = self._content(extra)
        self._check_template()
        return messages.Draft(
            sender=sender,
            to=people.to,
            cc=people.cc,
            bcc=people.bcc,
            reply_to=reply_to,
            content=content,
            opt_out=OPT_OUT.if_asked(content),
            stream=self.stream,
            tag=self.tag or "",
            metadata=metadata,
            # what a server tracks, no message can switch off
            track_opens=self.track_opens or None,
            track_links=links,
            message_id=extra.message_id,
            id_headers=ID_HEADERS,
            rehearsals=rehearsals((*people.to, *people.cc, *people.bcc), extra.bounce_type),
            on_suppressed="drop",
            suppress_in="stream",
        )

    def _answered(self) -> tuple[messages.Party, ...]:
        return parties(self.reply_to, "Reply-To")

    def _sender(self) -> messages.Party:
        if not self.sender:
            raise Invalid("From", "Invalid 'From' address: ''.", kind="message")
        _check_length("From", self.sender, 255)
        return party(self.sender, "From")

    def _check_body(self) -> None:
        if not self.html_body and not self.text_body:
            raise Invalid("TextBody", "Provide either email TextBody or HtmlBody or both.", kind="message")
        for name, body in (("HtmlBody", self.html_body), ("TextBody", self.text_body)):
            if body and 4 * len(body) > _MOST_BODY_BYTES < len(body.encode()):
                raise Invalid(name, f"The '{name}' is larger than 5 MB.", kind="message")

    def _check_template(self) -> None:
        if self.template_id or self.template_alias:
            raise Invalid("TemplateId", "A template cannot be used with this endpoint.", kind="template")

    def _content(self, extra: custom.Headers) -> messages.Content:
        return messages.Content(
            subject=self.subject or "",
            html=self.html_body or None,
            text=self.text_body or None,
            headers=self.rows(extra),
            attachments=tuple([each.attachment() for each in self.attachments]) if self.attachments else (),
        )

    def rows(self, extra: custom.Headers) -> tuple[tuple[str, str], ...]:
        """The letter's own header fields."""
        return (*extra.rows, ("X-PM-Tag", self.tag)) if self.tag else extra.rows


def check_fields(subject: str | None, tag: str | None) -> None:
    """Refuse what is too long or would break out of its line; raises Invalid."""
    for name, value, most in (("Subject", subject, 2000), ("Tag", tag, 1000)):
        if value:
            _check_length(name, value, most)
            if not core_headers.is_safe(value):
                raise Invalid(name, f"The '{name}' may not hold line breaks.", kind="message")


def checked_metadata(given: dict[str, str]) -> dict[str, str]:
    """The same where it keeps the limits; raises Invalid."""
    if len(given) > _MOST_METADATA:
        raise _bad_metadata(f"A message may have {_MOST_METADATA} fields.")
    if len({key.lower() for key in given}) < len(given):
        raise _bad_metadata("Field names are unique whatever their case.")
    for key, value in given.items():
        if _units(key) > _MOST_KEY:
            raise _bad_metadata(f"Field names are limited to {_MOST_KEY} characters: '{key}'.")
        if _units(value) > _MOST_VALUE:
            raise _bad_metadata(f"Field values are limited to {_MOST_VALUE} characters: '{key}'.")
    return given


def track_links(word: str | None) -> messages.TrackLinks | None:
    """Which links are tracked, None where nothing is said; raises Invalid."""
    if not word:
        return None
    found = _TRACK_LINKS.get(word.lower())
    if found is None:
        raise Invalid("TrackLinks", f"Invalid 'TrackLinks' value: '{word}'.", kind="message")
    return found


def check_size(raw: bytes) -> None:
    """Refuse one message of a batch that would be too large alone; raises TooLarge."""
    if len(raw) > MOST_BYTES:
        raise TooLarge("message", MOST_BYTES)


def _units(text: str) -> int:
    """Its length as the provider counts: UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _check_length(name: str, text: str, most: int) -> None:
    if 2 * len(text) > most and _units(text) > most:
        raise Invalid(name, f"The '{name}' is longer than {most} characters.", kind="message")


def _bad_metadata(reason: str) -> Invalid:
    return Invalid("Metadata", f"Invalid metadata content. {reason}", kind="message")
