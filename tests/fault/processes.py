"""Processes as an owner starts them, on one database and one relay: started, killed, stopped, measured."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_SOON_S: Final = 30


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(happened: Callable[[], bool], what: str, within_s: float = _SOON_S) -> None:
    """Wait for something that must happen soon."""
    ends = time.monotonic() + within_s
    while not happened():
        if time.monotonic() > ends:
            raise TimeoutError(what)
        time.sleep(0.02)


class Program:
    """One ``python -m gateway …`` and what it printed."""

    def __init__(self, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gateway", *arguments], env=environment, stdout=file, stderr=file
            )

    def kill(self) -> None:
        """End it without a chance to do anything about it (SIGKILL)."""
        self.process.kill()
        self.process.wait()

    def terminate(self, within_s: float = _SOON_S) -> int:
        """Ask it to stop (SIGTERM); its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within_s)

    def said(self) -> str:
        """All it printed so far."""
        return self.log.read_text()

    def has_ended(self) -> bool:
        """Whether it is gone; a program that should live is asked for its log then."""
        return self.process.poll() is not None

    def memory_bytes(self) -> int:
        """What it holds now."""
        return self._status("VmRSS")

    def peak_bytes(self) -> int:
        """The most it held since the last ``forget_peak``."""
        return self._status("VmHWM")

    def forget_peak(self) -> None:
        """Begin the peak anew from what it holds now (Linux: proc(5), clear_refs)."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def _status(self, name: str) -> int:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"{name}:\s+(\d+) kB", text)
        assert found is not None
        return int(found[1]) * 1024


class Site:
    """``with Site(…) as site``: settings that several programs share; those still running at the end are killed."""

    def __init__(self, database: str, folder: Path, relay_port: int, **settings: str) -> None:
        """``settings`` are names and values as in the environment, without prefix and in small letters."""
        self.port = free_port()
        self.smtp_port = free_port()
        self.database = database
        self._folder = folder
        self._programs: list[Program] = []
        chosen = {
            "database": database,
            "port": str(self.port),
            "smtp_port": str(self.smtp_port),
            "inbound_smtp_port": "0",
            "relay": f"smtp://127.0.0.1:{relay_port}",
            "sender_policy": "any",
            "log_level": "warning",
            "lease_s": "2",
            "retry_schedule_s": "[1]",
        } | settings
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("BABELPOST_")}
        self.environment = inherited | {f"BABELPOST_{name.upper()}": value for name, value in chosen.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for program in self._programs:
            if not program.has_ended():
                program.kill()

    def key(self, dialect: str = "resend") -> str:
        """A new key."""
        command = [sys.executable, "-m", "gateway", "keys", "create", dialect]
        made = subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True)
        return made.stdout.strip()

    def run(self, *arguments: str) -> Program:
        """Start a program without waiting for it."""
        program = Program(list(arguments), self.environment, self._folder / f"{arguments[0]}.log")
        self._programs.append(program)
        return program

    def serve(self, *options: str) -> Program:
        """Start a server and wait until it is ready."""
        program = self.run("serve", *options)
        until(lambda: program.has_ended() or self.is_ready(), "the server is ready")
        assert not program.has_ended(), program.said()
        return program

    def worker(self) -> Program:
        """Start a worker of its own."""
        return self.run("worker")

    def is_ready(self) -> bool:
        """Whether the server says so of itself."""
        try:
            return self.status("/_/ready") == 200
        except OSError:
            return False

    def status(self, path: str) -> int:
        """The status of a GET."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_SOON_S)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()
