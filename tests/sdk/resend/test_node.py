"""Resend's own client for node against a live server: its base address is changed, nothing else."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Dev

pytestmark = [pytest.mark.sdk, pytest.mark.node]

_FOLDER = Path(__file__).parent


@pytest.mark.parametrize("script", ["emails.mjs", "webhooks.mjs"])
def test_script(dev: Dev, script: str) -> None:
    """Every case of the script holds."""
    environment = os.environ | {"URL": dev.url, "KEY": dev.key("resend")}
    done = subprocess.run(
        ["node", str(_FOLDER / script)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
