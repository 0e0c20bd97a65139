"""Who a message is sent as, for the deliverer: the keys of its sender's domain, remembered for some seconds.

A change made by this process is seen at once, another's within ``_LIFETIME_S``: until then a key signs whose record is
still published, as a retired one's has to be.
"""

import asyncio
from collections import OrderedDict
from typing import Final

import msgspec

from core import dkim
from core.clock import SECOND, Clock
from core.core import Policy
from core.sealing import Seal, SealBroken
from core.store.database import Database, listed, rows
from core.store.statements import sql

_LIFETIME_S: Final = 15
_MOST: Final = 10_000


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What a domain's mail is sent with. The two names are the customer's own and proved, or "".

    ``broken``: why its keys cannot be read, which holds its mail back; "" where they can.
    """

    keys: tuple[dkim.Key, ...] = ()
    broken: str = ""
    return_domain: str = ""
    tracking_domain: str = ""

    def policy(self, policy: Policy) -> Policy:
        """The operator's decisions, with the domain's own host for links where it has one."""
        if not self.tracking_domain:
            return policy
        scheme = (policy.tracking_url or policy.public_url).partition("://")[0]
        return msgspec.structs.replace(policy, tracking_url=f"{scheme}://{self.tracking_domain}")


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    selector: str | None
    algorithm: dkim.Algorithm | None
    private_key: bytes | None
    return_domain: str
    tracking_domain: str


class Identities:
    """Identities by workspace and domain of the sender; bounded, those asked for longest ago go first."""

    def __init__(self, db: Database, clock: Clock, seal: Seal) -> None:
        """Nothing is read before it is asked for."""
        self._db = db
        self._clock = clock
        self._seal = seal
        self._held: OrderedDict[tuple[str, str], tuple[int, asyncio.Task[Identity]]] = OrderedDict()

    async def of(self, workspace_id: str, email: str) -> Identity:
        """The identity for an address: of its domain, or of the nearest one above that the account has."""
        key = (workspace_id, email.rpartition("@")[2].lower())
        until, task = self._held.get(key, (0, None))
        now = self._clock.now()
        if task is None or until <= now or _has_failed(task):
            # whoever asks the same meanwhile waits for the same answer; one who goes away does not end it
            task = asyncio.create_task(self._read(*key))
            self._held[key] = (now + _LIFETIME_S * SECOND, task)
            if len(self._held) > _MOST:
                self._held.popitem(last=False)
        self._held.move_to_end(key)
        return await asyncio.shield(task)

    def forget(self, domain: str) -> None:
        """Read anew what a domain and those below it are sent with."""
        for key in [key for key in self._held if key[1] == domain or key[1].endswith(f".{domain}")]:
            del self._held[key]

    async def _read(self, workspace_id: str, domain: str) -> Identity:
        labels = domain.split(".")
        names = [".".join(labels[at:]) for at in range(len(labels))]
        query = sql.identities_among(workspace_id=workspace_id, names=listed(names))
        found = await rows(self._db, _Row, query)
        found.sort(key=lambda row: names.index(row.name))
        signing = next((row.name for row in found if row.selector), None)
        keys, broken = self._opened([row for row in found if row.name == signing and row.selector])
        return Identity(
            keys=keys,
            broken=broken,
            return_domain=next((row.return_domain for row in found if row.return_domain), ""),
            tracking_domain=next((row.tracking_domain for row in found if row.tracking_domain), ""),
        )

    def _opened(self, rows: list[_Row]) -> tuple[tuple[dkim.Key, ...], str]:
        try:
            return tuple(map(self._key, rows)), ""
        except SealBroken as error:
            return (), f"the key of {rows[0].name} cannot be read: {error}"

    def _key(self, row: _Row) -> dkim.Key:
        return dkim.Key(
            domain=row.name,
            selector=row.selector or "",
            algorithm=row.algorithm or "rsa",
            private=self._seal.open(row.private_key or b"", dkim.record_name(row.name, row.selector or "")),
        )


def _has_failed(task: asyncio.Task[Identity]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
