"""The provider's test addresses: what happens to mail for them, and who may write to them without a domain.

Source: Resend docs, "Send test emails", read 2026-11. Nothing ever leaves for the real domain.
"""

from collections.abc import Iterable
from typing import Final

from core.errors import Invalid
from core.messages import Party, Rehearsal

BUILT_IN_SENDER: Final = "onboarding@resend.dev"

_DOMAIN: Final = "@resend.dev"
_OUTCOMES: Final = {
    "delivered": Rehearsal(outcome="deliver"),
    # the documents do not say that such a bounce suppresses, and tests want to repeat it
    "bounced": Rehearsal(outcome="bounce"),
    "complained": Rehearsal(outcome="complain"),
}
_SUPPRESSED: Final = Rehearsal(outcome="suppress")
_NONE: Final[dict[str, Rehearsal]] = {}


def rehearsals(parties: Iterable[Party]) -> dict[str, Rehearsal]:
    """What happens to each recipient that is a test address; raises Invalid for one that means nothing."""
    found = _NONE
    for party in parties:
        email = party.address.email
        if email.endswith(_DOMAIN):
            key = email.lower()
            found = found | {key: _outcome(key.removesuffix(_DOMAIN))}
    return found


def _outcome(local: str) -> Rehearsal:
    if local == "suppressed":
        return _SUPPRESSED
    outcome = _OUTCOMES.get(local.partition("+")[0])
    if outcome is None:
        raise Invalid("to", "Invalid `to` field. No testing email address has this name.", kind="words")
    return outcome


def may_use_built_in(sender: Party, parties: Iterable[Party]) -> bool:
    """Whether the sender is the one everybody has, and all recipients are test addresses."""
    return sender.address.email.lower() == BUILT_IN_SENDER and all(
        party.address.email.endswith(_DOMAIN) for party in parties
    )
