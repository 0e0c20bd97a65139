"""Triggers: what a webhook is to be told, with what two of them may choose besides.

Source: Postmark developer docs, "Webhooks API", read 2026-11; that all six stand in every answer, by its Python SDK.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from core.webhooks import Webhook


class Plain(msgspec.Struct, frozen=True, rename="pascal"):
    """A trigger without choices."""

    enabled: bool = False


class Open(msgspec.Struct, frozen=True, rename="pascal"):
    """Opens: all of them, or the first of each recipient."""

    enabled: bool = False
    post_first_open_only: bool = False


class WithContent(msgspec.Struct, frozen=True, rename="pascal"):
    """Bounces and complaints, with the letter that told of them or without."""

    enabled: bool = False
    include_content: bool = False


class Triggers(msgspec.Struct, frozen=True, rename="pascal", kw_only=True):
    """Everything that a webhook of a stream can be told; it is also how core keeps a webhook's options."""

    open: Open = Open()
    click: Plain = Plain()
    delivery: Plain = Plain()
    bounce: WithContent = WithContent()
    spam_complaint: WithContent = WithContent()
    subscription_change: Plain = Plain()

    def enabled(self) -> Iterator[str]:
        """The names of those that are switched on, in the provider's order."""
        for field in msgspec.structs.fields(self):
            if getattr(self, field.name).enabled:
                yield field.encode_name

    def kinds(self) -> tuple[str, ...]:
        """What of core's may lead to one of them."""
        return tuple(dict.fromkeys(kind for name in self.enabled() for kind in KINDS[name]))

    def includes(self) -> tuple[str, ...]:
        """What else core is to read for them."""
        wanted = (each.enabled and each.include_content for each in (self.bounce, self.spam_complaint))
        return ("report",) if any(wanted) else ()

    def packed(self) -> bytes:
        """As core keeps it."""
        return msgspec.msgpack.encode(self)

    def changed(self, wish: "TriggersWish | None") -> "Triggers":
        """The same with what is wished otherwise; what is absent stays."""
        if wish is None:
            return self
        named = {field.name: getattr(wish, field.name) for field in msgspec.structs.fields(self)}
        return msgspec.structs.replace(
            self,
            **{name: _changed(getattr(self, name), each) for name, each in named.items() if each is not None},
        )


class TriggerWish(msgspec.Struct, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """One trigger as it is asked for; what a trigger cannot choose is passed over."""

    enabled: bool | None = None
    post_first_open_only: bool | None = None
    include_content: bool | None = None


class TriggersWish(msgspec.Struct, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """Triggers as they are asked for, each of them or not."""

    open: TriggerWish | None = None
    click: TriggerWish | None = None
    delivery: TriggerWish | None = None
    bounce: TriggerWish | None = None
    spam_complaint: TriggerWish | None = None
    subscription_change: TriggerWish | None = None


def _changed(held: msgspec.Struct, wish: TriggerWish) -> msgspec.Struct:
    given = {name: getattr(wish, name) for name in held.__struct_fields__}
    return msgspec.structs.replace(
        held, **{name: value for name, value in given.items() if value is not None}
    )


# whatever has a record of a bounce is told as one; which of them is, is decided where it is told
KINDS: Final = {
    "Open": ("opened",),
    "Click": ("clicked",),
    "Delivery": ("delivered",),
    "Bounce": ("bounced", "failed", "expired", "delayed", "returned", "unsubscribed"),
    "SpamComplaint": ("complained",),
    "SubscriptionChange": ("suppression_added", "suppression_removed"),
}
_OPTIONS: Final = msgspec.msgpack.Decoder(Triggers)


def triggers_of(webhook: Webhook) -> Triggers:
    """What a webhook was made for."""
    return _OPTIONS.decode(webhook.options) if webhook.options else Triggers()


def switched_on(names: Iterable[str]) -> Triggers:
    """Triggers of these names."""
    wanted = frozenset(names)
    every = TriggersWish(
        **{
            field.name: TriggerWish(enabled=True)
            for field in msgspec.structs.fields(Triggers)
            if field.encode_name in wanted
        }
    )
    return Triggers().changed(every)
