"""Mail over SMTP: a server token as user name and as password.

Source: Postmark user guide, "Sending with SMTP", and its articles on metadata and tracking, read 2026-11.
"""

from typing import Final

import msgspec

from core.messages import Draft
from dialects.endpoint import MIB
from dialects.postmark.rehearsing import rehearsals
from dialects.submission import Submission

_ID: Final = "X-PM-Message-Id"
_WRITTEN_BY_THE_SERVICE: Final = frozenset({"x-pm-rcpt", "x-pm-message-id"})


def _finish(draft: Draft) -> Draft:
    """The service writes its own Message-ID unless X-PM-KeepID asks for the client's."""
    kept = tuple(row for row in draft.content.headers if row[0].lower() not in _WRITTEN_BY_THE_SERVICE)
    return msgspec.structs.replace(
        draft,
        content=msgspec.structs.replace(draft.content, headers=kept),
        message_id="",
        id_headers=(_ID,),
        rehearsals=rehearsals((*draft.to, *draft.cc, *draft.bcc), ""),
    )


SUBMISSION: Final = Submission(
    user_is_key=True,
    limit_bytes=10 * MIB,
    most_recipients=50,
    instructions=(
        "x-pm-message-stream", "x-pm-tag", "x-pm-metadata-", "x-pm-trackopens", "x-pm-tracklinks", "x-pm-keepid",
        "x-pm-bounce-type",
    ),
    on_suppressed="drop",
    finish=_finish,
)  # fmt: skip  # one word a line would be a page
