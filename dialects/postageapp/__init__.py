"""PostageApp: one POST for each method under /v.1.0 and /v.1.1, the key in the body, one envelope for every answer.

Source: PostageApp developer pages for both versions, its knowledge base, and its clients, read 2026-11.
"""

from dialects.dialect import Dialect, Group, Marks
from dialects.postageapp import auth, errors, layouts, methods, telling
from dialects.postageapp.limits import admit
from dialects.postageapp.wire import EnvelopeCodec

DIALECT = Dialect(
    name="postageapp",
    groups=(
        Group(auth.project, methods.PROJECT_OPERATIONS),
        Group(auth.either, methods.EITHER_OPERATIONS),
    ),
    tell=errors.tell,
    hosts=("api.postageapp.com",),
    marks=Marks(prefixes=("/v.",)),
    keys=(auth.PROJECT, auth.ACCOUNT),
    codec=EnvelopeCodec(),
    admit=admit,
    unmatched=methods.unmatched,
    templates=layouts.SEEDS,
    webhooks=telling.FORMAT,
    listen=telling.listen,
    verify=telling.verify,
    sample=(
        """curl {url}/v.1.0/send_message.json -d '{"api_key":"{key}","arguments":{"recipients":"friend@example.org","""
        """"headers":{"from":"you@example.org","subject":"Hello"},"content":{"text/html":"<p>First mail</p>"}}}'"""
    ),
)
