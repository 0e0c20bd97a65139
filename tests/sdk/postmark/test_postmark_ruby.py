"""Postmark's Ruby client as Debian packages it, with only its host and port changed: see client.rb."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import Dev

_SCRIPT = Path(__file__).parent / "client.rb"


def _is_here() -> bool:
    try:
        return not subprocess.run(
            ["ruby", "-rpostmark", "-e", ""], capture_output=True, check=False
        ).returncode
    except FileNotFoundError:
        return False


pytestmark = [
    pytest.mark.sdk,
    pytest.mark.skipif(
        not _is_here(), reason="ruby-postmark is missing (Debian: apt-get install ruby-postmark)"
    ),
]


def test_client(proving: Dev) -> None:
    """Every case of the script passes, and no method of the client is left out."""
    host, port = proving.url.removeprefix("http://").split(":")
    tokens = (proving.key("postmark", "server"), proving.key("postmark", "account"))

    done = subprocess.run(
        ["ruby", str(_SCRIPT), host, port, *tokens], capture_output=True, text=True, timeout=120, check=False
    )

    assert 0 == done.returncode, done.stdout + done.stderr
