"""User-Agents that are no reader's own program, as data. Pure.

Sources, read 2026-11: Gmail and Yahoo Mail name their image proxies in the User-Agent (uap-core's regexes.yaml knows
both as families of their own); Apple's Mail Privacy Protection fetches with "Mozilla/5.0" and nothing behind it
(SocketLabs help, "Identifying Apple MPP opens"; Word to the Wise, "Apple MPP", 2021-09); security products that follow
links with a name of their own (their makers' pages on unwanted clicks, and uap-core's spiders).
"""

import re
from typing import Final, NamedTuple

from core.tracking.sighting import Agent, Software


class Known(NamedTuple):
    """A pattern, searched for whatever the case, and what it means."""

    pattern: re.Pattern[str]
    agent: Agent


def _known(pattern: str, agent: Agent) -> Known:
    return Known(re.compile(pattern, re.IGNORECASE), agent)


_SCANNER: Final = Agent(machine="scanner")

MACHINES: Final = (
    _known(
        r"GoogleImageProxy",
        Agent(client=Software("Gmail", "Google", "Gmail"), platform="webmail", machine="proxy"),
    ),
    _known(
        r"YahooMailProxy",
        Agent(client=Software("Yahoo Mail", "Yahoo", "Yahoo Mail"), platform="webmail", machine="proxy"),
    ),
    _known(
        r"\AMozilla/5\.0\Z",
        Agent(client=Software("Apple Mail", "Apple Computer, Inc.", "Apple Mail"), machine="prefetch"),
    ),
    # products that look where links lead before, or instead of, a reader
    _known(r"barracuda|proofpoint|mimecast|cisco ?secure|ironport|symantec|trend ?micro|\btmes\b", _SCANNER),
    _known(
        r"fortinet|fortiguard|sophos|f-secure|withsecure|bitdefender|kaspersky|\beset\b|forcepoint", _SCANNER
    ),
    _known(
        r"zscaler|checkpoint|check point|trellix|fireeye|vadesecure|virustotal|urlscan|safe ?browsing",
        _SCANNER,
    ),
    # programs that are used to fetch, and whatever calls itself a robot
    _known(
        r"\A(?:curl|wget|python|go-http-client|java|okhttp|libwww|apache-httpclient|axios|node)\b", _SCANNER
    ),
    _known(r"headless|phantomjs|bot\b|crawler|spider|link ?check|preview", _SCANNER),
)


def machine(user_agent: str) -> Agent | None:
    """What is known of a User-Agent that is no reader's own; nothing at all sent is a scanner's too."""
    if not user_agent:
        return _SCANNER
    return next((known.agent for known in MACHINES if known.pattern.search(user_agent)), None)
