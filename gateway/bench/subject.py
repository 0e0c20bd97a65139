"""Processes under measurement: started, watched through /proc, ended."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from click import ClickException

# whose mail is sent
DOMAIN: Final = "example.org"
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_START_S: Final = 30
_STOP_S: Final = 60


class Subject(msgspec.Struct, kw_only=True):
    """A running server: where it listens, its process, a key of Resend's and those of every dialect that was asked."""

    port: int
    pid: int
    key: str = ""
    keys: dict[str, str] = {}

    def cpu_s(self) -> float:
        """CPU time so far, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def peak_bytes(self) -> int:
        """The most memory it ever held."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) * 1024 if found else 0

    def memory_bytes(self) -> int:
        """What it holds now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) * 1024 if found else 0


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _process(command: list[str], environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603  # our own programs
            command, env=environment, stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_STOP_S)


@contextmanager
def echo() -> Iterator[Subject]:
    """The yardstick."""
    port = free_port()
    with _process([sys.executable, "-m", "gateway.bench.echo", str(port)], dict(os.environ)) as process:
        await_port(port, process)
        yield Subject(port=port, pid=process.pid)


@contextmanager
def server(
    database: str, data: Path, *, relay: str = "", work: bool, others: Sequence[str] = ()
) -> Iterator[Subject]:
    """This server on a database, with a key; ``work``: it delivers too, to ``relay`` or, without, nowhere.

    ``others`` are dialects to make keys of beside Resend's.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BABELPOST_")} | {
        "BABELPOST_DATABASE": database,
        "BABELPOST_PORT": str(free_port()),
        "BABELPOST_SMTP_SUBMISSION": "false",
        "BABELPOST_INBOUND_SMTP": "false",
        "BABELPOST_TRANSPORT": "relay" if relay else "capture",
        "BABELPOST_RATE_LIMITS": "{ resend = 0, pufferpost = 0 }",
        "BABELPOST_LOG_LEVEL": "warning",
        "BABELPOST_CLAIM_BATCH": "200",
        # nobody answers there: what is measured asks nobody outside
        "BABELPOST_DNS": '["127.0.0.1:9"]',
    }
    if relay:
        environment["BABELPOST_RELAY"] = relay
    (data / "bench").mkdir(exist_ok=True)
    keys = {name: _command(environment, "keys", "create", name) for name in ("resend", *others)}
    # what a server has to check in earnest is checked here too
    _command(environment, "domains", "trust", DOMAIN)
    command = [sys.executable, "-m", "gateway", "serve", *([] if work else ["--no-worker"])]
    with _process(command, environment) as process:
        port = int(environment["BABELPOST_PORT"])
        await_port(port, process)
        yield Subject(port=port, pid=process.pid, key=keys["resend"], keys=keys)


def _command(environment: dict[str, str], *words: str) -> str:
    """Run a command of ours on the database to be measured, which is where a wrong --database is noticed."""
    command = [sys.executable, "-m", "gateway", *words]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)  # noqa: S603  # our own program
    if done.returncode:
        raise ClickException(done.stderr.strip())
    return done.stdout.strip()


def await_port(port: int, process: "subprocess.Popen[bytes] | None" = None) -> None:
    """Wait until a server listens; raises ClickException where it ended, or takes too long."""
    ends = time.monotonic() + _START_S
    while time.monotonic() < ends:
        if process is not None and process.poll() is not None:
            raise ClickException(f"a server ended at its start with {process.returncode}")
        if _answers(port):
            return
        time.sleep(0.05)
    raise ClickException("a server did not start in time")


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as probe:
            # a port nobody listens on may be given to the probe itself, which then meets itself
            return bool(probe.getsockname() != probe.getpeername())
    except OSError:
        return False


def fsync_ms(folder: Path) -> float:
    """How long a small durable write takes on a folder's disk, the median of twenty."""
    times = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(20):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return sorted(times)[10] * 1000
