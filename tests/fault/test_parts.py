"""Messages for several destinations, sent straight to their servers by processes that are killed."""

import json
import random
import time
from pathlib import Path

import pytest

from tests.fault.clients import Answer, Client, Load
from tests.fault.names import serving
from tests.fault.processes import Site
from tests.fault.records import Records
from tests.fault.sink import Sink

pytestmark = pytest.mark.fault

_KILLS = 4


class Spread(Client):
    """Sends each mail to two domains."""

    def send(self, subject: str, **headers: str) -> Answer | None:
        """Send a small mail."""
        to = ["a@one.test", "b@two.test"]
        sent = {"from": "app@example.com", "to": to, "subject": subject, "text": "Hello"}
        return self.post("/emails", json.dumps(sent).encode(), **headers)


def test_each_part_of_a_message_arrives_however_often_the_server_is_killed(
    engine: str, database: str, tmp_path: Path
) -> None:
    """A message is one job, then one for each destination, and never neither: every recipient has it in the end."""
    with Sink() as sink, serving(one="127.0.0.1", two="127.0.0.1") as dns:
        chosen = {"transport": "mx", "mx_port": str(sink.port), "dns": f'["{dns}"]', "mx_hostname": "us.test"}
        with Site(database, tmp_path, sink.port, allow_private_targets="true", **chosen) as site:
            sink.answer_after_s = 0.005
            load, records = Load(site.port, site.key(), client=Spread), Records(database)
            program = site.serve()
            workers = [site.worker()] if engine == "postgres" else []
            with load.running():
                for _ in range(_KILLS):
                    load.until_answered(5)
                    time.sleep(random.uniform(0.1, 0.5))  # noqa: S311  # no secret
                    program.kill()
                    assert [] == records.halves()
                    program = site.serve()
            records.until_settled()
            assert all(not worker.has_ended() for worker in workers)
    assert {} == load.refused
    assert {} == {subject: sink.taken[subject] for subject in load.answered if sink.taken[subject] < 2}
    assert {"delivered"} == records.states()
    assert [] == records.halves()
