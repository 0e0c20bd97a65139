"""Postmark's own JavaScript client, with only its host changed: see client.mjs and the files of cases beside it."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import Dev

pytestmark = [pytest.mark.sdk, pytest.mark.node]
_SCRIPT = Path(__file__).parent / "client.mjs"


def test_client(proving: Dev) -> None:
    """Every case passes, and no method of the two clients is left out."""
    host, inbound = proving.url.removeprefix("http://"), proving.inbound_smtp.removeprefix("smtp://")
    keys = [proving.key("postmark", kind) for kind in ("server", "account")]

    done = subprocess.run(
        ["node", str(_SCRIPT), host, *keys, inbound],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
