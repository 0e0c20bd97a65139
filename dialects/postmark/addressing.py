"""Addresses of a message and what is said of bad ones: clients tell recipients' errors by how these texts begin.

Source: answers captured by the maintainers of django-anymail, read 2026-11.
"""

from typing import Final, NamedTuple

from core import addresses
from core.errors import Invalid
from core.messages import Party

_MOST_RECIPIENTS: Final = 50
_SAID: Final = {
    "no_at": "Error parsing '{label}': Illegal email address '{email}'. It must contain the '@' symbol.",
    "domain": "Error parsing '{label}': Illegal email domain '{domain}' in address '{email}'.",
    "local": "Error parsing '{label}': Illegal email address '{email}'.",
}
_UNUSABLE: Final = "Invalid '{label}' address: '{email}'."


class Recipients(NamedTuple):
    """Everybody a message goes to, each person once."""

    to: tuple[Party, ...]
    cc: tuple[Party, ...]
    bcc: tuple[Party, ...]


# of a message whose recipients are told elsewhere
NOBODY: Final = Recipients((), (), ())


def party(text: str, label: str) -> Party:
    """One address; raises Invalid."""
    try:
        return Party(addresses.parse(text))
    except addresses.AddressError as error:
        said = _SAID.get(_reason(error), _UNUSABLE)
        shown = said.format(label=label, email=error.email or text, domain=error.domain)
        raise Invalid(label, shown, kind="message") from error


def _reason(error: addresses.AddressError) -> str:
    # a domain without a dot is only unusable (user@localhost), one of odd letters illegal (user@+)
    odd = error.reason == "dotless" and not error.domain.replace("-", "").isalnum()
    return "domain" if odd else error.reason


def parties(text: str | None, label: str) -> tuple[Party, ...]:
    """The addresses of a comma list; raises Invalid."""
    return tuple([party(piece, label) for piece in addresses.split(text)]) if text else ()


def recipients(to: str | None, cc: str | None, bcc: str | None) -> Recipients:
    """Who is written to; raises Invalid for a bad address, for none, and for more than fifty."""
    found = Recipients(parties(to, "To"), parties(cc, "Cc"), parties(bcc, "Bcc"))
    count = len(found.to) + len(found.cc) + len(found.bcc)
    if count == 1:
        return found
    if not count:
        raise Invalid("To", "Zero recipients specified", kind="message")
    check_count(count)
    seen: set[str] = set()
    return Recipients(*(_new(each, seen) for each in found))


def check_count(count: int) -> None:
    """Refuse more than fifty recipients; raises Invalid."""
    if count > _MOST_RECIPIENTS:
        reason = f"Too many recipients: {count}. 'To', 'Cc' and 'Bcc' may hold {_MOST_RECIPIENTS} addresses together."
        raise Invalid("To", reason, kind="message")


def _new(given: tuple[Party, ...], seen: set[str]) -> tuple[Party, ...]:
    kept = []
    for each in given:
        key = addresses.key(each.email)
        if key not in seen:
            seen.add(key)
            kept.append(each)
    return tuple(kept)
