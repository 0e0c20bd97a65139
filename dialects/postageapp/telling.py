"""How webhooks are told: seven events in three forms, a token with its signature; and letters that came in.

Source: PostageApp's page on webhooks and its Rails ingress for Action Mailbox, read 2026-11. The page is partly
visible: how the signature is made, and the ladder, are the common ones of this trio of fields. There is no API for
webhooks; the provider has them in its console.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode

import msgspec

from core import addresses
from core.clock import SECOND
from core.errors import Invalid
from core.events import Event
from core.formats import Manners, Payload
from core.inbound import InboundMessage
from core.messages import Message, Party
from core.webhooks import Dispatch, Happening, NewWebhook, Webhook
from dialects import signing, verifying
from dialects.dialect import Listener
from dialects.targets import require_target
from dialects.verifying import Received, Verdict

DIALECT: Final = "postageapp"

# the provider's words, and what of core's each tells
EVENTS: Final = {
    "delivered": ("delivered",),
    "failed": ("failed", "expired"),
    "bounced": ("bounced",),
    "opened": ("opened",),
    "clicked": ("clicked",),
    "unsubscribed": ("unsubscribed",),
    "spammed": ("complained",),
}
# a letter that came in, as a mailbox of the provider's posts it on
LETTER: Final = "inbound_email"
_LETTER_PREFIX: Final = b"inbound_email%5Bmessage%5D="
_SIGNATURE: Final = "X-PostageApp-Signature"
_WORDS: Final = {kind: word for word, kinds in EVENTS.items() for kind in kinds}

Form = Literal["json-1.1", "json-1.0", "form"]
_DEFAULT_FORM: Final[Form] = "json-1.1"
_JSON: Final = "application/json"
_FORM_TYPE: Final = "application/x-www-form-urlencoded"

# for a day, as nothing is published
_MANNERS: Final = Manners(
    delays_s=(60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 28_800), timeout_s=30, redirects=0
)
_OBJECTS: Final = msgspec.json.Decoder(dict[str, Any])
_encode: Final = msgspec.json.Encoder().encode


class Options(msgspec.Struct, frozen=True):
    """What a webhook is told, and in which form."""

    events: tuple[str, ...]
    form: Form = _DEFAULT_FORM

    def kinds(self) -> tuple[str, ...]:
        """What of core's may lead to it."""
        told = [kind for event in self.events for kind in EVENTS.get(event, ("received",))]
        return tuple(dict.fromkeys(told))


_OPTIONS: Final = msgspec.msgpack.Decoder(Options)
_FORMS: Final = ("json-1.1", "json-1.0", "form")


class Told(msgspec.Struct, kw_only=True):
    """What happened to one recipient, in the newest form."""

    event: str
    account: str
    project: str
    message_id: int
    message_uid: str
    message_headers: list[tuple[str, str]]
    message_variables: dict[str, Any]
    recipient: str
    domain: str
    template: str | None
    timestamp: int
    token: str
    signature: str
    smtp_code: str | None
    smtp_message: str | None
    url: str | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, webhook: Webhook, happening: Happening, message: Message, event: Event) -> "Told":
        """From the domain's event; the number and the uid are those of the call that made the message."""
        batch, detail, draft = happening.batch, event.detail, message.draft
        timestamp = event.at // SECOND
        token = signing.token(webhook.secret, f"{webhook.id}:{happening.id}")
        clicked = event.kind == "clicked" and detail.seen is not None
        return cls(
            event=_WORDS[event.kind],
            account=happening.account,
            project=happening.workspace.name,
            message_id=batch.number if batch is not None else message.number,
            message_uid=batch.uid if batch is not None else message.id,
            message_headers=_headers(message),
            message_variables=draft.variables,
            recipient=happening.recipient,
            domain=happening.recipient.rpartition("@")[2],
            template=draft.template.slug if draft.template is not None else None,
            timestamp=timestamp,
            token=token,
            signature=signing.tokened(webhook.secret, timestamp, token),
            smtp_code=f"SMTP_{detail.code}" if detail.code else None,
            smtp_message=detail.text or None,
            url=detail.seen.link if clicked and detail.seen is not None else msgspec.UNSET,
        )

    def flat(self) -> dict[str, Any]:
        """The older form: variables beside the fields, which keep their places, and headers as a text of JSON."""
        held: dict[str, Any] = msgspec.to_builtins(self)
        del held["message_id"], held["message_uid"], held["message_variables"]
        held["message_headers"] = _encode(self.message_headers).decode()
        return self.message_variables | held


def _headers(message: Message) -> list[tuple[str, str]]:
    """The header lines of a call, as they were filled in."""
    draft, rendering = message.draft, message.rendering
    lines = [("From", _line((draft.sender,))), ("Subject", message.shown_subject)]
    lines += [(name, _line(held)) for name, held in (("Reply-To", draft.reply_to), ("Cc", draft.cc)) if held]
    return lines + list(rendering.headers if rendering is not None else draft.content.headers)


def _line(parties: Sequence[Party]) -> str:
    return ", ".join(addresses.display(each.address) for each in parties)


def _json_1_1(told: Told) -> bytes:
    return _encode(told)


def _json_1_0(told: Told) -> bytes:
    return _encode(told.flat())


def _form(told: Told) -> bytes:
    return urlencode({name: _field(value) for name, value in told.flat().items()}).encode()


def _field(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case _:
            return _encode(value).decode()


_BODIES: Final[dict[Form, Callable[[Told], bytes]]] = {
    "json-1.1": _json_1_1,
    "json-1.0": _json_1_0,
    "form": _form,
}


class Format:
    """The provider's words for what happened."""

    def payloads(self, webhook: Webhook, happening: Happening) -> Sequence[Payload]:
        """The one thing to tell, if it was asked for. A letter is its source, in a form field."""
        options = _OPTIONS.decode(webhook.options)
        match happening:
            case Happening(inbound=InboundMessage()):
                if LETTER not in options.events or not happening.source:
                    return ()
                return (Payload(LETTER, _LETTER_PREFIX + quote(happening.source, safe="").encode()),)
            case Happening(message=Message(environment="live") as message, event=Event() as event):
                word = _WORDS.get(event.kind)
                if word is None or word not in options.events:
                    return ()
                told = Told.of(webhook, happening, message, event)
                return (Payload(word, _BODIES[options.form](told)),)
            case _:
                return ()

    def headers(
        self, webhook: Webhook, dispatch: Dispatch, body: bytes, now: int
    ) -> Sequence[tuple[str, str]]:
        """The type; of a letter also its signature, which stands outside the body."""
        del now
        agent = ("User-Agent", "Babelpost")
        if dispatch.event == LETTER:
            source = unquote_to_bytes(body.removeprefix(_LETTER_PREFIX))
            signature = signing.swapped(webhook.secret, source)
            return (("Content-Type", _FORM_TYPE), agent, (_SIGNATURE, signature))
        form = _OPTIONS.decode(webhook.options).form
        return (("Content-Type", _FORM_TYPE if form == "form" else _JSON), agent)

    def manners(self, webhook: Webhook, event: str) -> Manners:
        """The same for all."""
        del webhook, event
        return _MANNERS


FORMAT: Final = Format()


def verify(secret: str, call: Received, now_s: int) -> Verdict:
    """What a receiver makes of the signature, which says nothing of when it was told; raises ValueError."""
    del now_s
    if call.body.startswith(_LETTER_PREFIX):
        source = unquote_to_bytes(call.body.removeprefix(_LETTER_PREFIX))
        return verifying.swapped(secret, call.headers.get(_SIGNATURE.lower(), ""), source)
    is_form = call.headers.get("content-type", "") == _FORM_TYPE
    held = dict(parse_qsl(call.body.decode())) if is_form else _OBJECTS.decode(call.body)
    return verifying.tokened(secret, held.get("timestamp"), held.get("token"), held.get("signature"))


def listen(wish: Listener) -> NewWebhook:
    """A webhook for an operator, of the seven events where none is named; raises Invalid."""
    form = next((each for each in _FORMS if each == (wish.form or _DEFAULT_FORM)), None)
    if form is None:
        raise Invalid("form", f"PostageApp has no form {wish.form}; it has {', '.join(_FORMS)}.")
    words = (*EVENTS, LETTER)
    unknown = next((each for each in wish.events if each not in words), None)
    if unknown is not None:
        raise Invalid("events", f"PostageApp has no event {unknown}; it has {', '.join(words)}.")
    if wish.stream:
        raise Invalid("stream", "PostageApp's webhooks have no streams.")
    options = Options(wish.events or tuple(EVENTS), form)
    return NewWebhook(
        dialect=DIALECT,
        url=require_target(wish.url),
        kinds=options.kinds(),
        options=msgspec.msgpack.encode(options),
        includes=("source",) if LETTER in options.events else (),
        secret=wish.secret or signing.new_secret(),
    )
