import base64
import random
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.fault.processes import Site, free_port, until
from tests.fault.records import Records

pytestmark = pytest.mark.fault

_ROUNDS: Final = 6
_CLIENTS: Final = 8
_TO: Final = "any@shop.example"
_HEADER: Final = b"From: ann@example.org\r\nTo: any@shop.example\r\nSubject: "
_FILE: Final = random.Random(1).randbytes(14_000_000)  # noqa: S311  # no secret


@contextmanager
def _site(database: str, folder: Path) -> Iterator[tuple[Site, int]]:
    """A site that takes mail for a domain, and the port for it; nothing leaves it."""
    port = free_port()
    with Site(database, folder, 9, transport="capture", inbound_smtp_port=str(port)) as site:
        command = [sys.executable, "-m", "gateway", "inbound", "add", "shop.example"]
        subprocess.run(command, env=site.environment, check=True, capture_output=True)
        yield site, port


def _bring(port: int, letter: bytes) -> str:
    """Bring a letter; the id it was kept under."""
    with smtplib.SMTP("127.0.0.1", port, "mx.example.org", timeout=60) as client:
        client.ehlo()
        client.mail("ann@example.org")
        client.rcpt(_TO)
        code, text = client.data(letter)
        return text.decode().partition(" ")[2] if code == 250 else ""


class _Servers:
    """Other servers, that bring letters until they are told to stop."""

    def __init__(self, port: int) -> None:
        self.kept: dict[str, str] = {}
        self._port = port
        self._stop = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """At once, for the length of the block."""
        threads = [threading.Thread(target=self._run, args=(number,)) for number in range(_CLIENTS)]
        for thread in threads:
            thread.start()
        yield
        self._stop.set()
        for thread in threads:
            thread.join()

    def _run(self, client: int) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            subject = f"{client}-{number}"
            try:
                id_ = _bring(self._port, _HEADER + subject.encode() + b"\r\n\r\nHello\r\n" * 50)
            except (OSError, smtplib.SMTPException):
                # the server is being killed: whether it kept this one is what nobody knows
                time.sleep(0.05)
                continue
            if id_:
                self.kept[id_] = subject


def test_what_was_acknowledged_is_kept_however_often_the_server_is_killed(
    engine: str, database: str, tmp_path: Path
) -> None:
    """Each letter that got its 250 is there, with its source and its event; no half of one is."""
    del engine
    with _site(database, tmp_path) as (site, port):
        server, servers, records = site.serve(), _Servers(port), Records(database)
        with servers.running():
            for _ in range(_ROUNDS):
                time.sleep(random.uniform(0.2, 0.8))  # noqa: S311  # no secret
                server.kill()
                assert [] == records.halves_of_arrivals()
                server = site.serve()
            count = len(servers.kept)
            until(lambda: len(servers.kept) > count, "letters come in again")
        assert servers.kept.items() <= records.arrivals().items()
        assert [] == records.halves_of_arrivals()
    print(f"{len(servers.kept)} letters acknowledged over {_ROUNDS} kills")  # noqa: T201  # shown with a failure


def test_large_letters_at_once_take_bounded_memory(database: str, tmp_path: Path) -> None:
    """Eight letters of 19 MB, brought at once, are kept whole; they cost the server no more than twelve of them."""
    encoded = base64.encodebytes(_FILE).replace(b"\n", b"\r\n")
    large = (
        _HEADER + b"large\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded + b"--b--\r\n"
    )
    with _site(database, tmp_path) as (site, port):
        server, records = site.serve(), Records(database)
        _bring(port, _HEADER + b"small\r\n\r\nHello\r\n")
        idle = server.memory_bytes()
        server.forget_peak()
        with ThreadPoolExecutor(8) as threads:
            kept = list(threads.map(lambda _: _bring(port, large), range(8)))
        grown = server.peak_bytes() - idle
    print(f"grew by {grown:,} bytes, {grown / len(large):.1f} letters")  # noqa: T201  # shown with a failure
    assert all(kept)
    assert dict.fromkeys(kept, len(_FILE)) == {id_: records.file_bytes(id_) for id_ in kept}
    assert grown < 12 * len(large)
