"""From the outbox to the endpoints that want to hear: what is told to each is made here, once.

A portion is claimed by lease, read, put into each dialect's words and written as dispatches in the commit that takes it
out of the outbox. A process that dies in between gives it back by its lease; nothing is told twice for that.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from core import ids
from core.clock import SECOND
from core.core import Core
from core.formats import Payload, WebhookFormat
from core.sealing import SealBroken
from core.store.database import Row, StoreUnavailable, listed, mapper, write
from core.store.statements import sql
from core.webhooks.happening import RECEIVED, Happening
from core.webhooks.loading import Notice, happenings
from core.webhooks.webhook import Webhook, from_row, plain_row

_log = structlog.get_logger(__name__)

# rows are read without bodies: so many take little memory
_PORTION: Final = 200
# and so many are written at once, unless one thing that happened is for more
_MOST_ROWS: Final = 2000
# when what cannot be read is tried again
_LATER_S: Final = 3600
_ERROR_LIMIT: Final = 1000


class Spreader:
    """One process's share in the outbox."""

    def __init__(self, core: Core, formats: Mapping[str, WebhookFormat]) -> None:
        """``formats`` by dialect."""
        self._core = core
        self._formats = formats
        self._token = ids.new()
        # whether the last portion was for anybody
        self.has_told = False

    async def spread(self) -> bool:
        """Work on a portion; whether there may be more. Raises what the store does, and then nothing is kept."""
        self.has_told = False
        notices = await self._claim()
        if not notices:
            return False
        try:
            webhooks = await self._webhooks(notices)
            for portion in _portions(notices, webhooks):
                await self._write_or_part(portion, webhooks)
        except BaseException:
            await self._release(notices)
            raise
        return len(notices) == _PORTION

    async def _claim(self) -> list[Notice]:
        now = self._core.clock.now()
        claim = sql.outbox_claim(
            now=now,
            lease_end=now + int(self._core.policy.lease_s * SECOND),
            claimed_by=self._token,
            count=_PORTION,
        )
        make = mapper(Notice)
        found = (await write(self._core.db, claim))[0]
        return sorted((make(row) for row in found), key=lambda each: each.id)

    async def _release(self, notices: Sequence[Notice]) -> None:
        keys = listed([each.id for each in notices])
        await write(self._core.db, sql.outbox_release(ids=keys, claimed_by=self._token))

    async def _webhooks(self, notices: Sequence[Notice]) -> dict[str, list[Webhook]]:
        """The enabled ones that may want to hear of any of them, by workspace."""
        kinds: dict[str, set[str]] = {}
        for each in notices:
            kinds.setdefault(each.workspace_id, set()).add(each.kind)
        found: dict[str, list[Webhook]] = {}
        for row in await self._core.db.fetch(sql.webhooks_of_workspaces(ids=listed(list(kinds)))):
            # what is sealed takes time to open
            plain = plain_row(row)
            if plain.dialect not in self._formats or kinds[plain.workspace_id].isdisjoint(plain.kinds):
                continue
            webhook = readable(self._core, row) if plain.state == "enabled" else None
            if webhook is not None:
                found.setdefault(webhook.workspace_id, []).append(webhook)
        return found

    async def _write_or_part(self, notices: Sequence[Notice], webhooks: Mapping[str, list[Webhook]]) -> None:
        """Write a portion; what cannot be read must not keep the rest from being told, and is tried again later."""
        try:
            await self._write(notices, webhooks)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # whatever one row holds, the others are told
            if len(notices) > 1:
                for notice in notices:
                    await self._write_or_part([notice], webhooks)
                return
            _log.exception("what happened cannot be told yet", kind=notices[0].kind, id=notices[0].id)
            await self._postpone(notices[0], repr(error))

    async def _postpone(self, notice: Notice, error: str) -> None:
        query = sql.outbox_postpone(
            id=notice.id,
            claimed_by=self._token,
            until=self._core.clock.now() + _LATER_S * SECOND,
            error=error.replace("\x00", "")[:_ERROR_LIMIT],
        )
        await write(self._core.db, query)

    async def _write(self, notices: Sequence[Notice], webhooks: Mapping[str, list[Webhook]]) -> None:
        includes = {
            place: frozenset(word for each in held for word in each.includes)
            for place, held in webhooks.items()
        }
        found = await happenings(self._core, notices, includes)
        subjects = {each.id: each.subject for each in notices}
        made = [
            row
            for happening in found
            for webhook in webhooks.get(happening.workspace.id, ())
            for row in self._rows(webhook, happening, subjects[happening.id])
        ]
        await self._keep(notices, made)

    def _rows(self, webhook: Webhook, happening: Happening, subject: str) -> list[tuple[Any, ...]]:
        """The dispatches that a happening becomes for a webhook."""
        now = self._core.clock.now()
        return [
            (
                ids.new(), webhook.workspace_id, webhook.id, happening.id, happening.kind, subject, payload.event,
                now, now, payload.body,
            )
            for payload in self._payloads(webhook, happening)
        ]  # fmt: skip  # a column list reads better in lines than in a column

    def _payloads(self, webhook: Webhook, happening: Happening) -> Sequence[Payload]:
        if not is_for(webhook, happening):
            return ()
        try:
            return self._formats[webhook.dialect].payloads(webhook, happening)
        except Exception:  # noqa: BLE001  # what one format cannot say must not keep all others from being told
            _log.exception(
                "a webhook is not told, its format failed",
                webhook=webhook.id,
                kind=happening.kind,
                happening=happening.id,
            )
            return ()

    async def _keep(self, notices: Sequence[Notice], made: Sequence[tuple[Any, ...]]) -> None:
        done = sql.outbox_done(ids=listed([each.id for each in notices]), claimed_by=self._token)
        async with self._core.db.transaction() as work:
            ours = {row[0] for row in (await work.run(done))[0]}
            kept = [row for row in made if row[3] in ours]
            told = {row[3] for row in kept}
            silent = [
                ("processed", each.subject, '["queued"]')
                for each in notices
                if each.kind == RECEIVED and each.id in ours and each.id not in told
            ]
            now = self._core.clock.now()
            # in one order for all processes, which wait for each other's rows
            wakes = [(now, id) for id in sorted({row[2] for row in kept})]
            steps = [
                sql.dispatch_insert.many(kept, sum(len(row[-1]) for row in kept)),
                sql.webhook_lane_wake.many(wakes),
                sql.inbound_told.many(silent),
            ]
            await work.run(*[step for step in steps if step.rows], commit=True)
        self.has_told |= bool(kept)


def readable(core: Core, row: Row) -> Webhook | None:
    """A webhook, or None where it was sealed with another secret, which must not keep others from being told."""
    try:
        return from_row(core, row)
    except SealBroken as error:
        _log.error("a webhook cannot be read, and is not told", webhook=row[0], reason=str(error))
        return None


def is_for(webhook: Webhook, happening: Happening) -> bool:
    """Whether a webhook may want to hear: its kind, its stream, and not of before it was made."""
    if happening.kind not in webhook.kinds or happening.at < webhook.created_at:
        return False
    stream = _stream(happening)
    return not webhook.stream or not stream or stream == webhook.stream


def _stream(happening: Happening) -> str:
    """The stream that it concerns; empty for all, or for none."""
    if happening.message is not None:
        return happening.message.stream
    return happening.change.stream if happening.change is not None else ""


def _portions(notices: Sequence[Notice], webhooks: Mapping[str, Sequence[Webhook]]) -> list[list[Notice]]:
    """What is written together: not too much, and a letter that came in may be large, and goes alone."""
    portions: list[list[Notice]] = []
    count = _MOST_ROWS
    for notice in notices:
        if notice.kind == RECEIVED:
            continue
        wide = len(webhooks.get(notice.workspace_id, ()))
        if count + wide > _MOST_ROWS:
            portions.append([])
            count = 0
        portions[-1].append(notice)
        count += wide
    return portions + [[each] for each in notices if each.kind == RECEIVED]
