"""The DNS records that a domain should have, as the DNS has them. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

import msgspec

from core import dkim
from core.core import Policy
from core.domains.domain import Domain
from core.domains.keys import Key

Purpose = Literal["dkim", "spf", "return", "tracking", "inbound", "dmarc"]

_TTL_S: Final = 3600
# a string in a TXT record has at most this many bytes (RFC 1035 3.3)
_STRING: Final = 255
_MX_PREFERENCE: Final = 10


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A record to publish. ``priority`` is for MX alone; ``key_id`` names the key that a DKIM record speaks of."""

    purpose: Purpose
    kind: Literal["TXT", "CNAME", "MX"]
    name: str
    value: str
    priority: int | None = None
    key_id: str = ""

    def zone_line(self) -> str:
        """The record as a line of a zone file (RFC 1035 5.1)."""
        return f"{self.name}. {_TTL_S} IN {self.kind} {self._data()}"

    def _data(self) -> str:
        if self.kind == "TXT":
            pieces = (self.value[at : at + _STRING] for at in range(0, len(self.value), _STRING))
            # in a zone file ; begins a comment only outside quotes
            return " ".join(f'"{each}"' for each in pieces)
        return f"{self.value}." if self.priority is None else f"{self.priority} {self.value}."


def wanted(policy: Policy, domain: Domain, keys: Iterable[Key]) -> list[Record]:
    """The records that are looked for; those of retired keys are told by ``kept``."""
    found = [of_key(domain, key) for key in keys if key.state != "retired"]
    return [*found, *_others(policy, domain)] if found else []


def kept(domain: Domain, keys: Sequence[Key], now: int) -> list[tuple[Record, bool]]:
    """The records of retired keys, and whether each is still needed for mail on its way."""
    return [(of_key(domain, key), key.is_needed(now)) for key in keys if key.state == "retired"]


def mechanisms(policy: Policy) -> str:
    """What an SPF record must name for mail of this installation."""
    if policy.spf:
        return policy.spf
    return f"include:{policy.return_host}" if policy.return_host else f"a:{policy.message_host}"


def spf(policy: Policy) -> str:
    """An SPF record that lets this installation send."""
    return f"v=spf1 {mechanisms(policy)} ~all"


def of_key(domain: Domain, key: Key) -> Record:
    """The record that a key is published in."""
    return Record(
        purpose="dkim",
        kind="TXT",
        name=dkim.record_name(domain.name, key.selector),
        value=f"v=DKIM1; k={key.algorithm}; p={key.public_key}",
        key_id=key.id,
    )


def _others(policy: Policy, domain: Domain) -> Iterator[Record]:
    yield Record(purpose="spf", kind="TXT", name=domain.name, value=spf(policy))
    if domain.return_domain and policy.return_host:
        yield Record(purpose="return", kind="CNAME", name=domain.return_domain, value=policy.return_host)
    if domain.tracking_domain and policy.tracking_host:
        yield Record(
            purpose="tracking", kind="CNAME", name=domain.tracking_domain, value=policy.tracking_host
        )
    if domain.receiving and policy.inbound_host:
        yield Record(
            purpose="inbound", kind="MX", name=domain.name, value=policy.inbound_host, priority=_MX_PREFERENCE
        )
    # RFC 7489 6.3: the mildest policy, which only asks for nothing; a stricter one is the owner's decision
    yield Record(purpose="dmarc", kind="TXT", name=f"_dmarc.{domain.name}", value="v=DMARC1; p=none;")
