"""Whom a message goes to: a text, a list, or an object whose values are each recipient's own variables.

Source: PostageApp developer pages, "send_message", and comments in its CodeIgniter and C# clients, read 2026-11.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from core import addresses
from core.addresses import AddressError
from core.errors import Invalid
from core.messages import Party, Value
from dialects.postageapp.wire import Map, fields

_LEAST: Final = -(1 << 63)
_MOST: Final = (1 << 64) - 1

Recipients = str | list[str] | dict[str, Map[Value]] | None
Variables = dict[str, Value]


class Addressee(msgspec.Struct, frozen=True):
    """Whom one email is for, and what fills it."""

    to: tuple[Party, ...]
    variables: Variables


def addressees(given: Recipients, shared: Variables) -> list[Addressee]:
    """One email with all addresses of a text on it, or one for each entry; raises Invalid and Mistyped.

    An address that stands there twice gets one email, the first.
    """
    if not given:
        raise Invalid("recipients", "No recipients were specified.")
    if isinstance(given, str):
        return [Addressee(_together(given), shared)]
    if isinstance(given, list):
        return [Addressee((party,), shared) for party in _distinct(map(_party, given))]
    return _with_variables(given, shared)


def _together(text: str) -> tuple[Party, ...]:
    found = tuple(_distinct(map(_party, addresses.split(text))))
    if not found:
        raise Invalid("recipients", "No recipients were specified.")
    return found


def _with_variables(given: Mapping[str, Map[Value]], shared: Variables) -> list[Addressee]:
    own = {text: fields(held, f"$.recipients.{text}") for text, held in given.items()}
    parties = {text: _party(text) for text in given}
    kept = {id(party) for party in _distinct(parties.values())}
    return [
        Addressee((party,), shared | storable(own[text]) if own[text] else shared)
        for text, party in parties.items()
        if id(party) in kept
    ]


def _party(text: str) -> Party:
    try:
        return Party(addresses.parse(text))
    except AddressError as error:
        reason = f'Recipient "{text}" is not a valid email address.'
        raise Invalid("recipients", reason, value=text) from error


def _distinct(parties: Iterable[Party]) -> Iterable[Party]:
    seen: dict[str, Party] = {}
    for party in parties:
        seen.setdefault(addresses.key(party.email), party)
    return seen.values()


def storable(variables: Mapping[str, Any]) -> Variables:
    """Variables with whole numbers beyond 64 bits as their text, which is all that a template shows of them."""
    return {name: _storable(value) for name, value in variables.items()}


def _storable(value: Value) -> Value:
    return str(value) if isinstance(value, int) and not _LEAST <= value <= _MOST else value
