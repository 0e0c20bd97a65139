"""The examples: each is run as a stranger would run it, with nothing but an address and a key."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Dev

_EXAMPLES = sorted(
    path for path in (Path(__file__).parent.parent / "examples").iterdir() if path.suffix in (".py", ".mjs")
)


def test_every_dialect_has_one(dev: Dev) -> None:
    """A newcomer finds an example for each dialect."""
    assert dev.keys.keys() <= {path.stem for path in _EXAMPLES}


@pytest.mark.sdk
@pytest.mark.parametrize("path", _EXAMPLES, ids=lambda path: path.name)
def test_example(dev: Dev, path: Path) -> None:
    """It ends well and says what it did."""
    program = sys.executable if path.suffix == ".py" else shutil.which("node")
    assert program is not None
    environment = os.environ | {"BASE_URL": dev.url, "API_KEY": dev.key(path.stem)}
    done = subprocess.run([program, str(path)], env=environment, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    assert done.stdout.strip()
