"""Postmark's own JavaScript client, with only its host changed: see client.mjs."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import Dev

pytestmark = [pytest.mark.sdk, pytest.mark.node]
_SCRIPT = Path(__file__).parent / "client.mjs"


def test_client(dev: Dev) -> None:
    """Every case of the script passes."""
    host = dev.url.removeprefix("http://")

    done = subprocess.run(
        ["node", str(_SCRIPT), host, *(dev.key("postmark", kind) for kind in ("server", "account"))],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
