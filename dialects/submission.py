"""How mail comes in over SMTP: who logs in with what, and what a dialect makes of a letter."""

from collections.abc import Callable
from typing import Literal

import msgspec

from core.messages import Draft
from dialects.endpoint import MIB

Finish = Callable[[Draft], Draft]


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """The provider's bound on sends, shared with its API; ``most`` in a window, 0 for none.

    Counted by workspace or, without ``by_workspace``, by credential, as the API counts.
    """

    most: int = 0
    window_s: int = 1
    by_workspace: bool = False


def unchanged(draft: Draft) -> Draft:
    """A letter as it was read."""
    return draft


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A dialect's manners in SMTP. The default is for providers without it: its name as user name, the key as password.

    The dialect's name is a user name everywhere, in any case; ``user_is_key``: so is the key itself.
    ``scopes``: a key must hold one of them to send; empty for any key. ``instructions``: lower-case names of headers
    that ask the provider for something; a name that ends in a hyphen stands for all that begin so.
    ``finish`` makes what the dialect makes of every draft; it raises Refusal.
    """

    user_is_key: bool = False
    scopes: frozenset[str] = frozenset()
    limit_bytes: int = 40 * MIB
    most_recipients: int = 1000
    instructions: tuple[str, ...] = ()
    on_suppressed: Literal["record", "drop", "refuse"] = "refuse"
    rate: Rate = Rate()
    finish: Finish = unchanged

    def secret(self, dialect: str, user: str, password: str) -> str | None:
        """The key in a login, or None where the user name is not this dialect's."""
        named = user.lower() == dialect or (self.user_is_key and user.lower() == password.lower())
        return password if named else None

    def instruction(self, name: str) -> bool:
        """Whether a header asks for something."""
        lower = name.lower()
        return any(
            lower == each or (each.endswith("-") and lower.startswith(each)) for each in self.instructions
        )
