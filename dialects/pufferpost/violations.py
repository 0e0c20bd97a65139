"""Violations: everything that is wrong with a body or query, gathered and told together.

Source: PufferPost guide "Errors, idempotency & rate limits", read 2026-11. Its texts are those of Symfony's validator;
what it does not show is said as the validator does.
"""

from typing import Any, Final

import msgspec

from core import addresses
from core.addresses import Address
from core.errors import Refusal
from core.messages import Party, is_storable

BLANK: Final = "This value should not be blank."
NOT_VALID: Final = "This value is not valid."
NOT_AN_EMAIL: Final = "This value is not a valid email address."
_NOT_BASE64: Final = "This value is not valid base64."
# what stands in for an address that was refused; nothing is made of it
_NOBODY: Final = Party(Address(""))

# msgspec's words for JSON's types, to the validator's
_TYPES: Final = {"str": "string", "bytes": "string", "object": "object", "array": "array", "int": "int"}


class Violation(msgspec.Struct, frozen=True):
    """One field, named as the caller wrote it, and what is wrong with it."""

    field: str
    message: str


class ValidationFailed(Refusal):
    """A request whose fields cannot be accepted; all of them are named."""

    default = "Unprocessable Entity"

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        """Keep them in the order of the fields."""
        super().__init__()
        self.violations = violations


class Violations:
    """Gathers; a field is told of once, with the first thing that is wrong."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        """Nothing is wrong yet."""
        self._held: dict[str, str] = {}

    def add(self, field: str, message: str) -> None:
        """Note that a field is wrong; nothing more is said of one whose whole is wrong already."""
        if field.rpartition(".")[0] not in self._held:
            self._held.setdefault(field, message)

    def refuse(self) -> None:
        """Raise ValidationFailed where anything was noted."""
        if self._held:
            raise ValidationFailed(tuple(Violation(field, message) for field, message in self._held.items()))

    def mistyped(self, field: str, word: str) -> None:
        """Note that a field is of another type than ``word``."""
        self.add(field, f"This value should be of type {word}.")

    def refused(self, field: str, error: msgspec.ValidationError) -> None:
        """Note what msgspec said of a field."""
        text = str(error)
        if text.startswith("Expected `"):
            word = text[10:].partition("`")[0].partition(" ")[0]
            self.mistyped(field, _TYPES.get(word, word))
        else:
            self.add(field, _NOT_BASE64 if "base64" in text else NOT_VALID)

    def text(self, field: str, value: str | None, most: int) -> str:
        """A text that must be there, up to so many characters."""
        if not value or not value.strip():
            self.add(field, BLANK)
            return ""
        self.length(field, value, most)
        if "\x00" in value:
            self.add(field, NOT_VALID)
        return value

    def length(self, field: str, value: str, most: int) -> None:
        """Note a text that is too long."""
        if len(value) > most:
            self.add(field, f"This value is too long. It should have {most} characters or less.")

    def count(self, field: str, size: int, most: int) -> None:
        """Note a collection that holds too many."""
        if size > most:
            self.add(field, f"This collection should contain {most} elements or less.")

    def party(self, field: str, value: Any) -> Party:  # a value of JSON
        """An address that must be there, with or without a name."""
        if not value:
            self.add(field, BLANK)
        elif not isinstance(value, str):
            self.mistyped(field, "string")
        else:
            try:
                return Party(addresses.parse(value))
            except addresses.AddressError:
                self.add(field, NOT_AN_EMAIL)
        return _NOBODY

    def parties(self, field: str, values: list[Any] | None, most: int) -> tuple[Party, ...]:
        """Addresses, each with its own violation."""
        if not values:
            return ()
        self.count(field, len(values), most)
        return tuple([self.party(f"{field}[{index}]", value) for index, value in enumerate(values)])

    def variables(self, field: str, value: dict[str, Any] | list[Any] | None) -> dict[str, Any]:
        """An object of any values, as long as they can be kept."""
        given = self.mapping(field, value)
        if given and not is_storable(given):
            self.add(field, NOT_VALID)
        return given

    def mapping(self, field: str, value: dict[str, Any] | list[Any] | None) -> dict[str, Any]:
        """An object; PHP writes an empty one as an empty list."""
        if isinstance(value, dict):
            return value
        if value:
            self.mistyped(field, "object")
        return {}
