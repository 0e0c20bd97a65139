"""Looks for a record in the DNS: there as it should be, not there, or nobody could say."""

from typing import Any, Final, Literal

import msgspec

from core.dns import Answer, Found, Resolver, Unanswered
from core.domains.records import Record

_CHAIN: Final = 8
_POLICIES: Final = ("none", "quarantine", "reject")


class Seen(msgspec.Struct, frozen=True):
    """What a look came to; ``told`` is for people, empty where all is well."""

    verdict: Literal["match", "mismatch", "unanswered"]
    told: str = ""


_MATCH: Final = Seen("match")


async def look(resolver: Resolver, record: Record) -> Seen:
    """Ask the name servers, past what is remembered, for what a record should say."""
    match record.purpose:
        case "dkim":
            return _dkim(await resolver.txt(record.name, fresh=True), record.value)
        case "spf":
            return _spf(await resolver.txt(record.name, fresh=True), record.value)
        case "dmarc":
            return await _dmarc(resolver, record.name)
        case "inbound":
            return _mx(await resolver.mx(record.name, fresh=True), record.value)
        case "return":
            return await _return(resolver, record)
        case "tracking":
            return await _alias(resolver, record)


def _nothing(answer: Answer[Any], kind: str) -> Seen:
    if isinstance(answer, Unanswered):
        return Seen("unanswered", answer.reason)
    return Seen("mismatch", f"there is no {kind} record")


def tags(text: str) -> dict[str, str]:
    """A tag list (RFC 6376 3.2), with the names in lower case and without spaces around anything."""
    pairs = (each.partition("=") for each in text.split(";"))
    return {name.strip().lower(): value.strip() for name, sign, value in pairs if sign}


def _dkim(answer: Answer[str], value: str) -> Seen:
    if not isinstance(answer, Found):
        return _nothing(answer, "TXT")
    verdicts = [_key_problem(tags(text), tags(value)) for text in answer.records]
    return _MATCH if "" in verdicts else Seen("mismatch", verdicts[0])


def _key_problem(found: dict[str, str], ours: dict[str, str]) -> str:
    """Why a verifier would not take our signature by this record (RFC 6376 3.6.1), "" where it would."""
    if found.get("v", "DKIM1") != "DKIM1" or "p" not in found:
        return "the TXT record is no DKIM key"
    if "".join(found["p"].split()) != ours["p"]:
        return "the record has another key" if found["p"] else "the record revokes the key"
    if found.get("k", "rsa") != ours["k"]:
        return f"the record lacks k={ours['k']}"
    if "sha256" not in found.get("h", "sha256"):
        return "the record does not allow sha256"
    if not {"*", "email"} & {each.strip() for each in found.get("s", "*").split(":")}:
        return "the record is not for email"
    return ""


def _spf(answer: Answer[str], value: str) -> Seen:
    if not isinstance(answer, Found):
        return _nothing(answer, "SPF")
    found = [text.split() for text in answer.records if text.lower().split(" ")[0] == "v=spf1"]
    if not found:
        return Seen("mismatch", "there is no SPF record")
    if len(found) > 1:
        # RFC 7208 4.5: a permanent error for whoever checks
        return Seen("mismatch", "there are several SPF records, which voids them all")
    passing = {term.lower().removeprefix("+") for term in found[0]}
    missing = [each for each in value.lower().split()[1:-1] if each not in passing]
    return Seen("mismatch", f"the SPF record lacks {' '.join(missing)}") if missing else _MATCH


async def _dmarc(resolver: Resolver, name: str) -> Seen:
    """A policy of the domain itself or of one above it, whoever it is that publishes it (RFC 7489 6.6.3)."""
    _, *labels = name.split(".")
    seen = Seen("mismatch", "there is no DMARC record")
    while len(labels) > 1:
        answer = await resolver.txt(".".join(["_dmarc", *labels]), fresh=True)
        if isinstance(answer, Unanswered):
            return Seen("unanswered", answer.reason)
        found = [tags(text) for text in getattr(answer, "records", ())]
        policies = [each.get("p", "").lower() for each in found if each.get("v") == "DMARC1"]
        if policies:
            return _MATCH if policies[0] in _POLICIES else Seen("mismatch", "the DMARC record has no policy")
        labels = labels[1:]
    return seen


def _mx(answer: Answer[Any], value: str) -> Seen:
    if not isinstance(answer, Found):
        return _nothing(answer, "MX")
    if value in [each.host for each in answer.records]:
        return _MATCH
    return Seen("mismatch", f"the MX records name {', '.join(each.host or '.' for each in answer.records)}")


async def _alias(resolver: Resolver, record: Record) -> Seen:
    """An alias, over however many steps; resolvers follow as many."""
    name, last = record.name, "there is no CNAME record"
    for _ in range(_CHAIN):
        answer = await resolver.cname(name, fresh=True)
        if isinstance(answer, Unanswered):
            return Seen("unanswered", answer.reason)
        if not isinstance(answer, Found):
            return Seen("mismatch", last)
        (name, *_) = answer.records
        if name == record.value:
            return _MATCH
        last = f"the CNAME leads to {name}"
    return Seen("mismatch", "the CNAME leads in a circle")


async def _return(resolver: Resolver, record: Record) -> Seen:
    """An alias, or MX records that bring the same mail here."""
    seen = await _alias(resolver, record)
    if seen.verdict != "mismatch":
        return seen
    direct = _mx(await resolver.mx(record.name, fresh=True), record.value)
    return seen if direct.verdict == "mismatch" else direct
