"""What the DNS has to say of a domain, as domains and sender signatures both show it.

Source: Postmark developer docs, "Domains API" and "Sender signatures API", and recorded answers, read 2026-11. Every
key is always there, and no text is null. SPF is no longer asked for, and is told to be in order.
"""

from typing import Any, Final

import msgspec

from core import domains
from core.core import Core, Policy
from core.domains import Overview
from core.domains.keys import Key

# a verifier takes a key without it too (RFC 6376 3.6.1), and the provider shows none
_VERSION: Final = "v=DKIM1; "


class Keys(msgspec.Struct, kw_only=True):
    """The DKIM keys: the one that signs, the one whose record is waited for, and the one before."""

    dkim_verified: bool = msgspec.field(name="DKIMVerified")
    weak_dkim: bool = msgspec.field(name="WeakDKIM")
    dkim_host: str = msgspec.field(name="DKIMHost")
    dkim_text_value: str = msgspec.field(name="DKIMTextValue")
    dkim_pending_host: str = msgspec.field(name="DKIMPendingHost")
    dkim_pending_text_value: str = msgspec.field(name="DKIMPendingTextValue")
    dkim_revoked_host: str = msgspec.field(name="DKIMRevokedHost")
    dkim_revoked_text_value: str = msgspec.field(name="DKIMRevokedTextValue")
    is_revoked_key_removable: bool = msgspec.field(name="SafeToRemoveRevokedKeyFromDNS")
    dkim_update_status: str = msgspec.field(name="DKIMUpdateStatus")


class Proofs(Keys, kw_only=True):
    """The same with SPF and the domain that bounces come back to."""

    spf_verified: bool = msgspec.field(name="SPFVerified", default=True)
    spf_host: str = msgspec.field(name="SPFHost")
    spf_text_value: str = msgspec.field(name="SPFTextValue")
    return_path_domain: str = msgspec.field(name="ReturnPathDomain")
    return_path_domain_verified: bool = msgspec.field(name="ReturnPathDomainVerified")
    return_path_domain_cname_value: str = msgspec.field(name="ReturnPathDomainCNAMEValue")


def keys(seen: Overview, now: int) -> dict[str, Any]:
    """The fields of ``Keys``."""
    active, pending, retired = (seen.key(state) for state in ("active", "pending", "retired"))
    host, text = _record(seen, active)
    pending_host, pending_text = _record(seen, pending)
    revoked_host, revoked_text = _record(seen, retired)
    return {
        "dkim_verified": seen.is_proved,
        "weak_dkim": is_weak(seen),
        "dkim_host": host,
        "dkim_text_value": text,
        "dkim_pending_host": pending_host,
        "dkim_pending_text_value": pending_text,
        "dkim_revoked_host": revoked_host,
        "dkim_revoked_text_value": revoked_text,
        "is_revoked_key_removable": retired is not None and not retired.is_needed(now),
        "dkim_update_status": _status(seen, pending or active),
    }


def proofs(core: Core, seen: Overview) -> dict[str, Any]:
    """The fields of ``Proofs``."""
    policy = core.policy
    return keys(seen, core.clock.now()) | {
        "spf_host": seen.domain.name,
        "spf_text_value": domains.spf(policy),
        "return_path_domain": seen.domain.return_domain,
        "return_path_domain_verified": is_return_path_found(policy, seen),
        "return_path_domain_cname_value": policy.return_host,
    }


def is_weak(seen: Overview) -> bool:
    """Whether the key that signs, or will, is too short."""
    key = seen.key("active") or seen.key("pending")
    return key is not None and key.is_weak


def is_return_path_found(policy: Policy, seen: Overview) -> bool:
    """Whether bounces come back to the domain's own name."""
    return bool(policy.return_host) and seen.is_found("return", seen.domain.return_domain)


def _record(seen: Overview, key: Key | None) -> tuple[str, str]:
    if key is None:
        return "", ""
    record = domains.of_key(seen.domain, key)
    return record.name, record.value.removeprefix(_VERSION)


def _status(seen: Overview, key: Key | None) -> str:
    """How the latest key stands."""
    if key is None:
        return "Verified" if seen.is_proved else "Pending"
    if seen.has_failed(key):
        return "Failed"
    return "Verified" if key.state == "active" else "Pending"
