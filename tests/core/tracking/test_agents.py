"""User-Agents: what reads mail, what reads it for somebody, and what nobody reads with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tracking.agents import agent, shortened
from core.tracking.sighting import Software

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("text", "client", "os", "platform", "machine"),
    [
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Chrome/140.0.0.0 Safari/537.36",
            Software("Chrome 140.0", "Google", "Chrome"),
            Software("Mac OS X 10.15", "Apple Computer, Inc.", "Mac OS X"),
            "desktop",
            "",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:115.0) Gecko/20100101 Thunderbird/115.3",
            Software("Thunderbird 115.3", "Mozilla", "Thunderbird"),
            Software("Windows 10", "Microsoft Corporation", "Windows"),
            "desktop",
            "",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {_WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36",
            Software("Chrome Mobile 140.0", "Google", "Chrome Mobile"),
            Software("Android 14", "Google", "Android"),
            "mobile",
            "",
        ),
        (
            "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
            Software("Gmail", "Google", "Gmail"),
            Software(),
            "webmail",
            "proxy",
        ),
        (
            "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
            Software("Yahoo Mail", "Yahoo", "Yahoo Mail"),
            Software(),
            "webmail",
            "proxy",
        ),
        (
            "Mozilla/5.0",
            Software("Apple Mail", "Apple Computer, Inc.", "Apple Mail"),
            Software(),
            "unknown",
            "prefetch",
        ),
        ("Barracuda Sentinel (EE)", Software(), Software(), "unknown", "scanner"),
        ("curl/8.5.0", Software(), Software(), "unknown", "scanner"),
        ("python-requests/2.32", Software(), Software(), "unknown", "scanner"),
        ("", Software(), Software(), "unknown", "scanner"),
        ("something nobody knows", Software(), Software(), "unknown", ""),
    ],
)
def test_what_is_known_is_told(text, client, os, platform, machine):
    """Program, system and platform, or what kind of machine it is."""
    said = agent(text)
    assert (client, os, platform, machine) == (said.client, said.os, said.platform, said.machine)


@given(st.text(max_size=2000))
def test_any_text_is_read(text):
    """Whatever is sent costs little and raises nothing."""
    assert len(shortened(text)) <= 500
    agent(shortened(text))
