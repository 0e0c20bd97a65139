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
from dialects.postmark.instructions import Instructions, flag
from dialects.postmark.rehearsing import rehearsals
from dialects.submission import Submission, Wanted


def _understand(draft: Draft) -> Wanted:
    """Obey the instructions. The service writes its own Message-ID unless it is told to keep the client's."""
    asked = Instructions.of(draft.content.headers)
    bare = msgspec.structs.replace(
        draft,
        content=_content(draft.content, asked),
        opt_out=outgoing.OPT_OUT.if_asked(draft.content),
        stream=asked.stream or DEFAULT_SEND,
        tag=asked.tag,
        id_headers=outgoing.ID_HEADERS,
        suppress_in="stream",
    )
    try:
        return Wanted(draft=_checked(bare, asked))
    except Refusal as refusal:
        return Wanted(draft=bare, refusal=refusal)


def _checked(draft: Draft, asked: Instructions) -> Draft:
    """The whole draft; raises Invalid for what the API would not take either."""
    people = (*draft.to, *draft.cc, *draft.bcc)
    check_count(len(people))
    outgoing.check_fields(draft.content.subject, draft.tag)
    for each in draft.content.attachments:
        check_extension(each.filename)
    return msgspec.structs.replace(
        draft,
        metadata=outgoing.checked_metadata(asked.metadata),
        track_opens=flag("X-PM-TrackOpens", asked.track_opens) or None,
        track_links=outgoing.track_links(asked.track_links),
        message_id=draft.message_id if flag("X-PM-KeepID", asked.keep_id) else "",
        rehearsals=rehearsals(people, asked.bounce_type),
    )


def _content(content: Content, asked: Instructions) -> Content:
    # the raw source at the real service shows the tag, as it does of messages sent through the API
    tag = (("X-PM-Tag", asked.tag),) if asked.tag else ()
    return msgspec.structs.replace(content, headers=(*asked.rest, *tag))


def _say(refusal: Refusal) -> str:
    """The error of the API, in its words."""
    return failed(refusal).message


def _bounce(refusal: Refusal) -> str:
    """The error of the API with its code, as the bounce tells it."""
    error = failed(refusal)
    return f"{error.message} (ErrorCode {error.error_code})"


SUBMISSION: Final = Submission(
    user_is_key=True,
    test_key=TEST_TOKEN,
    limit_bytes=10 * MIB,
    understand=_understand,
    sender_replies=True,
    say=_say,
    bounce=_bounce,
    wrong_login="Error: authentication failed",
)
