"""Sendflare: three paths under /v1, one envelope for every answer.

Source: Sendflare API reference (send, contact) and the provider's SDKs for Java, PHP, TypeScript and Go, read 2026-11.
"""

from dialects.dialect import Dialect, Group, Marks
from dialects.sendflare import auth, contacts, emails, errors
from dialects.sendflare.limits import admit
from dialects.sendflare.wire import EnvelopeCodec

DIALECT = Dialect(
    name="sendflare",
    groups=(Group(auth.token, emails.OPERATIONS + contacts.OPERATIONS),),
    tell=errors.tell,
    hosts=("api.sendflare.io", "api.sendflare.com"),
    marks=Marks(paths=("/v1/send", "/v1/batchSend", "/v1/contact")),
    keys=(auth.TOKEN,),
    codec=EnvelopeCodec(),
    admit=admit,
    sample=(
        "curl {url}/v1/send -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' "
        """-d '{"from":"you@example.org","to":"friend@example.org","subject":"Hello","body":"<p>First mail</p>"}'"""
    ),
)
