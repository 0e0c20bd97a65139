"""Mail over SMTP, which PufferPost does not offer: a key needs the same right as for its API."""

from typing import Final

import msgspec

from core.messages import Draft
from dialects.pufferpost.mail import OPT_OUT
from dialects.pufferpost.wire import shown
from dialects.submission import Rate, Submission, Wanted


def _understand(draft: Draft) -> Wanted:
    return Wanted(draft=msgspec.structs.replace(draft, opt_out=OPT_OUT))


def _show(id: str) -> str:
    return shown("msg", id)


SUBMISSION: Final = Submission(
    scopes=frozenset({"messages:send"}),
    rate=Rate(most=60_000, window_s=60, by_workspace=True),
    understand=_understand,
    show=_show,
)
