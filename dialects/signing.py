"""The signature schemes of webhooks; pure. Times are whole seconds since 1970 UTC, of the attempt.

Source: Standard Webhooks 1.0.0, "Signature scheme", and Svix docs, "Verifying webhooks manually", read 2026-11.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

_PREFIX: Final = "whsec_"
# what Svix makes; the scheme allows 24 to 64
_SECRET_BYTES: Final = 24
_SHORTEST_BYTES: Final = 24
_LONGEST_BYTES: Final = 64


def new_secret() -> str:
    """``whsec_`` and 24 random bytes in base64: what a Standard Webhooks library takes for a secret as it is."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def is_standard(secret: str) -> bool:
    """Whether a text is a secret of that scheme."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        return False
    return secret.startswith(_PREFIX) and _SHORTEST_BYTES <= len(key) <= _LONGEST_BYTES


def standard(secrets: Sequence[str], id: str, at_s: int, body: bytes) -> str:
    """The value of ``svix-signature``: one signature for each secret that holds, so that either verifies."""
    signed = b"%s.%d.%s" % (id.encode(), at_s, body)
    return " ".join([_standard(secret, signed) for secret in secrets])


def _standard(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def token(secret: str, about: str) -> str:
    """48 octets in URL-safe base64 that nobody without the secret can guess; the same for the same thing."""
    return base64.urlsafe_b64encode(hmac.digest(secret.encode(), about.encode(), hashlib.sha384)).decode()


def tokened(secret: str, at_s: int, token: str) -> str:
    """The hexadecimal signature of a moment and a token that stand in a body."""
    return hmac.digest(secret.encode(), f"{at_s}{token}".encode(), hashlib.sha256).hex()


def swapped(secret: str, body: bytes) -> str:
    """In base64, with the body for the key and the secret for the text: so PostageApp's Rails ingress computes it.

    Source: its postageapp gem, the Action Mailbox ingress, read 2026-11.
    """
    return base64.b64encode(hmac.digest(body, secret.encode(), hashlib.sha1)).decode()


def stamped(secrets: Sequence[str], at_s: int, body: bytes) -> str:
    """``t=<seconds>,v1=<hexadecimal>``, with one v1 for each secret; its whole text is the key."""
    signed = b"%d.%s" % (at_s, body)
    made = [f"v1={hmac.digest(secret.encode(), signed, hashlib.sha256).hex()}" for secret in secrets]
    return ",".join([f"t={at_s}", *made])
