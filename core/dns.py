"""What the DNS says of a name: records, nothing, or that nobody could say.

Names go in and come out in lower case, in A-labels, without the dot at the end. CNAME chains are followed by the
name server; only ``cname`` shows a link of one. Answers are remembered for as long as their TTL allows.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final, Generic, Protocol, TypeVar

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.resolver
import msgspec

from core.clock import SECOND, Clock

T = TypeVar("T")

_PORT: Final = 53
# one question to one server, and everything until an answer is given up
_QUESTION_S: Final = 2.0
_GIVE_UP_S: Final = 6.0
# larger UDP answers get lost in fragments (DNS Flag Day 2020); what does not fit comes by TCP
_UDP_BYTES: Final = 1232
# records that were changed must be seen within a bearable time, whatever TTL they had
_MOST_S: Final = 3600
# RFC 2308 5 lets a resolver bound how long it believes that there is nothing
_MOST_ABSENT_S: Final = 300
# RFC 9520 3.2: a failure is remembered for at least a second, so that a dead name is not asked for again at once
_FAILURE_S: Final = 1
_CACHE_BYTES: Final = 16 * 1024 * 1024
_ENTRY_BYTES: Final = 600
_SERVER: Final = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<v4>[0-9.]+))(?::(?P<port>[0-9]{1,5}))?")


class Found(msgspec.Struct, Generic[T], frozen=True):
    """At least one record of the type."""

    records: tuple[T, ...]


class Absent(msgspec.Struct, frozen=True):
    """No record of the type. ``exists``: the name has other records or names below it (NODATA, not NXDOMAIN)."""

    exists: bool


class Unanswered(msgspec.Struct, frozen=True):
    """Nobody could say (timeout, SERVFAIL, REFUSED); asking again later may help. ``reason`` is for people."""

    reason: str


Answer = Found[T] | Absent | Unanswered


class Mx(msgspec.Struct, frozen=True, order=True):
    """A mail exchanger. An empty host is the null MX: the domain takes no mail (RFC 7505)."""

    preference: int
    host: str


class Resolver(Protocol):
    """Asks the DNS; nothing is raised, whatever the answer. ``fresh`` asks the name server, not the memory."""

    async def mx(self, name: str, *, fresh: bool = False) -> Answer[Mx]:
        """The mail exchangers, best preference first."""
        ...

    async def addresses(self, name: str, *, fresh: bool = False) -> Answer[str]:
        """Numeric addresses: those of IPv4, then those of IPv6. One family is enough for an answer."""
        ...

    async def txt(self, name: str, *, fresh: bool = False) -> Answer[str]:
        """Texts, each with its strings joined without a space (RFC 7208 3.3)."""
        ...

    async def cname(self, name: str, *, fresh: bool = False) -> Answer[str]:
        """The name that this one is an alias of: one step."""
        ...

    async def close(self) -> None:
        """End what is still being asked."""
        ...


class DnsResolver:
    """Asks name servers, over UDP and, where that is cut off, TCP."""

    def __init__(self, clock: Clock, servers: Sequence[str] = (), *, question_s: float = _QUESTION_S) -> None:
        """``servers`` as ``address:port``; without any, those of the system."""
        self._memory = Memory(clock)
        self._asked: dict[tuple[str, str], asyncio.Task[Answer[Any]]] = {}
        self._resolver = _stub(servers)
        self._resolver.timeout = question_s
        self._resolver.lifetime = min(_GIVE_UP_S, 3 * question_s)
        self._resolver.use_edns(0, 0, _UDP_BYTES)

    async def mx(self, name: str, *, fresh: bool = False) -> Answer[Mx]:
        """The mail exchangers; see ``Resolver``."""
        return await self._ask(name, "MX", lambda each: Mx(each.preference, _name(each.exchange)), fresh)

    async def addresses(self, name: str, *, fresh: bool = False) -> Answer[str]:
        """Numeric addresses; see ``Resolver``."""
        answers = await asyncio.gather(
            self._ask(name, "A", _address, fresh), self._ask(name, "AAAA", _address, fresh)
        )
        return _either(*answers)

    async def txt(self, name: str, *, fresh: bool = False) -> Answer[str]:
        """Texts; see ``Resolver``."""
        return await self._ask(
            name, "TXT", lambda each: b"".join(each.strings).decode(errors="replace"), fresh
        )

    async def cname(self, name: str, *, fresh: bool = False) -> Answer[str]:
        """The alias's target; see ``Resolver``."""
        return await self._ask(name, "CNAME", lambda each: _name(each.target), fresh)

    async def close(self) -> None:
        """End what is still being asked."""
        for task in (asked := list(self._asked.values())):
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    async def _ask(self, name: str, kind: str, read: Callable[[Any], T], fresh: bool) -> Answer[T]:  # noqa: FBT001  # private; the flag goes on as it came
        key = (name.lower().rstrip("."), kind)
        held = None if fresh else self._memory.get(key)
        if held is not None:
            return held
        task = self._asked.get(key)
        if task is None:
            # whoever asks the same meanwhile waits for the same answer; one who goes away does not end it
            task = self._asked[key] = asyncio.create_task(self._question(key, read))
            task.add_done_callback(lambda _: self._asked.pop(key, None))
        return await asyncio.shield(task)

    async def _question(self, key: tuple[str, str], read: Callable[[Any], T]) -> Answer[T]:
        answer, ttl_s = await _look_up(self._resolver.resolve, key, read)
        self._memory.put(key, answer, ttl_s)
        return answer


class Memory:
    """Answers until they are out of date, within a bound of bytes; what was not asked for longest goes first."""

    def __init__(self, clock: Clock, *, limit_bytes: int = _CACHE_BYTES) -> None:
        """Begin empty."""
        self._clock = clock
        self._limit_bytes = limit_bytes
        self._held: OrderedDict[tuple[str, str], tuple[int, int, Answer[Any]]] = OrderedDict()
        self._size_bytes = 0

    def get(self, key: tuple[str, str]) -> Answer[Any] | None:
        """The answer that was kept, unless its time is over."""
        found = self._held.get(key)
        if found is None or found[0] <= self._clock.now():
            return None
        self._held.move_to_end(key)
        return found[2]

    def put(self, key: tuple[str, str], answer: Answer[Any], ttl_s: int) -> None:
        """Keep an answer in place of an older one."""
        self._drop(key)
        size = _ENTRY_BYTES + sum(len(str(each)) for each in getattr(answer, "records", ()))
        self._held[key] = (self._clock.now() + ttl_s * SECOND, size, answer)
        self._size_bytes += size
        while self._size_bytes > self._limit_bytes:
            self._drop(next(iter(self._held)))

    def _drop(self, key: tuple[str, str]) -> None:
        found = self._held.pop(key, None)
        self._size_bytes -= found[1] if found else 0


async def _look_up(
    resolve: Callable[..., Awaitable[dns.resolver.Answer]], key: tuple[str, str], read: Callable[[Any], T]
) -> tuple[Answer[T], int]:
    """Ask once: the answer, and for how many seconds it holds."""
    name, kind = key
    try:
        made = await resolve(f"{name}.", kind, raise_on_no_answer=False, search=False)
    except dns.resolver.NXDOMAIN as error:
        return Absent(exists=False), _negative_s(error)
    except (
        dns.name.LabelTooLong,
        dns.name.NameTooLong,
        dns.name.EmptyLabel,
        UnicodeError,
        dns.name.IDNAException,
    ):
        # what cannot be asked for cannot be there
        return Absent(exists=False), _MOST_ABSENT_S
    except (dns.exception.DNSException, OSError) as error:
        return Unanswered(str(error) or type(error).__name__), _FAILURE_S
    ttl_s = int(made.chaining_result.minimum_ttl)
    if made.rrset is None:
        return Absent(exists=True), min(ttl_s, _MOST_ABSENT_S)
    return Found(tuple(sorted(map(read, made.rrset)))), min(ttl_s, _MOST_S)  # type: ignore[type-var]  # what is read is text or pairs, which sort


def _negative_s(error: dns.resolver.NXDOMAIN) -> int:
    responses: dict[dns.name.Name, dns.message.QueryMessage] = error.kwargs["responses"]
    with suppress(dns.exception.DNSException):
        return min(_MOST_ABSENT_S, *(int(each.resolve_chaining().minimum_ttl) for each in responses.values()))
    return _FAILURE_S


def _stub(servers: Sequence[str]) -> dns.asyncresolver.Resolver:
    if not servers:
        with suppress(dns.resolver.NoResolverConfiguration):
            return dns.asyncresolver.Resolver()
        # resolv.conf(5): without a file, the name server of this machine is asked
        servers = ("127.0.0.1",)
    made = dns.asyncresolver.Resolver(configure=False)
    made.nameservers = [dns.nameserver.Do53Nameserver(*parse_server(each)) for each in servers]
    return made


def parse_server(text: str) -> tuple[str, int]:
    """The address and port of a name server (``192.0.2.1``, ``192.0.2.1:53``, ``[2001:db8::1]:53``).

    Raises ValueError.
    """
    found = _SERVER.fullmatch(text)
    if found is None:
        message = f"{text!r} is no address and port"
        raise ValueError(message)
    return found["v6"] or found["v4"], int(found["port"] or _PORT)


def _either(v4: Answer[str], v6: Answer[str]) -> Answer[str]:
    match v4, v6:
        case (Found(), Found()):
            return Found((*v4.records, *v6.records))
        case (Found(), _):
            # many a name server stumbles over AAAA; the other family is not lost for that
            return v4
        case (_, Found()):
            return v6
        case (Absent(), Absent()):
            return Absent(exists=v4.exists or v6.exists)
        case _:
            return v4 if isinstance(v4, Unanswered) else v6


def _name(held: Any) -> str:
    return str(held).lower().rstrip(".")


def _address(record: Any) -> str:
    return str(record.address)
