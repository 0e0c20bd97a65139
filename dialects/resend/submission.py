"""Mail over SMTP, which knows no schedule, batch or template. Source: Resend docs, "Send with SMTP", read 2026-11."""

from typing import Final

import msgspec

from core.errors import Invalid, Refusal
from core.messages import Draft
from dialects.resend.errors import ADDRESS_FIELDS, say
from dialects.resend.idempotency import letter_claim
from dialects.resend.rehearsals import may_use_built_in, rehearsals
from dialects.resend.templating import OPT_OUT
from dialects.submission import Rate, Submission, Wanted

_IDEMPOTENCY: Final = "resend-idempotency-key"


def _understand(draft: Draft) -> Wanted:
    """Test addresses are test addresses here too, and a letter with a key is sent once; raises Invalid."""
    everybody = (*draft.to, *draft.cc, *draft.bcc)
    keys = [value for name, value in draft.content.headers if name.lower() == _IDEMPOTENCY]
    rest = tuple(row for row in draft.content.headers if row[0].lower() != _IDEMPOTENCY)
    bare = msgspec.structs.replace(
        draft,
        content=msgspec.structs.replace(draft.content, headers=rest),
        opt_out=OPT_OUT.if_asked(draft.content),
        rehearsals=rehearsals(everybody),
        sender_trusted=may_use_built_in(draft.sender, everybody),
    )
    return Wanted(draft=bare, claim=letter_claim(keys[-1].strip(), bare) if keys else None)


def _say(refusal: Refusal) -> str:
    """The words of the API, to which a letter's fields are its own."""
    match refusal:
        case Invalid(kind="", field=field) if (name := field.lower().replace("-", "_")) in ADDRESS_FIELDS:
            return say(Invalid(name, refusal.reason, kind="address"))
        case _:
            return say(refusal)


SUBMISSION: Final = Submission(
    scopes=frozenset({"full_access", "sending_access"}),
    on_suppressed="record",
    rate=Rate(by_workspace=True),
    understand=_understand,
    say=_say,
)
