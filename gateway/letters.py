"""What becomes of a letter that was read: it is kept to be sent, or it is refused.

A provider may take a letter that it will not send, and tell what is wrong with it by a bounce for each recipient.
"""

from collections.abc import Iterable

import msgspec

from core import addresses, messages, streams, suppressions
from core.core import Caller, Core
from core.errors import Refusal, Suppressed
from core.messages import Draft, Rehearsal
from dialects.submission import Submission, Wanted


async def keep(core: Core, caller: Caller, manners: Submission, wanted: Wanted) -> str:
    """The id of the message, on disk; of a letter that comes again with its claim, the first one's. Raises Refusal."""
    if manners.bounce is None:
        return await _sent(core, caller, wanted)
    try:
        if wanted.refusal is not None:
            raise wanted.refusal
        draft = await _without_suppressed(core, caller, manners, wanted.draft)
        return await _sent(core, caller, msgspec.structs.replace(wanted, draft=draft))
    except Refusal as refusal:
        return await _returned(core, caller, wanted.draft, manners.bounce(refusal))


async def _sent(core: Core, caller: Caller, wanted: Wanted) -> str:
    claim = wanted.claim
    if claim is not None and (first := await messages.recall(core, caller, claim)) is not None:
        return first[0].id
    await streams.require_sending(core, caller, wanted.draft.stream)
    return (await messages.submit(core, caller, wanted.draft, claim=claim)).id


async def _without_suppressed(core: Core, caller: Caller, manners: Submission, draft: Draft) -> Draft:
    """The draft, in which suppressed recipients bounce and the others do not."""
    emails = [party.email for _, party in draft.recipients()]
    hit = await suppressions.among(core, caller, emails, draft.stream)
    if not hit or manners.bounce is None:
        return draft
    return _refusing(draft, hit, manners.bounce(Suppressed(hit)))


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
