"""Postmark's types of bounces: its words, numbers, names and fixed descriptions for core's kinds.

Source: Postmark developer docs, "Bounce API", table of bounce types, read 2026-11. There are no 100004 and 100005.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from core.bounces import Bounce
from core.diagnosis import Kind


class BounceType(msgspec.Struct, frozen=True):
    """One type; ``kinds`` are what core calls it, the plainest first."""

    type: str
    code: int
    name: str
    description: str
    kinds: tuple[Kind, ...]


TYPES: Final = (
    BounceType(
        "HardBounce",
        1,
        "Hard bounce",
        "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        ("hard", "no_mailbox", "no_domain"),
    ),
    BounceType(
        "Transient",
        2,
        "Message delayed/Undeliverable",
        "The server could not temporarily deliver your message (ex: Message is delayed due to network troubles).",
        ("transient",),
    ),
    BounceType("Unsubscribe", 16, "Unsubscribe request", "Unsubscribe or Remove request.", ("unsubscribe",)),
    BounceType(
        "Subscribe",
        32,
        "Subscribe request",
        "Subscribe request from someone wanting to get added to the mailing list.",
        ("subscribe",),
    ),
    BounceType(
        "AutoResponder",
        64,
        "Auto responder",
        'Automatic email responder (ex: "Out of Office" or "On Vacation").',
        ("auto_reply",),
    ),
    BounceType(
        "AddressChange",
        128,
        "Address change",
        "The recipient has requested an address change.",
        ("address_change",),
    ),
    BounceType("DnsError", 256, "DNS error", "A temporary DNS error.", ("dns",)),
    BounceType(
        "SpamNotification",
        512,
        "Spam notification",
        "The message was delivered, but was either blocked by the user, or classified as spam, bulk mail, or had "
        "rejected content.",
        ("spam",),
    ),
    BounceType(
        "OpenRelayTest",
        1024,
        "Open relay test",
        "The NDR is actually a test email message to see if the mail server is an open relay.",
        ("relay_test",),
    ),
    BounceType("Unknown", 2048, "Unknown", "Unable to classify the NDR.", ("unknown",)),
    BounceType(
        "SoftBounce",
        4096,
        "Soft bounce",
        "Unable to temporarily deliver message (i.e. mailbox full, account disabled, exceeds quota, out of disk "
        "space).",
        ("soft", "mailbox_full", "too_large"),
    ),
    BounceType(
        "VirusNotification",
        8192,
        "Virus notification",
        "The bounce is actually a virus notification warning about a virus/code infected message.",
        ("virus",),
    ),
    BounceType(
        "ChallengeVerification",
        16384,
        "Spam challenge verification",
        "The bounce is a challenge asking for verification you actually sent the email.",
        ("challenge",),
    ),
    BounceType(
        "BadEmailAddress",
        100000,
        "Invalid email address",
        "The address is not a valid email address.",
        ("bad_address",),
    ),
    BounceType(
        "SpamComplaint",
        100001,
        "Spam complaint",
        "The subscriber explicitly marked this message as spam.",
        ("complaint",),
    ),
    BounceType(
        "ManuallyDeactivated",
        100002,
        "Manually deactivated",
        "The email was manually deactivated.",
        ("manual",),
    ),
    BounceType(
        "Unconfirmed",
        100003,
        "Registration not confirmed",
        "The subscriber has not clicked on the confirmation link upon registration or import.",
        ("unconfirmed",),
    ),
    BounceType(
        "Blocked",
        100006,
        "ISP block",
        "Blocked from this ISP due to content or blacklisting.",
        ("blocked", "attachment"),
    ),
    BounceType(
        "SMTPApiError",
        100007,
        "SMTP API error",
        "An error occurred while accepting an email through the SMTP API.",
        ("submission_error",),
    ),
    BounceType(
        "InboundError",
        100008,
        "Processing failed",
        "Unable to deliver inbound message to destination inbound hook.",
        ("inbound_error",),
    ),
    BounceType(
        "DMARCPolicy",
        100009,
        "DMARC Policy",
        "Email rejected due DMARC Policy.",
        ("dmarc",),
    ),
    BounceType(
        "TemplateRenderingFailed",
        100010,
        "Template rendering failed",
        "An error occurred while attempting to render your template.",
        ("rendering_failed",),
    ),
)

OF_KIND: Final[Mapping[str, BounceType]] = {kind: each for each in TYPES for kind in each.kinds}
# as the test addresses and the filter of the list spell them: in any case
BY_NAME: Final[Mapping[str, BounceType]] = {each.type.lower(): each for each in TYPES}


def details(bounce: Bounce) -> str:
    """What the other side said: a reply and its code behind its type (RFC 3464 2.3.6), a report as it is."""
    return f"smtp;{bounce.code} {bounce.text}" if bounce.code else bounce.text
