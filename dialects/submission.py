"""How mail comes in over SMTP: who logs in with what, and what a dialect makes of a letter."""

from collections.abc import Callable
from typing import Literal

import msgspec

from core.errors import Refusal
from core.messages import Claim, Draft
from dialects.endpoint import MIB


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """The provider's bound on sends, shared with its API; ``most`` in a window, 0 for none.

    Counted by workspace or, without ``by_workspace``, by credential, as the API counts.
    """

    most: int = 0
    window_s: int = 1
    by_workspace: bool = False


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a letter asks for, instructions in its header obeyed; a letter with a claim may come again.

    ``refusal``: what keeps it from being sent, where that is told otherwise than by the reply.
    """

    draft: Draft
    claim: Claim | None = None
    refusal: Refusal | None = None


Understand = Callable[[Draft], Wanted]
Say = Callable[[Refusal], str]


def as_it_is(draft: Draft) -> Wanted:
    """A letter as it was read: the provider has no instructions in headers."""
    return Wanted(draft=draft)


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A dialect's manners in SMTP. The default is for providers without it: its name as user name, the key as password.

    The dialect's name is a user name everywhere, in any case; ``user_is_key``: so is the key itself.
    ``scopes``: a key must hold one of them to send; empty for any key. ``test_key``: a public key under which
    a letter is looked at and kept nowhere. ``understand`` makes what the dialect makes of a letter; it raises Refusal.
    ``sender_replies``: answers to a letter that does not say go where its sender's owner wants them (``core.replies``).
    ``say`` has the provider's words for a refusal, ``wrong_login`` those for a login. ``bounce``: every letter that can
    be read is taken, and what is wrong with it comes back as a bounce with this text. ``show``: a message's id as the
    API prints it.
    """

    user_is_key: bool = False
    scopes: frozenset[str] = frozenset()
    test_key: str = ""
    limit_bytes: int = 40 * MIB
    most_recipients: int = 1000
    on_suppressed: Literal["record", "refuse"] = "refuse"
    rate: Rate = Rate()
    understand: Understand = as_it_is
    sender_replies: bool = False
    say: Say | None = None
    bounce: Say | None = None
    show: Callable[[str], str] = str
    wrong_login: str = "Authentication credentials invalid"

    def secret(self, dialect: str, user: str, password: str) -> str | None:
        """The key in a login, or None where the user name is not this dialect's."""
        named = user.lower() == dialect or (self.user_is_key and user.lower() == password.lower())
        return password if named else None
