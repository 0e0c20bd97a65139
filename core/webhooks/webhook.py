"""A webhook: an endpoint of a customer's application, and what it is to be told in which words."""

import re
from typing import Any, Final, Literal

import msgspec

from core.core import Core
from core.sealing import Seal
from core.store.database import Row

State = Literal["enabled", "disabled"]

_PACK: Final = msgspec.msgpack.Encoder()
_LISTS: Final = msgspec.json.Decoder(tuple[str, ...])


class Secret(msgspec.Struct, frozen=True):
    """What calls are signed with: the current one without an end, a former one until it ends."""

    text: str
    until: int | None = None

    def __repr__(self) -> str:
        """Without its text, wherever it is printed."""
        return f"Secret(until={self.until})"


class _Private(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept sealed."""

    secrets: tuple[Secret, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    auth: tuple[str, str] | None = None

    def __repr__(self) -> str:
        """Nothing of it."""
        return "_Private()"


_PRIVATE: Final = msgspec.msgpack.Decoder(_Private)


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint. ``kinds``: of what happens, what its dialect may have to tell it (``core.webhooks.happening``).

    ``role``: a dialect's own name for one that stands in no list, else "". ``stream`` "": of all. ``options`` are the
    dialect's own choices, in a form of its own. ``includes``: what else a call needs that is heavy to read: ``report``
    (the letter that told of a bounce), ``files`` and ``source`` of a letter that came in. ``headers`` and ``auth``
    (user and password) go with every call. ``reason``: why it is disabled, where nobody asked for that.
    """

    id: str
    number: int
    workspace_id: str
    dialect: str
    role: str
    url: str
    kinds: tuple[str, ...]
    stream: str
    state: State
    reason: str
    options: bytes
    includes: tuple[str, ...]
    created_at: int
    updated_at: int
    secrets: tuple[Secret, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    auth: tuple[str, str] | None = None

    def __repr__(self) -> str:
        """Which it is, and nothing that may be secret."""
        return f"Webhook({self.id}, {self.dialect}, {self.place}, {self.state})"

    @property
    def place(self) -> str:
        """Scheme, host and port of its URL: what is in the rest may be secret."""
        return _place(self.url)

    @property
    def secret(self) -> str:
        """The current one; empty where calls are not signed."""
        return next((each.text for each in self.secrets if each.until is None), "")

    def signing(self, now: int) -> tuple[str, ...]:
        """Every secret that is valid, the current one first."""
        return tuple(each.text for each in self.secrets if each.until is None or each.until > now)


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """What to make. ``secret`` empty: calls are not signed."""

    dialect: str
    url: str
    kinds: tuple[str, ...]
    role: str = ""
    stream: str = ""
    state: State = "enabled"
    options: bytes = b""
    includes: tuple[str, ...] = ()
    secret: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    auth: tuple[str, str] | None = None

    def __repr__(self) -> str:
        """Likewise."""
        return f"NewWebhook({self.dialect}, {_place(self.url)}, {self.kinds})"


class WebhookChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be otherwise; None leaves a thing as it is. ``auth`` with an empty user and password takes it away."""

    url: str | None = None
    kinds: tuple[str, ...] | None = None
    stream: str | None = None
    state: State | None = None
    options: bytes | None = None
    includes: tuple[str, ...] | None = None
    headers: tuple[tuple[str, str], ...] | None = None
    auth: tuple[str, str] | None = None

    def __repr__(self) -> str:
        """What is changed, and not to what."""
        given = [name for name in self.__struct_fields__ if getattr(self, name) is not None]
        return f"WebhookChange({', '.join(given)})"


def _place(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{re.split('[/?#]', rest, maxsplit=1)[0].rpartition('@')[2]}"


def from_row(core: Core, row: Row) -> Webhook:
    """From the columns in the order of the struct's fields, and what is sealed; raises SealBroken."""
    held, private = plain_row(row), _opened(core.seal, row[0], row[-1])
    return msgspec.structs.replace(held, secrets=private.secrets, headers=private.headers, auth=private.auth)


def plain_row(row: Row) -> Webhook:
    """The same without what is sealed, which may be with another secret."""
    *plain, kinds, includes, _ = row
    names = Webhook.__struct_fields__
    held = dict(zip((n for n in names if n not in {"kinds", "includes"}), plain, strict=False))
    return Webhook(**held, kinds=_LISTS.decode(kinds), includes=_LISTS.decode(includes))


def _opened(seal: Seal, id: str, sealed: bytes) -> _Private:
    return _PRIVATE.decode(seal.open(sealed, _context(id)))


def _context(id: str) -> str:
    return f"webhook {id}"


def values(core: Core, webhook: Webhook) -> dict[str, Any]:
    """The columns that may change, by name."""
    private = _Private(webhook.secrets, webhook.headers, webhook.auth)
    return {
        "id": webhook.id,
        "url": webhook.url,
        "kinds": msgspec.json.encode(webhook.kinds).decode(),
        "stream": webhook.stream,
        "state": webhook.state,
        "reason": webhook.reason,
        "options": webhook.options,
        "includes": msgspec.json.encode(webhook.includes).decode(),
        "private": core.seal.close(_PACK.encode(private), _context(webhook.id)),
        "updated_at": webhook.updated_at,
    }
