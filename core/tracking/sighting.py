"""That somebody, or something, fetched a pixel or followed a link: what is known of it, and with what it was done."""

from typing import Literal

import msgspec

# ``proxy``: a mailbox provider fetches for its reader, who did open it; ``prefetch``: fetched whether or not anybody
# reads; ``scanner``: a filter that looks where links lead. Empty for a reader's own program, as far as it says so.
Machine = Literal["", "proxy", "prefetch", "scanner"]
Platform = Literal["unknown", "desktop", "mobile", "webmail"]


class Software(msgspec.Struct, frozen=True, omit_defaults=True):
    """A program or system: with its version, who makes it, and without the version. Empty where it is not known."""

    name: str = ""
    company: str = ""
    family: str = ""


class Agent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a User-Agent says."""

    client: Software = Software()
    os: Software = Software()
    platform: Platform = "unknown"
    machine: Machine = ""


class Seen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The facts of an event that a pixel or a link brought.

    ``first``: of all of its recipient and message, or of its recipient and link. ``link`` and ``part`` (``html`` or
    ``text``) are a click's.
    """

    first: bool = False
    ip: str = ""
    user_agent: str = ""
    link: str = ""
    part: str = ""
    agent: Agent = Agent()
