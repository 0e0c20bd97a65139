"""Where a domain's mail is taken, by the DNS: hosts in the order in which they are to be tried, and their addresses.

RFC 5321, 5.1: exchangers by preference, in random order where that is the same; the domain's own address only where
it has no exchanger. RFC 7505: a single exchanger without a name says that the domain takes no mail.
"""

import ipaddress
import random
from collections.abc import Sequence
from typing import Final

import msgspec

from core.dns import Absent, Answer, Found, Mx, Resolver, Unanswered
from core.fetch import is_public
from core.transport.transport import Bounced, Deferred

# enhanced codes are those of RFC 3463, 3.2 and 3.5, and of RFC 7505, 5
_NOBODY: Final = "the domain does not exist"
_NO_MAIL: Final = Bounced(code=556, enhanced="5.1.10", text="the domain takes no mail (null MX)")
_NO_DOMAIN: Final = Bounced(code=550, enhanced="5.1.2", text=_NOBODY)
_NO_ADDRESS: Final = Bounced(
    code=550, enhanced="5.4.4", text="none of the domain's mail servers has an address", of_all=True
)
_PRIVATE: Final = Bounced(
    code=550, enhanced="5.4.4", text="the domain's mail servers are in a private network", of_all=True
)
# RFC 5321, 5.1 asks for at least two addresses
_MOST_HOSTS: Final = 5


class Target(msgspec.Struct, frozen=True):
    """One address of one host."""

    host: str
    address: str


async def targets(
    resolver: Resolver, domain: str, *, allow_private: bool
) -> tuple[Target, ...] | Bounced | Deferred:
    """The addresses to try in this order, at least one; else what that means for the domain's mail."""
    literal = _literal(domain)
    if literal is not None:
        if not literal:
            return _NO_DOMAIN
        return _allowed([Target(domain, literal)], allow_private=allow_private) or _PRIVATE
    answer = await resolver.mx(domain)
    match answer:
        case Unanswered():
            return _unanswered(answer)
        case Absent(exists=False):
            return _NO_DOMAIN
        case _:
            hosts = _hosts(domain, answer)
    return await _addresses(resolver, hosts, allow_private=allow_private) if hosts else _NO_MAIL


def _hosts(domain: str, answer: Answer[Mx]) -> list[str]:
    if not isinstance(answer, Found):
        return [domain]
    # equal ones in random order, which spreads the load as their owner wants it
    shuffled = random.sample(answer.records, len(answer.records))
    return [each.host for each in sorted(shuffled, key=lambda each: each.preference) if each.host][
        :_MOST_HOSTS
    ]


async def _addresses(
    resolver: Resolver, hosts: Sequence[str], *, allow_private: bool
) -> tuple[Target, ...] | Bounced | Deferred:
    found: list[Target] = []
    unanswered: Unanswered | None = None
    for host in hosts:
        answer = await resolver.addresses(host)
        match answer:
            case Found():
                found += [Target(host, address) for address in answer.records]
            case Unanswered():
                unanswered = answer
            case Absent():
                continue
    kept = _allowed(found, allow_private=allow_private)
    if kept:
        return kept
    # nobody has said that there is no other host
    if unanswered is not None:
        return _unanswered(unanswered)
    return _PRIVATE if found else _NO_ADDRESS


def _allowed(found: Sequence[Target], *, allow_private: bool) -> tuple[Target, ...]:
    """Without those that are nobody's business outside: names in the DNS must not lead into our own network."""
    return tuple(each for each in found if allow_private or is_public(ipaddress.ip_address(each.address)))


def _unanswered(answer: Unanswered) -> Deferred:
    return Deferred(code=0, enhanced="4.4.3", text=f"the DNS did not answer: {answer.reason}", unreached=True)


def _literal(domain: str) -> str | None:
    """The address in a domain like ``[192.0.2.1]`` (RFC 5321, 4.1.3); empty where it is none, None for a name."""
    if not domain.startswith("["):
        return None
    text = domain.strip("[]").removeprefix("IPv6:").removeprefix("ipv6:")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
