"""What replies mean: codes, enhanced codes and the words of well-known servers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.diagnosis import HARD, diagnose


@pytest.mark.parametrize(
    ("code", "enhanced", "text", "kind"),
    [
        (550, "5.1.1", "5.1.1 The email account that you tried to reach does not exist.", "no_mailbox"),
        (550, "5.1.10", "5.1.10 Whatever it is", "no_domain"),
        (550, "5.1.1", "5.1.1 whatever it says, even spam", "no_mailbox"),
        (550, "5.1.10", "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address", "no_mailbox"),
        (556, "5.1.10", "5.1.10 Recipient address has null MX", "no_domain"),
        (550, "5.4.1", "5.4.1 Recipient address rejected: Access denied.", "no_mailbox"),
        (550, "5.5.0", "5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", "no_mailbox"),
        (554, "", "delivery error: dd This user doesn't have a yahoo.example account", "no_mailbox"),
        (550, "", "No such user here", "no_mailbox"),
        (550, "", "Requested action not taken", "hard"),
        (553, "", "Mailbox name not allowed", "hard"),
        (553, "5.1.3", "5.1.3 User address required", "bad_address"),
        (521, "", "Server does not accept mail", "no_domain"),
        (552, "5.2.2", "5.2.2 The recipient's inbox is out of storage space", "mailbox_full"),
        (452, "4.2.2", "4.2.2 The email account that you tried to reach is over quota", "mailbox_full"),
        (552, "", "Requested mail action aborted: exceeded storage allocation", "mailbox_full"),
        (550, "5.2.1", "5.2.1 The email account that you tried to reach is disabled.", "soft"),
        (552, "5.3.4", "5.3.4 Message size exceeds fixed limit", "too_large"),
        (552, "", "Message exceeds maximum fixed size", "too_large"),
        (552, "5.7.0", "5.7.0 This message was blocked because its content presents a potential security issue",
         "attachment"),
        (554, "5.7.1", "5.7.1 Attachment with banned extension .exe blocked", "attachment"),
        (550, "5.7.26", "5.7.26 This mail is unauthenticated", "dmarc"),
        (550, "5.7.1", "5.7.1 Unauthenticated email is not accepted due to domain's DMARC policy.", "dmarc"),
        (550, "5.7.509", "5.7.509 Access denied, sending domain does not pass DMARC verification", "dmarc"),
        (554, "5.7.1", "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", "blocked"),
        (550, "5.7.1", "5.7.1 Our system has detected that this message is likely unsolicited mail.", "spam"),
        (550, "5.7.1", "5.7.1 [TSS04] Messages from 192.0.2.1 temporarily deferred", "blocked"),
        (554, "", "Message refused: virus Eicar-Test-Signature found", "virus"),
        (554, "5.7.1", "5.7.1 Relay access denied", "blocked"),
        (550, "5.1.8", "5.1.8 Access denied, bad outbound sender", "blocked"),
        (550, "5.7.1", "5.7.1 Policy", "blocked"),
        (550, "5.7.1", "5.7.1 user unknown to our policy", "blocked"),
        (451, "4.4.3", "4.4.3 temporary failure in the directory", "dns"),
        (0, "5.4.4", "Host or domain name not found. Name service error for name=x.example type=AAAA", "dns"),
        (0, "", "unrouteable mail domain: no such domain", "no_domain"),
        (0, "", "connection timed out", "transient"),
        (451, "4.1.1", "4.1.1 Not now", "soft"),
        (421, "4.7.0", "4.7.0 Try again later", "transient"),
        (0, "", "", "transient"),
        (554, "", "Rejected", "unknown"),
        (0, "5.0.0", "", "unknown"),
    ],
)  # fmt: skip  # a reply a line
def test_well_known_replies(code, enhanced, text, kind):
    """Each means one thing, whatever else could be read into it."""
    assert kind == diagnose(code, enhanced, text)


@given(
    code=st.integers(400, 499),
    enhanced=st.from_regex(r"4\.[0-7]\.[0-9]{1,2}", fullmatch=True) | st.just(""),
    text=st.text(max_size=60) | st.just("no such user"),
)
def test_no_address_is_bad_for_a_moments_trouble(code, enhanced, text):
    """A temporary reply never takes an address out of use."""
    assert diagnose(code, enhanced, text) not in HARD


def test_a_long_reply_takes_no_longer():
    """Whatever a server sends, reading stops at a bound."""
    assert "unknown" == diagnose(554, "", "user " * 200_000 + "unknown")
