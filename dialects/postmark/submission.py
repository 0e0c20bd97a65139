"""Mail over SMTP: a server token as user name and as password, and instructions in the header of a letter.

Source: Postmark user guide, "Sending with SMTP", and its articles on metadata and tracking, read 2026-11; replies as
its users have logged them.
"""

from typing import Final

import msgspec

from core.errors import Refusal
from core.messages import Content, Draft
from core.streams import DEFAULT_SEND
from dialects.endpoint import MIB
from dialects.postmark import outgoing
from dialects.postmark.addressing import check_count
from dialects.postmark.attachments import check_extension
from dialects.postmark.auth import TEST_TOKEN
from dialects.postmark.errors import failed
from dialects.postmark.instructions import Instructions
from dialects.postmark.rehearsing import rehearsals
from dialects.submission import Submission, Wanted


def _understand(draft: Draft) -> Wanted:
    """Obey the instructions; raises Invalid for what the API would not take either.

    The service writes its own Message-ID unless it is told to keep the client's.
    """
    asked = Instructions.of(draft.content.headers)
    _check(draft, asked)
    everybody = (*draft.to, *draft.cc, *draft.bcc)
    return Wanted(
        draft=msgspec.structs.replace(
            draft,
            content=_content(draft.content, asked),
            stream=asked.stream or DEFAULT_SEND,
            tag=asked.tag,
            metadata=outgoing.checked_metadata(asked.metadata),
            track_opens=asked.track_opens,
            track_links=outgoing.track_links(asked.track_links),
            message_id=draft.message_id if asked.keep_id else "",
            id_headers=outgoing.ID_HEADERS,
            rehearsals=rehearsals(everybody, asked.bounce_type),
            suppress_in="stream",
        )
    )


def _check(draft: Draft, asked: Instructions) -> None:
    outgoing.check_fields(draft.content.subject, asked.tag)
    check_count(len(draft.to) + len(draft.cc) + len(draft.bcc))
    for each in draft.content.attachments:
        check_extension(each.filename)


def _content(content: Content, asked: Instructions) -> Content:
    # the raw source at the real service shows the tag, as it does of messages sent through the API
    tag = (("X-PM-Tag", asked.tag),) if asked.tag else ()
    return msgspec.structs.replace(content, headers=(*asked.rest, *tag))


def _say(refusal: Refusal) -> str:
    """The error of the API, in its words."""
    return failed(refusal).message


SUBMISSION: Final = Submission(
    user_is_key=True,
    test_key=TEST_TOKEN,
    limit_bytes=10 * MIB,
    on_suppressed="drop",
    understand=_understand,
    say=_say,
    wrong_login="Error: authentication failed",
)
