"""PostageApp's own client for node against a live server: host, port and scheme are configured, nothing else."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Dev

pytestmark = [pytest.mark.sdk, pytest.mark.node]

_FOLDER = Path(__file__).parent


@pytest.mark.parametrize("script", ["client.mjs"])
def test_script(dev: Dev, script: str) -> None:
    """Every case of the script holds."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("POSTAGEAPP_")}
    environment |= {
        "PORT": str(dev.port),
        "PROJECT": dev.key("postageapp", "project"),
        "ACCOUNT": dev.key("postageapp", "account"),
    }
    done = subprocess.run(
        ["node", str(_FOLDER / script)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
