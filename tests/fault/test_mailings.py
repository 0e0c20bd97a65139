"""Mailings that are made by processes which are killed: every message is made, and none a second time."""

import json
import random
import time
from pathlib import Path

import pytest

from tests.fault.clients import Client
from tests.fault.processes import Site, until
from tests.fault.records import Records
from tests.fault.sink import Sink

pytestmark = pytest.mark.fault

_MESSAGES = 6000
_KILLS = 4


class Postmark(Client):
    """Asks for everything at once."""

    def __init__(self, port: int, key: str) -> None:
        super().__init__(port, key)
        self._headers["X-Postmark-Server-Token"] = key

    def ask(self) -> int:
        """Send to everybody; the status."""
        to = [{"To": f"someone{n}@example.com", "TemplateModel": {"n": n}} for n in range(_MESSAGES)]
        wish = {"From": "app@example.com", "Subject": "For {{n}}", "TextBody": "Hello {{n}}", "Messages": to}
        answer = self.post("/postmark/email/bulk", json.dumps(wish).encode())
        assert answer is not None
        return answer.status


def test_each_message_of_a_mailing_is_made_once_however_often_the_server_is_killed(
    engine: str, database: str, tmp_path: Path
) -> None:
    """Whoever died in the middle of a portion, or after it and before saying so, leaves it to the next."""
    with Sink() as sink, Site(database, tmp_path, sink.port) as site:
        key, records = site.key("postmark"), Records(database)
        program = site.serve()
        workers = [site.worker()] if engine == "postgres" else []
        with Postmark(site.port, key) as client:
            assert 200 == client.ask()
        for _ in range(_KILLS):
            time.sleep(random.uniform(0.1, 0.8))  # noqa: S311  # no secret
            program.kill()
            assert [] == records.halves()
            program = site.serve()
        until(lambda: len(records.subjects()) >= _MESSAGES, "every message is made", 120)
        records.until_settled(120)
        assert all(not worker.has_ended() for worker in workers)
        assert _MESSAGES == len(records.subjects())
        assert {f"For {n}" for n in range(_MESSAGES)} == set(sink.taken)
    assert {"delivered"} == records.states()
    assert [] == records.halves()
