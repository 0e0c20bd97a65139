"""What a refusal means: from an SMTP reply or a report's status and text to one of the kinds of bounces. Pure.

Order of trust: enhanced codes that mean one thing everywhere (RFC 3463, RFC 7505, RFC 7372, the IANA registry), then
what the text says, then the enhanced code's class of subjects, then the bare reply code (RFC 5321 4.2.3).
"""

import re
from typing import Final, Literal

Kind = Literal[
    # the address is bad for good
    "hard", "no_mailbox", "no_domain", "bad_address",
    # this message, or this moment
    "soft", "mailbox_full", "too_large", "attachment", "transient", "dns",
    # refused for what it says, who sends it, or how
    "blocked", "spam", "dmarc", "virus",
    # not about the delivery
    "auto_reply", "address_change", "challenge", "subscribe", "unsubscribe", "relay_test",
    # by somebody's will
    "complaint", "manual", "unconfirmed",
    # of our own side
    "submission_error", "inbound_error", "rendering_failed",
    "unknown",
]  # fmt: skip  # one word a line would be a page

# after these an address is not written to again
HARD: Final[frozenset[Kind]] = frozenset({"hard", "no_mailbox", "no_domain", "bad_address"})

# after these the same mail may be taken another time
PASSING: Final[frozenset[Kind]] = frozenset({"soft", "mailbox_full", "transient", "dns"})

# class, subject and detail of RFC 3463 with the class left out: what means the same in each class
_EXACT: Final[dict[str, Kind]] = {
    "1.1": "no_mailbox",  # bad destination mailbox
    "1.2": "no_domain",  # bad destination system
    "1.3": "bad_address",  # bad destination mailbox syntax
    "1.6": "no_mailbox",  # has moved, no forwarding address
    "2.2": "mailbox_full",
    "2.3": "too_large",
    "3.4": "too_large",
    "4.3": "dns",  # directory server failure
    "4.4": "dns",  # unable to route
    "6.1": "attachment",  # media not supported
    "7.17": "no_mailbox",  # the mailbox has a new owner, RFC 7293
    "7.18": "no_domain",  # the domain has a new owner, RFC 7293
    # RFC 7372; Google and Microsoft say 7.26 and 7.509 of DMARC (support.google.com/a/answer/3726730,
    # learn.microsoft.com, "NDR error codes in Exchange Online")
    "7.26": "dmarc",
    "7.509": "dmarc",
    "7.511": "blocked",
    "7.606": "blocked",
}

# X.1.x that speaks of the sender
_SENDERS: Final = frozenset({"1.7", "1.8", "1.9"})


def _pattern(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


# the first that fits; wordings are those of Gmail, Outlook.com, Exchange Online, Yahoo, iCloud, Postfix, Exim,
# sendmail, qmail, Cisco and Barracuda appliances, as vendors' pages on delivery errors and public reports quote them
_BY_TEXT: Final[tuple[tuple[re.Pattern[str], Kind], ...]] = (
    (_pattern(r"\bdmarc\b"), "dmarc"),
    (
        _pattern(
            r"\bvirus(?:es)?\b(?!.{0,20}\bfree\b)",
            r"\bmalware\b",
            r"\binfected\b",
            r"\btrojan\b",
            r"\bclamav\b",
        ),
        "virus",
    ),
    (
        _pattern(
            r"attachment.{0,60}(?:not (?:allowed|accepted|permitted)|blocked|rejected|prohibited|forbidden|banned)",
            r"(?:banned|blocked|prohibited|illegal|forbidden|unsafe).{0,30}(?:attachment|file ?name|extension)",
            # Gmail's 5.7.0
            r"blocked because its content presents a potential security issue",
        ),
        "attachment",
    ),
    (
        _pattern(
            r"(?:message|mail|size).{0,40}(?:too (?:large|big|long)|exceeds?.{0,40}(?:size|maximum|limit))",
            r"(?:maximum|max).{0,20}(?:message )?size exceeded",
            r"message is larger than",
            r"max message size",
        ),
        "too_large",
    ),
    (
        _pattern(
            r"over ?quota",
            r"(?:exceed|over).{0,40}(?:quota|storage|disk space)",
            r"quota.{0,30}exceeded",
            r"(?:mailbox|mail ?box|inbox|account|user|recipient|folder|storage|maildir).{0,40}\bfull\b",
            r"out of (?:storage|disk) space",
            r"not enough (?:storage|disk) space",
            r"insufficient (?:disk|system|mailbox) (?:space|storage)",
            r"mailbox size limit",
        ),
        "mailbox_full",
    ),
    (
        _pattern(
            r"(?:user|recipient|mailbox|account|address|alias|addressee|local.?part)s?\b.{0,40}"
            r"(?:\bunknown\b|not found|does(?: not|n't) exist|not exist\b|no longer (?:exists|valid|available|active))",
            r"(?:unknown|no such|nonexistent|non-existent|not a (?:known|valid)|undeliverable) "
            r"(?:or \w+ )?(?:local |virtual |e-?mail |mail )?"
            r"(?:user|recipient|mailbox|account|address|alias|person)",
            r"(?:invalid|bad|illegal) (?:destination )?(?:recipient|mailbox|user|address|email|e-mail|final recipient)",
            r"no mailbox (?:here )?by that name",
            r"(?:doesn't|does not) have an? .{0,30}account",
            r"user.{0,20}not listed in (?:public name & address book|domino directory)",
            r"couldn't be found",
            r"recipientnotfound|recipient address rejected: access denied",
            # RFC 5321's own words for 550, Outlook.com's for an address that it does not have
            r"requested action not taken: mailbox unavailable",
            r"unrouteable address",
            r"not our customer",
        ),
        "no_mailbox",
    ),
    (
        _pattern(
            r"(?:domain|host)s?.{0,40}(?:not found|does(?: not|n't) (?:exist|accept mail)|unknown|no longer)",
            r"no such domain",
            r"host or domain name not found",
            r"name service error.{0,80}host not found",
            r"nullmx|null mx",
            r"all relevant mx records point to non-?existent hosts",
        ),
        "no_domain",
    ),
    (
        _pattern(
            r"(?:dns|name ?server|name service|mx).{0,40}(?:error|failure|timed? ?out|lookup fail|problem)",
            r"(?:could not|couldn't|can't|cannot|unable to) (?:resolve|find (?:any|a) (?:host|mail exchanger))",
            r"servfail",
        ),
        "dns",
    ),
    (
        _pattern(
            r"spamhaus|spamcop|barracudacentral|\brbl\b|\bdnsbl\b|\bsbl\b|\buceprotect|\bsorbs\b|invaluement",
            r"block(?:ed)? ?list|black ?list|deny ?list",
            r"\[(?:tss|ts|rl|bl)\d\d\]",
            r"(?:ip|host|sender|client|network|server).{0,60}(?:\bblocked\b|banned|bad reputation|poor reputation)",
            r"(?:low|poor|bad) (?:sender )?reputation",
            r"access denied, banned sender",
            r"part of their network is on our block list",
            r"rate limit|too many (?:messages|connections|emails)|unusual rate",
            r"relay(?:ing)? (?:access )?(?:denied|not permitted)|unable to relay|we do not relay",
            r"\bspf\b.{0,60}(?:fail|not|den|reject)|not authorized to send|unauthenticated",
        ),
        "blocked",
    ),
    (
        _pattern(
            r"\bspam\b|\bunsolicited\b|\bjunk\b|\bbulk (?:e-?mail|mail)\b|\bphish",
            r"message content (?:rejected|not accepted)|content (?:rejected|filter|denied)|looks like",
        ),
        "spam",
    ),
    (
        _pattern(
            r"(?:mailbox|account|user|recipient|address).{0,40}(?:disabled|inactive|suspended|locked|deactivated)",
            r"mailbox temporarily unavailable",
        ),
        "soft",
    ),
    (
        _pattern(
            r"connection (?:timed out|refused|reset|dropped)",
            r"(?:timed? ?out|timeout)",
            r"(?:retry|delivery) time(?:out)? (?:exceeded|expired)",
            r"message expired|been in the queue too long|too many hops|mail loop",
            r"try again later|temporar(?:y|ily)|greylist|gr[ea]y ?list|delayed",
            r"no route to host|network is unreachable|host (?:is )?unreachable",
        ),
        "transient",
    ),
)

# what a code means where the text has not told better: X.1.10 is null MX in RFC 7505, and Exchange Online says it of
# recipients too
_LIKELY: Final[dict[str, Kind]] = {"1.10": "no_domain", **dict.fromkeys(_SENDERS, "blocked")}
_SUBJECTS: Final[dict[str, Kind]] = {
    "1": "hard",
    "2": "soft",
    "3": "soft",
    "4": "transient",
    "5": "unknown",
    "6": "spam",
    "7": "blocked",
}
_CODES: Final[dict[int, Kind]] = {
    521: "no_domain",  # RFC 7504: the host takes no mail
    550: "hard",
    551: "hard",
    552: "mailbox_full",
    553: "hard",
    556: "no_domain",  # RFC 7504
}
_LONGEST: Final = 4096


def diagnose(code: int, enhanced: str, text: str, *, otherwise: Kind = "transient") -> Kind:
    """The kind of a bounce; ``enhanced`` as in RFC 3463 or empty, ``code`` 0 where no server replied.

    What is said with a code of class 4 is about a moment: no address is bad for good by it. ``otherwise``: what it is
    where neither code nor words say anything.
    """
    kind = _kind(code, enhanced, text[:_LONGEST]) or otherwise
    lasting = enhanced[:1] != "4" and not 400 <= code < 500
    return "soft" if kind in HARD and not lasting else kind


def _kind(code: int, enhanced: str, text: str) -> Kind | None:
    _, _, rest = enhanced.partition(".")
    if (exact := _EXACT.get(rest)) is not None:
        return exact
    said = next((kind for pattern, kind in _BY_TEXT if pattern.search(text)), None)
    subject = rest.partition(".")[0]
    # a text may name the user while the code blames the sender or a policy
    contradicts = said in HARD and (rest in _SENDERS or subject in ("6", "7"))
    if said is not None and not contradicts:
        return said
    return _LIKELY.get(rest) or _SUBJECTS.get(subject) or _of_code(code, enhanced)


def _of_code(code: int, enhanced: str) -> Kind | None:
    if code in _CODES:
        return _CODES[code]
    if code >= 500 or enhanced[:1] == "5":
        return "unknown"
    return "transient" if code or enhanced else None
