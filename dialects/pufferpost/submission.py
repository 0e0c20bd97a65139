"""Mail over SMTP, which PufferPost does not offer: a key needs the same right as for its API."""

from typing import Final

from dialects.submission import Rate, Submission

SUBMISSION: Final = Submission(
    scopes=frozenset({"messages:send"}), rate=Rate(most=60_000, window_s=60, by_workspace=True)
)
