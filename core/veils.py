"""Suppressions of people who were forgotten: kept as hashes, so that mail to them stays blocked.

The usual look-up tells whether there are any at all; only then are hashes of the addresses made and asked for. With a
topic's id as its stream an entry stands for somebody who did not want that topic.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from core.core import Core
from core.store.database import Row, Transaction, listed
from core.store.statements import Query, sql
from core.tokens import Signer

_PURPOSE: Final = "suppressed"


def veil(signer: Signer, email_key: str) -> str:
    """The hash of an address in the form that is compared."""
    return signer.blind(_PURPOSE, email_key)


def are_any(found: Iterable[Row]) -> bool:
    """Whether the answer to ``suppressions_among`` says that somebody was forgotten."""
    return any(not row[0] for row in found)


async def lifted(core: Core, ask: Callable[[Query], Awaitable[list[Row]]], keys: Iterable[str]) -> list[Row]:
    """Which of these addresses are blocked though forgotten, as ``suppressions_among`` tells it."""
    hashes = {veil(core.signer, key): key for key in keys}
    found = await ask(sql.veils_among(hashes=listed(list(hashes))))
    return [(row[0], hashes[row[1]], row[2]) for row in found]


async def release(  # what may go is said by all of these
    core: Core,
    work: Transaction,
    workspace_id: str,
    keys: Sequence[str],
    stream: str | None,
    *,
    guarded: bool,
) -> set[str]:
    """Allow mail again to people who were forgotten; the addresses of which any entry went."""
    hashes = {veil(core.signer, key): key for key in keys}
    delete = sql.veils_delete(
        workspace_id=workspace_id, hashes=listed(list(hashes)), stream=stream, guarded=guarded
    )
    return {hashes[row[0]] for row in (await work.run(delete))[0]}
