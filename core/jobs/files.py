"""A message's files when it is sent: read from the store, and fetched first where the caller gave a url."""

import asyncio
from typing import Final
from weakref import WeakValueDictionary

import msgspec

from core.core import Core
from core.fetch import Fetcher
from core.messages.message import Message, StoredAttachment
from core.messages.reading import attachments
from core.store.database import write
from core.store.statements import sql

_GENERIC: Final = "application/octet-stream"


class Files:
    """Reads and completes attachments."""

    def __init__(self, core: Core, fetcher: Fetcher, *, limit_bytes: int) -> None:
        """``limit_bytes`` bounds what is fetched for one message."""
        self._core = core
        self._fetcher = fetcher
        self._limit_bytes = limit_bytes
        # by whom the files belong to; a lock that nobody waits for goes by itself
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def of(self, message: Message) -> list[StoredAttachment]:
        """The files with their data; raises FetchFailed. A fetched file is kept, so a repetition sends the same."""
        if not message.draft.content.attachments:
            return []
        found = await attachments(self._core, message, data=True)
        if all(file.data is not None for file in found):
            return found
        # messages of one call may share their files and be sent at once: one of them fetches, the others find
        owner_id = message.content_id or message.id
        async with self._turns.setdefault(owner_id, asyncio.Lock()):
            found = await attachments(self._core, message, data=True)
            room = self._limit_bytes - sum(file.size_bytes for file in found if file.url)
            for place, file in enumerate(found):
                if file.data is None:
                    found[place] = await self._fetched(owner_id, file, room)
                    room -= found[place].size_bytes
            return found

    async def _fetched(self, owner_id: str, file: StoredAttachment, room_bytes: int) -> StoredAttachment:
        got = await self._fetcher.get(file.url, limit_bytes=room_bytes)
        content_type = file.content_type
        if content_type == _GENERIC and got.content_type:
            content_type = got.content_type
        size = len(got.data)
        await write(
            self._core.db,
            sql.attachment_fetched(
                owner_id=owner_id,
                position=file.position,
                data=got.data,
                size_bytes=size,
                content_type=content_type,
            ),
        )
        return msgspec.structs.replace(file, data=got.data, size_bytes=size, content_type=content_type)
