"""Postmark: REST in PascalCase, one pair of token headers, one flat error body.

Source: Postmark developer docs (Overview, Email, Messages, Message streams), the provider's SDKs for JavaScript,
Python, PHP, Ruby, Java and .NET, and answers that integrators captured, read 2026-11.
"""

from dialects.dialect import Dialect, Group, Marks
from dialects.postmark import (
    auth,
    bounces,
    bulk,
    domains,
    emails,
    errors,
    figures,
    inbound,
    listening,
    messages,
    pushing,
    removals,
    retired,
    rules,
    senders,
    servers,
    sightings,
    statistics,
    streams,
    suppressions,
    telling,
    templated,
    templates,
    validating,
    webhooks,
)
from dialects.postmark.codec import PostmarkCodec
from dialects.postmark.limits import admit
from dialects.postmark.submission import SUBMISSION
from dialects.routing import Paths

# paths that no other provider has: who comes there without a token is told of the token in Postmark's words
_OWN = ("/server", "/servers", "/senders", "/bounces", "/message-streams", "/data-removals")
_BEGINNINGS = (
    *(f"{path}/" for path in _OWN[1:]),
    *("/messages/", "/stats/", "/triggers/", "/email/batch", "/email/bulk", "/email/with"),
    *("/deliverystats", "/deliveryStats"),
)

DIALECT = Dialect(
    name="postmark",
    groups=(
        Group(
            auth.server_token,
            emails.OPERATIONS
            + templated.OPERATIONS
            + bulk.OPERATIONS
            + templates.OPERATIONS
            + validating.OPERATIONS
            + messages.OPERATIONS
            + sightings.OPERATIONS
            + inbound.OPERATIONS
            + bounces.OPERATIONS
            + streams.OPERATIONS
            + suppressions.OPERATIONS
            + rules.OPERATIONS
            + retired.OPERATIONS
            + webhooks.OPERATIONS
            + figures.OPERATIONS
            + statistics.OPERATIONS
            + servers.OWN,
        ),
        Group(
            auth.account_token,
            pushing.OPERATIONS
            + removals.OPERATIONS
            + domains.OPERATIONS
            + senders.OPERATIONS
            + servers.OPERATIONS,
        ),
    ),
    tell=errors.tell,
    hosts=("api.postmarkapp.com",),
    marks=Marks(
        headers=("x-postmark-server-token", "x-postmark-account-token"), paths=_OWN, prefixes=_BEGINNINGS
    ),
    keys=(auth.SERVER, auth.ACCOUNT),
    codec=PostmarkCodec(),
    # the SDKs disagree on case and on a slash at the end (/deliveryStats, /bounces/); a template's alias may be "push"
    paths=Paths(fold_case=True, by_method=True),
    admit=admit,
    submission=SUBMISSION,
    webhooks=telling.FORMAT,
    listen=listening.listen,
    sample=(
        "curl {url}/email -H 'X-Postmark-Server-Token: {key}' -H 'Content-Type: application/json' "
        """-d '{"From":"you@example.org","To":"friend@example.org","Subject":"Hello","TextBody":"First mail"}'"""
    ),
)
