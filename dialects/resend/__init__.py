"""Resend, and Postflare which speaks the same: paths at the root, bearer keys, one error body of three keys.

Source: Resend API reference, its OpenAPI file 1.5.0 and the provider's SDKs for node, Python, Go, Ruby, PHP and Java,
read 2026-11; Postflare's introduction page, read 2026-11.
"""

from dialects import verifying
from dialects.dialect import Dialect, Group, Marks
from dialects.resend import auth, dispatches, errors, files, receiving, sending, sent, telling, webhooks
from dialects.resend.idempotency import KeyedCodec
from dialects.resend.limits import admit
from dialects.resend.submission import SUBMISSION

DIALECT = Dialect(
    name="resend",
    groups=(
        Group(auth.sending, sending.OPERATIONS),
        Group(auth.full, sent.OPERATIONS + files.OPERATIONS + receiving.OPERATIONS),
        Group(auth.full, webhooks.OPERATIONS + dispatches.OPERATIONS),
    ),
    tell=errors.tell,
    hosts=("api.resend.com", auth.POSTFLARE_HOST),
    marks=Marks(rest=True),
    keys=(auth.KEY,),
    codec=KeyedCodec(sending.KEYED),
    admit=admit,
    submission=SUBMISSION,
    webhooks=telling.FORMAT,
    listen=webhooks.listen,
    verify=verifying.standard,
    sample=(
        "curl {url}/emails -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' "
        """-d '{"from":"you@example.org","to":"friend@example.org","subject":"Hello","html":"<p>First mail</p>"}'"""
    ),
)
