"""The README's promises: every shell command in it is run, in order, and its generated table is what is served."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.commands.routes import summary

_ROOT = Path(__file__).parent.parent
_README = (_ROOT / "README.md").read_text(encoding="utf-8")
_BLOCKS = re.findall(r"^```sh\n(.*?)^```", _README, re.MULTILINE | re.DOTALL)
_RUN, _SOURCE, *_FIRST_MAILS, _REAL = _BLOCKS


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a clone, with the environment that is already made."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("core", "dialects", "gateway", "Makefile", "README.md", "LICENSE"):
        (folder / name).symlink_to(_ROOT / name)
    # older than the environment: the one that runs this test must not be installed anew from here
    shutil.copy(_ROOT / "pyproject.toml", folder)
    os.utime(folder / "pyproject.toml", (0, 0))
    (folder / ".venv").symlink_to(Path(sys.prefix))
    (folder / "bin").mkdir()
    if shutil.which("curl") is None:
        # a machine without curl still runs the commands
        (folder / "bin" / "curl").symlink_to(_ROOT / "tests" / "curl.py")
    return folder


def _environment(place: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BABELPOST_")}
    return kept | {
        "BABELPOST_PORT": "0",
        "BABELPOST_SMTP_PORT": "0",
        "BABELPOST_INBOUND_SMTP_PORT": "0",
        "PATH": f"{place / 'bin'}:{Path(sys.prefix) / 'bin'}:{kept['PATH']}",
    }


def _started(place: Path, script: str, sign: str) -> "subprocess.Popen[str]":
    log = place / f"log-{time.monotonic_ns()}"
    with log.open("w") as out:
        process = subprocess.Popen(
            ["bash", "-euc", script], cwd=place, env=_environment(place), stdout=out, stderr=out,
            text=True, start_new_session=True,
        )  # fmt: skip
    ends = time.monotonic() + 60
    while sign not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < ends, log.read_text()
        time.sleep(0.1)
    return process


def _stop(process: "subprocess.Popen[str]") -> None:
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(30)


@pytest.fixture(scope="module")
def running(place: Path) -> Iterator[Path]:
    """``make run``, as the README says it."""
    assert "make run\n" == _RUN
    process = _started(place, _RUN, "Babelpost listens on")
    yield place
    _stop(process)


@pytest.mark.parametrize("block", _FIRST_MAILS, ids=lambda block: block.split('"')[1].removeprefix("$URL/"))
def test_first_mails(running: Path, block: str) -> None:
    """Each pasted line is answered with success and JSON."""
    script = _SOURCE + block.replace("curl ", "curl -fsS -w '\\n' ")
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=running,
        env=_environment(running),
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr + done.stdout
    answers = done.stdout.strip().splitlines()
    assert block.count("curl ") == len(answers)
    assert all(isinstance(json.loads(answer), dict) for answer in answers)


def test_run_for_real(place: Path) -> None:
    """The commands of an operator work one after the other, and the server listens."""
    script = _REAL.replace(".venv/bin/babelpost serve", "exec .venv/bin/babelpost serve")
    process = _started(place, script, "listening on")
    _stop(process)
    assert 0 == process.returncode


def test_served_table_is_what_is_served() -> None:
    """The table is generated, not remembered: babelpost routes --markdown."""
    held = re.search(r"<!-- served -->\n(.*?)\n<!-- /served -->", _README, re.DOTALL)
    assert held is not None
    assert summary() == held[1]
