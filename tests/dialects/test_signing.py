"""Signatures: the schemes' own vectors, and the verifiers that customers use."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
import standardwebhooks
import svix

from dialects import signing

_BODY = b'{"test": 2432232314}'


def test_the_vector_of_svix():
    """The example of Svix's documents comes out as it stands there."""
    signature = signing.standard(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, _BODY
    )

    assert "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" == signature


@pytest.mark.parametrize("position", [0, 1])
def test_official_verifiers_take_it(position):
    """Svix's library and that of Standard Webhooks verify with either of two secrets, and with no third."""
    secrets = [signing.new_secret(), signing.new_secret()]
    at = int(datetime.now(UTC).timestamp())
    signature = signing.standard(secrets, "msg_1", at, _BODY)
    theirs = {"svix-id": "msg_1", "svix-timestamp": str(at), "svix-signature": signature}
    neutral = {name.replace("svix", "webhook"): value for name, value in theirs.items()}

    svix.Webhook(secrets[position]).verify(_BODY, theirs)
    standardwebhooks.Webhook(secrets[position]).verify(_BODY, neutral)
    with pytest.raises(svix.WebhookVerificationError):
        svix.Webhook(signing.new_secret()).verify(_BODY, theirs)
    with pytest.raises(svix.WebhookVerificationError):
        svix.Webhook(secrets[position]).verify(_BODY + b" ", theirs)


def test_secrets():
    """24 random bytes in base64 behind the prefix."""
    first, second = signing.new_secret(), signing.new_secret()

    assert first != second
    assert "whsec_" == first[:6]
    assert 24 == len(base64.b64decode(first[6:], validate=True))


def test_a_stamped_signature_is_an_hmac_of_moment_and_body():
    """As the receiver computes it: with the secret's text, once for each secret."""
    signature = signing.stamped(["whsec_a", "whsec_b"], 1614265330, _BODY)
    expected = [
        hmac.new(secret, b"1614265330." + _BODY, hashlib.sha256).hexdigest()
        for secret in (b"whsec_a", b"whsec_b")
    ]

    assert f"t=1614265330,v1={expected[0]},v1={expected[1]}" == signature
