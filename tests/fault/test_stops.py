import json
import socket
import time
from pathlib import Path

import pytest

from tests.fault.clients import Client, Load, mail
from tests.fault.processes import Site, until
from tests.fault.records import Records
from tests.fault.sink import Sink

pytestmark = pytest.mark.fault


def test_a_stop_under_load_loses_and_repeats_nothing(database: str, tmp_path: Path) -> None:
    """SIGTERM ends the process with 0; what it had answered arrives once, before or after the next start."""
    with Sink() as sink, Site(database, tmp_path, sink.port) as site:
        sink.answer_after_s = 0.005
        load, records = Load(site.port, site.key()), Records(database)
        server = site.serve()
        with load.running():
            for _ in range(3):
                time.sleep(0.5)
                assert 0 == server.terminate(), server.said()
                server = site.serve()
        records.until_settled()
        assert 0 == server.terminate()
    assert {} == load.refused
    assert load.answered.keys() <= sink.taken.keys()
    assert set(records.subjects().values()) == sink.taken.keys()
    assert 0 == sink.repeated
    assert [] == records.halves()


def test_a_request_that_has_begun_is_answered_after_the_stop_was_asked_for(
    database: str, tmp_path: Path
) -> None:
    """The rest of a body that comes after SIGTERM is still taken, answered, and delivered by the next process."""
    body = mail("begun")
    with Sink() as sink, Site(database, tmp_path, sink.port) as site:
        key, server = site.key(), site.serve()
        with socket.create_connection(("127.0.0.1", site.port), 20) as client:
            head = (
                f"POST /emails HTTP/1.1\r\nHost: test\r\nUser-Agent: test\r\nAuthorization: Bearer {key}\r\n"
            )
            client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:10])
            # the server has it once another request is answered
            site.status("/_/live")
            server.process.terminate()
            until(lambda: not _listens(site.port), "the listener is closed")
            client.sendall(body[10:])
            answer = client.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 200"), (answer, server.process.wait(20), server.said())
        assert 0 == server.process.wait(20)
        site.serve()
        Records(database).until_settled()
    assert {"begun": 1} == sink.taken


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def test_a_slow_conversation_is_finished_before_the_process_ends(database: str, tmp_path: Path) -> None:
    """A message that the other server is still thinking about when SIGTERM comes is not sent again."""
    with Sink() as sink, Site(database, tmp_path, sink.port) as site:
        sink.answer_after_s = 2
        key, server = site.key(), site.serve()
        with Client(site.port, key) as client:
            answer = client.send("slow")
        assert answer is not None
        until(lambda: sink.waiting == 1, "the message is with the other server")
        assert 0 == server.terminate(), server.said()
        site.serve()
        records = Records(database)
        records.until_settled()
    assert {json.loads(answer.body)["id"]: "slow"} == records.subjects()
    assert {"slow": 1} == sink.taken
    assert {"delivered"} == records.states()
