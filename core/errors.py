"""The refusals: every deliberate no of the domain, as facts that a dialect puts into its own words.

Refusal                     the caller can do something about it; str() is safe to show
├── Unauthenticated         no credential, or one we do not know
├── Forbidden               known, but not allowed this
├── Invalid                 field, reason
│   ├── Malformed           a body that cannot be read at all
│   └── Mistyped            a body whose shape is wrong at one place
├── NotFound                kind, id
├── NotAllowed              the path exists, the method does not
├── Conflict                kind, reason
├── Suppressed              addresses
├── Unverified              address, domain
├── TooLarge                what, limit in bytes
├── RateLimited             retry_after in seconds
├── QuotaExceeded
├── Unsupported             what this server cannot express
└── RenderFailed            template, line, reason
"""

from collections.abc import Sequence
from typing import ClassVar


class Refusal(Exception):  # noqa: N818  # a refusal is an answer, not an error of ours
    """The root: whatever has no row of its own in a dialect's table is answered by this one's.

    ``kind`` says of which thing it speaks and is the second half of the look-up in a dialect's table.
    """

    kind: str = ""
    default: ClassVar[str] = "The request cannot be served."

    def __init__(self, text: str = "", *, kind: str = "") -> None:
        """Keep a text that is safe to show to the caller."""
        super().__init__(text or self.default)
        self.kind = kind


class Unauthenticated(Refusal):
    """No credential, or one we do not know. ``kind``: ``missing``, ``unknown``, ``wrong_kind``, ``revoked``."""

    default = "A valid credential is needed."


class Forbidden(Refusal):
    """A known caller who may not do this. ``kind`` names the missing right or the state of the credential."""

    default = "This credential may not do this."


class Invalid(Refusal):
    """One field that cannot be accepted, and why."""

    def __init__(self, field: str, reason: str, *, kind: str = "", value: str = "") -> None:
        """Name the field in the caller's own words."""
        super().__init__(f"{field}: {reason}", kind=kind)
        self.field = field
        self.reason = reason
        self.value = value


class Malformed(Invalid):
    """A body that cannot be read at all. ``kind``: ``json``, ``utf8``; ``offset`` in bytes where known."""

    def __init__(self, reason: str, *, kind: str = "json", offset: int | None = None) -> None:
        """Keep where reading stopped."""
        super().__init__("body", reason, kind=kind)
        self.offset = offset


class Mistyped(Invalid):
    """A body whose shape is wrong at ``path`` (JSONPath as msgspec prints it, ``$.to[0]``)."""

    def __init__(self, path: str, reason: str) -> None:
        """Name the field by the last word of its path."""
        super().__init__(path.removeprefix("$").removeprefix(".") or "body", reason)
        self.path = path


class NotFound(Refusal):
    """Nothing of this kind with this id is visible to the caller. ``kind`` ``path`` means no such operation."""

    def __init__(self, kind: str, id: str = "") -> None:
        """Say what was looked for."""
        super().__init__(f"No such {kind}.", kind=kind)
        self.id = id


class NotAllowed(Refusal):
    """The path exists but not for this method; ``allowed`` are those that do."""

    def __init__(self, method: str, allowed: Sequence[str]) -> None:
        """Keep the methods for an Allow header."""
        super().__init__(f"{method} is not allowed here.")
        self.method = method
        self.allowed = tuple(allowed)


class Conflict(Refusal):
    """The request contradicts what is already there. ``kind`` says in what; ``id`` is the thing it met."""

    def __init__(self, kind: str, reason: str, *, id: str = "") -> None:
        """Keep what was met."""
        super().__init__(reason, kind=kind)
        self.reason = reason
        self.id = id


class Suppressed(Refusal):
    """Every recipient is on a suppression list; ``kind`` ``topic`` where it is only that they do not want the topic."""

    def __init__(self, addresses: Sequence[str], *, kind: str = "") -> None:
        """Keep the addresses as they are compared: lower case."""
        super().__init__("Recipient is suppressed: " + ", ".join(addresses), kind=kind)
        self.addresses = tuple(addresses)


class Unverified(Refusal):
    """The sender's address is neither a confirmed sender nor on a verified domain.

    ``kind``: ``unknown``, or ``unconfirmed`` where the sender is known but not confirmed.
    """

    def __init__(self, address: str, *, kind: str = "unknown") -> None:
        """Keep the bare address."""
        super().__init__(f"The sender {address} is not verified.", kind=kind)
        self.address = address
        self.domain = address.rpartition("@")[2]


class TooLarge(Refusal):
    """Something exceeds a size limit; ``limit`` in bytes."""

    def __init__(self, what: str, limit: int) -> None:
        """Name what is too large; it is also the kind."""
        super().__init__(f"{what} is larger than {limit} bytes.", kind=what)
        self.what = what
        self.limit = limit


class RateLimited(Refusal):
    """Too many requests; ``retry_after`` in whole seconds, at least 1."""

    def __init__(self, retry_after: int) -> None:
        """Keep the wait."""
        super().__init__("Too many requests.")
        self.retry_after = max(1, retry_after)


class QuotaExceeded(Refusal):
    """The workspace has used up what it may send."""

    default = "The quota is used up."


class Unsupported(Refusal):
    """Something a provider offers and this server cannot do; it is refused and never dropped."""

    def __init__(self, what: str) -> None:
        """Say what."""
        super().__init__(f"{what} is not supported.", kind=what)
        self.what = what


class RenderFailed(Refusal):
    """A template that cannot be compiled or rendered; ``line`` counts from 1, 0 where unknown."""

    def __init__(self, template: str, reason: str, *, line: int = 0) -> None:
        """Keep where it broke."""
        super().__init__(f"{template or 'template'}: {reason}")
        self.template = template
        self.reason = reason
        self.line = line
