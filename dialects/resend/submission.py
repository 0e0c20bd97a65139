"""Mail over SMTP, which knows no schedule, batch or template. Source: Resend docs, "Send with SMTP", read 2026-11."""

from typing import Final

import msgspec

from core.messages import Draft
from dialects.resend.rehearsals import may_use_built_in, rehearsals
from dialects.submission import Rate, Submission


def _finish(draft: Draft) -> Draft:
    """Test addresses are test addresses here too."""
    everybody = (*draft.to, *draft.cc, *draft.bcc)
    return msgspec.structs.replace(
        draft, rehearsals=rehearsals(everybody), sender_trusted=may_use_built_in(draft.sender, everybody)
    )


SUBMISSION: Final = Submission(
    scopes=frozenset({"full_access", "sending_access"}),
    instructions=("resend-idempotency-key",),
    on_suppressed="record",
    rate=Rate(by_workspace=True),
    finish=_finish,
)
