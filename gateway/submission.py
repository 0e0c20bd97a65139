"""Mail that comes in by SMTP: the login says which dialect and who, the letter becomes a draft like any other."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import structlog

from core import addresses, errors, messages, parsing
from core.addresses import Address, AddressError
from core.budget import Budget
from core.core import Caller, Core
from core.credentials import identify
from core.errors import Forbidden, Invalid, RateLimited, Refusal, Unauthenticated, Unsupported
from core.messages import Draft
from core.store.database import StoreUnavailable
from dialects.dialect import Dialect
from dialects.refusals import RefusalTable, Row, text
from dialects.submission import Submission

_log = structlog.get_logger(__name__)

# enhanced codes of RFC 3463
_REPLIES: Final = RefusalTable(
    {
        errors.Refusal: Row(554, "5.6.0"),
        errors.Unauthenticated: Row(535, "5.7.8", "Authentication credentials invalid"),
        errors.Forbidden: Row(535, "5.7.8", "Authentication credentials invalid"),
        errors.Invalid: Row(550, "5.6.0", "Invalid {field}: {reason}"),
        (errors.Invalid, "recipient"): Row(553, "5.1.3", "Not an address that mail can be sent to: {value}"),
        errors.Suppressed: Row(550, "5.7.1"),
        errors.Unverified: Row(550, "5.7.1"),
        errors.TooLarge: Row(552, "5.3.4"),
        errors.RateLimited: Row(450, "4.7.1", "{text} Try again in {retry_after} s"),
        errors.QuotaExceeded: Row(450, "4.7.1"),
        errors.Unsupported: Row(554, "5.6.0", "{what} is not supported yet"),
        StoreUnavailable: Row(451, "4.3.0", "The store is not available, try again later"),
        Exception: Row(451, "4.3.0", "Something broke here, try again later"),
    }
)
_LOGIN_DELAYED: Final = "454 4.7.0 Temporary authentication failure"
_UNPRINTABLE: Final = re.compile(r"[^ -~]+")
# RFC 5321 4.5.3.1.5 has 512 octets for a reply
_LONGEST_REPLY: Final = 400
# reading a letter takes about twenty milliseconds for each MiB
_LONG_BYTES: Final = 128 * 1024
# and holds it about five times while it is at it
_READ_AT_ONCE_BYTES: Final = 16 * 1024 * 1024


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """Who has logged in, with the key it keeps showing: one that is revoked sends nothing more."""

    dialect: Dialect
    secret: str

    @property
    def manners(self) -> Submission:
        """The dialect's manners in SMTP."""
        return self.dialect.submission


class Desk:
    """Where a conversation turns with what it heard. Every answer is a whole reply."""

    def __init__(self, core: Core, dialects: Mapping[str, Dialect]) -> None:
        """``dialects`` are those that are served."""
        self._core = core
        self._dialects = tuple(dialects.values())
        self.host = core.policy.message_host
        self.bodies = core.bodies
        self._reading = Budget(_READ_AT_ONCE_BYTES)

    async def login(self, user: str, password: str) -> Client | str:
        """Whoever logs in, or the reply that refuses."""
        for dialect in self._dialects:
            secret = dialect.submission.secret(dialect.name, user, password)
            if secret is None:
                continue
            client = Client(dialect=dialect, secret=secret)
            try:
                await self._caller(client)
            except StoreUnavailable:
                return _LOGIN_DELAYED
            except Refusal as refusal:
                return reply(refusal)
            return client
        return reply(Unauthenticated(kind="unknown"))

    async def _caller(self, client: Client) -> Caller:
        """Whose mail it is; raises Unauthenticated and Forbidden."""
        kinds = [kind for kind in client.dialect.keys if not kind.account]
        caller = await identify(self._core, client.dialect.name, kinds[0].fold(client.secret))
        if caller.kind not in {kind.name for kind in kinds}:
            raise Unauthenticated(kind="wrong_kind")
        scopes = client.manners.scopes
        if scopes and not scopes & caller.scopes:
            raise Forbidden(kind="scope")
        return caller

    async def accept(self, client: Client, recipients: Sequence[str], raw: bytes) -> str:
        """Keep a message durably; only then is the answer a success, with the message's id."""
        try:
            caller = await self._caller(client)
            self._count(client, caller)
            draft = _finished(client, caller, await self._read(recipients, raw))
            # the draft has it all; a large letter must not be held twice while it waits for the disk
            del raw
            receipt = await messages.submit(self._core, caller, draft)
        except StoreUnavailable as error:
            _log.warning("store unavailable, submission put off", reason=str(error))
            return reply(error)
        except Refusal as refusal:
            return reply(refusal)
        return f"250 2.0.0 {receipt.id}"

    async def _read(self, recipients: Sequence[str], raw: bytes) -> Draft:
        """What is asked for; raises Invalid and Unsupported."""
        wanted = [mailbox(each) for each in recipients]
        if len(raw) <= _LONG_BYTES:
            return parsing.read(raw, wanted)
        async with self._reading.hold(len(raw)):
            return await asyncio.to_thread(parsing.read, raw, wanted)

    def _count(self, client: Client, caller: Caller) -> None:
        """Count a message with the calls of the API; raises RateLimited."""
        name, rate = client.dialect.name, client.manners.rate
        limit = self._core.policy.rate_limits.get(name, rate.most)
        if not limit:
            return
        counted = caller.workspace_id if rate.by_workspace else caller.credential_id
        now = self._core.clock.now()
        standing = self._core.windows.count(f"{name}:{counted}", now, limit=limit, window_s=rate.window_s)
        if not standing.allowed:
            raise RateLimited(standing.wait_s)

    def crashed(self, error: Exception) -> str:
        """The reply to what could not be foreseen; the log has the rest."""
        _log.error("submission crashed", exc_info=error)
        return reply(error)


def _finished(client: Client, caller: Caller, draft: Draft) -> Draft:
    """The draft as the dialect wants it; raises Unsupported for what it asks for and does not get."""
    manners = client.manners
    for name, _ in draft.content.headers:
        if manners.instruction(name):
            raise Unsupported(f"The header {name} in SMTP")
    sandbox = caller.environment != "live"
    return manners.finish(
        msgspec.structs.replace(draft, on_suppressed=manners.on_suppressed, sandbox=sandbox)
    )


def mailbox(path: str) -> Address:
    """A recipient of an envelope; raises Invalid("recipient")."""
    try:
        return addresses.parse(path)
    except AddressError as error:
        raise Invalid("recipient", "is no address", kind="recipient", value=path) from error


def reply(error: Exception) -> str:
    """A refusal or a crash as a reply in one line of ASCII."""
    row = _REPLIES.row(error)
    said = _UNPRINTABLE.sub("?", text(row, error))
    return f"{row.status} {row.code} {said}"[:_LONGEST_REPLY]
