"""PufferPost: messages and templates under /v1 and /api/v1, told apart from the others by that.

Source: PufferPost guides and API reference, and the provider's Symfony bridge and package, read 2026-11.
"""

from dialects.dialect import Dialect, Group, Marks
from dialects.pufferpost import (
    auth,
    dispatches,
    errors,
    identity,
    limits,
    messages,
    sending,
    telling,
    templates,
    versions,
    webhooks,
)
from dialects.pufferpost.bodies import BodyCodec
from dialects.pufferpost.submission import SUBMISSION
from dialects.pufferpost.wire import request_id

DIALECT = Dialect(
    name="pufferpost",
    groups=(
        Group(limits.sender, sending.OPERATIONS),
        Group(auth.scoped("messages:read"), messages.OPERATIONS),
        Group(auth.key, identity.OPERATIONS),
        Group(auth.scoped("templates:manage"), templates.MANAGING + versions.MANAGING),
        Group(auth.scoped("templates:read"), templates.READING + versions.READING),
        Group(auth.scoped("webhooks:manage"), webhooks.MANAGING + dispatches.MANAGING),
        Group(auth.scoped("webhooks:read"), webhooks.READING + dispatches.READING),
    ),
    tell=errors.tell,
    # the guides' host, the Symfony bridge's and the package's
    hosts=("app.pufferpost.com", "pufferpost.com", "api.pufferpost.com"),
    marks=Marks(prefixes=("/v1/", "/api/v1/")),
    keys=(auth.KEY,),
    codec=BodyCodec(),
    admit=limits.admit,
    request_id=request_id,
    submission=SUBMISSION,
    webhooks=telling.FORMAT,
    listen=webhooks.listen,
    verify=telling.verify,
    sample=(
        "curl {url}/v1/messages -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' "
        """-d '{"from":"you@example.org","to":"friend@example.org","subject":"Hello","html":"<p>First mail</p>"}'"""
    ),
)
