"""Webhooks while processes are killed: what happened is told, however often."""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, Self

import msgspec
import pytest

from tests.fault.clients import Load
from tests.fault.processes import Site, until
from tests.fault.records import Records
from tests.fault.sink import Sink

pytestmark = pytest.mark.fault

_ROUNDS: Final = 6
_CONCURRENCY: Final = 10


class _Application(ThreadingHTTPServer):
    """Hears calls, a little slowly; of each, for which message, and how often."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: Counter[str] = Counter()
        self.bodies: dict[str, set[bytes]] = {}
        self.lock = threading.Lock()

    def handle_error(self, *_: object) -> None:
        """Say nothing of callers that were killed."""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            # who called was killed in the middle of it
            self.close_connection = True
            return
        time.sleep(0.005)
        told = msgspec.json.decode(body)
        application = self.server
        assert isinstance(application, _Application)
        with application.lock:
            application.heard[told["data"]["email_id"]] += 1
            application.bodies.setdefault(self.headers["svix-id"], set()).add(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _add(site: Site, url: str) -> None:
    command = [
        sys.executable,
        "-m",
        "gateway",
        "webhooks",
        "add",
        "resend",
        url,
        "--event",
        "email.delivered",
    ]
    subprocess.run(command, env=site.environment, check=True, capture_output=True)


def test_what_happened_is_told_however_often_processes_are_killed(
    engine: str, database: str, tmp_path: Path
) -> None:
    """Every delivery is told, with the same id and bytes, twice only where a call was cut before its record."""
    seed = int(os.environ.get("FAULT_SEED", random.SystemRandom().randrange(2**32)))
    print(f"FAULT_SEED={seed} repeats these moments")  # noqa: T201  # shown with a failure
    dice = random.Random(seed)  # noqa: S311  # no secret
    settings = {"allow_private_targets": "true", "webhook_concurrency": str(_CONCURRENCY)}
    with (
        _Application() as application,
        Sink() as sink,
        Site(database, tmp_path, sink.port, **settings) as site,
    ):
        key, records = site.key(), Records(database)
        _add(site, f"http://127.0.0.1:{application.server_port}/")
        server = site.serve()
        load = Load(site.port, key)
        with load.running():
            for _ in range(_ROUNDS):
                time.sleep(dice.uniform(0.3, 1.0))
                server.kill()
                server = site.serve()
        records.until_settled()
        sent = set(records.subjects())
        until(lambda: sent <= application.heard.keys(), "everything is told", 60)
        assert 0 == server.terminate()
    repeated = application.heard.total() - len(sent)
    print(f"{len(sent)} told, {repeated} of them again, {_ROUNDS} kills")  # noqa: T201
    assert sent == application.heard.keys()
    assert {1} == {len(each) for each in application.bodies.values()}
    assert len(sent) == len(application.bodies)
    assert repeated <= _ROUNDS * _CONCURRENCY * 5
