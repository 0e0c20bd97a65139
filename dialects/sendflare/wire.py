"""What Sendflare's resources share: the envelope, addresses, texts or lists of texts."""

import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from core import addresses, ids
from core.errors import Invalid
from core.messages import Party
from dialects.endpoint import Codec
from dialects.request import Request


class Envelope(msgspec.Struct, rename="camel", kw_only=True, omit_defaults=False):
    """Every answer: all six fields always, ``ts`` in milliseconds."""

    request_id: str
    code: int = 0
    success: bool = True
    message: str = "Successfully"
    ts: int = msgspec.field(default_factory=lambda: time.time_ns() // 1_000_000)
    data: Any = None


encode: Final = msgspec.json.Encoder().encode


class EnvelopeCodec(Codec):
    """Answers are handed over as envelopes; bodies are JSON whatever the content type says."""

    def encode(self) -> Callable[[Any], bytes]:
        """Write an answer."""
        return encode


def request_id(request: Request | None) -> str:
    """The requestId of an answer: the request's own id, which is a UUID."""
    return request.id if request is not None else ids.new()


def party(text: str, field: str) -> Party:
    """An address, with or without a name; raises Invalid for the field."""
    try:
        return Party(addresses.parse(text), text)
    except addresses.AddressError as error:
        raise Invalid(field, error.reason, value=text) from error


def parties(given: str | list[str] | None, field: str) -> tuple[Party, ...]:
    """Addresses given as a list, a text, or a text with commas (a plug-in of the provider joins so)."""
    texts = addresses.split(given) if isinstance(given, str) else (given or [])
    return tuple(party(text, field) for text in texts)
