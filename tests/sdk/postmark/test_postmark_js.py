"""Postmark's own JavaScript client, with only its host changed: see the scripts."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import Dev

pytestmark = [pytest.mark.sdk, pytest.mark.node]
_HERE = Path(__file__).parent


@pytest.mark.parametrize("script", ["client.mjs", "templates.mjs"])
def test_client(proving: Dev, script: str) -> None:
    """Every case of the script passes."""
    host = proving.url.removeprefix("http://")
    keys = [proving.key("postmark", kind) for kind in ("server", "account")]

    done = subprocess.run(
        ["node", str(_HERE / script), host, *keys],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
