"""Mail that comes in by SMTP: the login says which dialect and who, the letter becomes a draft like any other."""

import asyncio
import hmac
import time
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import structlog

from core import addresses, ids, parsing
from core.addresses import Address, AddressError
from core.budget import Budget
from core.core import Caller, Core
from core.credentials import identify
from core.errors import Forbidden, Invalid, RateLimited, Refusal, Unauthenticated
from core.messages import Draft
from core.store.database import StoreUnavailable
from dialects.dialect import Dialect, KeyKind
from dialects.serving import Served
from dialects.submission import Submission, Wanted
from gateway import letters
from gateway.certificate import Certificate
from gateway.metrics import Metrics
from gateway.replies import line, reply, wrong_login

_log = structlog.get_logger(__name__)

# whoever comes with a key that only tests
_NOBODY: Final = Caller(account_id="")
# what it is called among a dialect's operations
_OPERATION: Final = "SMTP"
_LOGIN_DELAYED: Final = "454 4.7.0 Temporary authentication failure"
# of one address, in a window
_COUNTED_LOGINS: Final = 20
_LOGINS_S: Final = 600
_DELAY_S: Final = 0.25
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

    @property
    def kinds(self) -> tuple[KeyKind, ...]:
        """The sorts of key that send mail."""
        return tuple(kind for kind in self.dialect.keys if not kind.account)

    @property
    def folded(self) -> str:
        """The key as it is compared."""
        return self.kinds[0].fold(self.secret)

    @property
    def tests(self) -> bool:
        """Whether its letters are only looked at."""
        return bool(self.manners.test_key) and self.folded == self.manners.test_key


class Desk:
    """Where a conversation turns with what it heard. Every answer is a whole reply."""

    def __init__(
        self,
        core: Core,
        dialects: Mapping[str, Dialect],
        *,
        certificate: Certificate | None = None,
        needs_tls: bool = False,
        metrics: Metrics,
    ) -> None:
        """``dialects`` are those that are served; ``needs_tls`` to log in."""
        self._core = core
        self._dialects = tuple(dialects.values())
        self.host = core.policy.message_host
        self.bodies = core.bodies
        self.certificate = certificate
        self.needs_tls = needs_tls
        self._metrics = metrics
        self._reading = Budget(_READ_AT_ONCE_BYTES)

    async def login(self, user: str, password: str) -> Client | str:
        """Whoever logs in, or the reply that refuses."""
        for dialect in self._dialects:
            secret = dialect.submission.secret(dialect.name, user, password)
            if secret is None:
                continue
            return await self._known(Client(dialect=dialect, secret=secret))
        return reply(Unauthenticated(kind="unknown"))

    @property
    def takes_proof(self) -> bool:
        """Whether whoever may log in here can do so by CRAM-MD5.

        Keys are kept hashed, so a proof can be checked only where the user name is the key itself. A client may choose
        what it is offered without trying the rest, so it is offered only where it helps everybody.
        """
        return all(each.submission.user_is_key for each in self._dialects)

    async def prove(self, user: str, challenge: bytes, digest: str) -> Client | str:
        """Whoever answers a challenge with the key that is their user name, or the reply that refuses."""
        for dialect in self._dialects:
            if dialect.submission.user_is_key and _is_proved(user, challenge, digest):
                return await self._known(Client(dialect=dialect, secret=user))
        return reply(Unauthenticated(kind="unknown"))

    def delay_s(self, host: str) -> float:
        """How long an address waits for the answer to one more wrong login: longer with each of the last minutes.

        It is never shut out, since behind one address there may be many, and keys are too long to guess.
        """
        counted = self._core.windows.count(
            f"smtp login:{host}", self._core.clock.now(), limit=_COUNTED_LOGINS, window_s=_LOGINS_S
        )
        return (counted.limit - counted.remaining) * _DELAY_S

    async def _known(self, client: Client) -> Client | str:
        try:
            await self._caller(client)
        except StoreUnavailable:
            return _LOGIN_DELAYED
        except Refusal:
            return wrong_login(client.manners.wrong_login)
        return client

    async def _caller(self, client: Client) -> Caller:
        """Whose mail it is; raises Unauthenticated and Forbidden."""
        if client.tests:
            return _NOBODY
        caller = await identify(self._core, client.dialect.name, client.folded)
        if caller.kind not in {kind.name for kind in client.kinds}:
            raise Unauthenticated(kind="wrong_kind")
        scopes = client.manners.scopes
        if scopes and not scopes & caller.scopes:
            raise Forbidden(kind="scope")
        if not caller.takes_smtp:
            raise Forbidden(kind="smtp")
        return caller

    async def accept(self, client: Client, recipients: Sequence[str], raw: bytes) -> str:
        """Keep a message durably; only then is the answer a success, with the message's id."""
        began = time.perf_counter()
        said = await self._answer(client, recipients, raw)
        self._metrics.count(client.dialect.name, Served(_OPERATION, int(said[:3])), began)
        return said

    async def _answer(self, client: Client, recipients: Sequence[str], raw: bytes) -> str:
        try:
            caller = await self._caller(client)
            self._count(client, caller)
            wanted = _wanted(client, caller, await self._read(recipients, raw))
            # the draft has it all; a large letter must not be held twice while it waits for the disk
            del raw
            id = ids.new() if client.tests else await letters.keep(self._core, caller, client.manners, wanted)
        except StoreUnavailable as error:
            _log.warning("store unavailable, submission put off", reason=str(error))
            return reply(error)
        except Refusal as refusal:
            return reply(refusal, client.manners.say)
        return line(250, "2.0.0", f"Ok: queued as {client.manners.show(id)}")

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


def _is_proved(user: str, challenge: bytes, digest: str) -> bool:
    """Whether a digest is made with the user name as key; in the cases a client may have written it as password."""
    made = (hmac.new(each.encode(), challenge, "md5") for each in (user, user.lower(), user.upper()))
    said = digest.lower().encode()
    return any(hmac.compare_digest(each.hexdigest().encode(), said) for each in made)


def _wanted(client: Client, caller: Caller, draft: Draft) -> Wanted:
    """What the dialect makes of a letter; raises Refusal."""
    manners, sandbox = client.manners, caller.environment != "live"
    return manners.understand(
        msgspec.structs.replace(draft, on_suppressed=manners.on_suppressed, sandbox=sandbox)
    )


def mailbox(path: str) -> Address:
    """A recipient of an envelope; raises Invalid("recipient")."""
    try:
        return addresses.parse(path)
    except AddressError as error:
        raise Invalid("recipient", "is no address", kind="recipient", value=path) from error
