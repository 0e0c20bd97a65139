"""What becomes of a letter that was read: it is kept to be sent, or it is refused.

A provider may take a letter that it will not send, and tell what is wrong with it by a bounce for each recipient.
"""

from collections.abc import Iterable

import msgspec

from core import addresses, messages, streams
from core.core import Caller, Core
from core.errors import Refusal, Suppressed
from core.messages import Draft, Rehearsal
from dialects.submission import Say, Submission, Wanted


async def keep(core: Core, caller: Caller, manners: Submission, wanted: Wanted) -> str:
    """The id of the message, on disk; of a letter that comes again with its claim, the first one's. Raises Refusal."""
    if manners.sender_replies:
        (draft,) = await core.replies.filled(caller.account_id, [wanted.draft])
        wanted = msgspec.structs.replace(wanted, draft=draft)
    if manners.bounce is None:
        return await _sent(core, caller, wanted)
    try:
        if wanted.refusal is not None:
            raise wanted.refusal
        return await _sent_to_some(core, caller, wanted, manners.bounce)
    except Refusal as refusal:
        return await _returned(core, caller, wanted.draft, manners.bounce(refusal))


async def _sent_to_some(core: Core, caller: Caller, wanted: Wanted, bounce: Say) -> str:
    """Suppressed recipients bounce, and the others get it."""
    try:
        return await _sent(core, caller, wanted)
    except Suppressed as hit:
        draft = _refusing(wanted.draft, hit.addresses, bounce(hit))
        return await _sent(core, caller, msgspec.structs.replace(wanted, draft=draft))


async def _sent(core: Core, caller: Caller, wanted: Wanted) -> str:
    claim = wanted.claim
    if claim is not None and (first := await messages.recall(core, caller, claim)) is not None:
        return first[0].id
    await streams.require_sending(core, caller, wanted.draft.stream)
    return (await messages.submit(core, caller, wanted.draft, claim=claim)).id


async def _returned(core: Core, caller: Caller, draft: Draft, text: str) -> str:
    """Keep a letter that nobody gets. Its stream may be what is wrong with it, so it stands in the default one."""
    keys = [addresses.key(party.email) for _, party in draft.recipients()]
    lost = msgspec.structs.replace(
        _refusing(draft, keys, text), stream=streams.DEFAULT_SEND, sender_trusted=True
    )
    return (await messages.submit(core, caller, lost)).id


def _refusing(draft: Draft, keys: Iterable[str], text: str) -> Draft:
    refused = Rehearsal(outcome="refuse", kind="submission_error", text=text)
    return msgspec.structs.replace(draft, rehearsals=draft.rehearsals | dict.fromkeys(keys, refused))
