"""Where answers go to letters that do not say: to where the owner of their sender wants them (``core.senders``).

Nearly no account has such senders, so which ones do is remembered for some seconds, and the others' mail asks for
nothing. A change made by this process is seen at once.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import msgspec

from core.addresses import Address
from core.clock import SECOND, Clock
from core.messages.draft import Draft, Party
from core.store.database import Database, listed
from core.store.statements import sql

_LIFETIME_S: Final = 2
_MOST: Final = 10_000


class Replies:
    """Accounts by whether any of their senders has a place for answers; those asked for longest ago go first."""

    def __init__(self, db: Database, clock: Clock) -> None:
        """Nothing is read before it is asked for."""
        self._db = db
        self._clock = clock
        self._held: OrderedDict[str, tuple[int, bool]] = OrderedDict()

    async def filled(self, account_id: str, drafts: Sequence[Draft]) -> list[Draft]:
        """The drafts, those without a Reply-To with their sender's."""
        open_ = {draft.sender.email.lower() for draft in drafts if not draft.reply_to}
        if not open_ or not await self._any(account_id):
            return list(drafts)
        query = sql.senders_replies(account_id=account_id, emails=listed(sorted(open_)))
        found: dict[str, str] = {row[0]: row[1] for row in await self._db.fetch(query)}
        return [_filled(draft, found) for draft in drafts]

    def forget(self, account_id: str) -> None:
        """Ask anew at the next occasion."""
        self._held.pop(account_id, None)

    async def _any(self, account_id: str) -> bool:
        until, known = self._held.get(account_id, (0, False))
        now = self._clock.now()
        if now >= until:
            known = bool(await self._db.fetch(sql.senders_reply(account_id=account_id)))
            self._held[account_id] = (now + _LIFETIME_S * SECOND, known)
            if len(self._held) > _MOST:
                self._held.popitem(last=False)
        return known


def _filled(draft: Draft, found: dict[str, str]) -> Draft:
    reply_to = "" if draft.reply_to else found.get(draft.sender.email.lower(), "")
    return msgspec.structs.replace(draft, reply_to=(Party(Address(reply_to)),)) if reply_to else draft
