"""Nodemailer against a live server: every kind of connection and login, and what headers ask for."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Dev

pytestmark = [pytest.mark.sdk, pytest.mark.node]

_FOLDER = Path(__file__).parent


@pytest.mark.parametrize("script", ["nodemailer.mjs", "postmark.mjs"])
def test_script(dev: Dev, script: str) -> None:
    """Every case of the script holds."""
    environment = os.environ | {
        "URL": dev.url,
        "SMTP": dev.smtp,
        "SMTPS": dev.smtps,
        "CERTIFICATE": str(dev.certificate),
        "RESEND_KEY": dev.key("resend"),
        "POSTMARK_KEY": dev.key("postmark", "server"),
        "POSTMARK_ACCOUNT": dev.key("postmark", "account"),
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
