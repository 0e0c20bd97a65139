import base64
import email
import email.policy
import hashlib
import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.fault.clients import Client, mail
from tests.fault.processes import Program, Site
from tests.fault.records import Records
from tests.fault.sink import Sink

pytestmark = pytest.mark.fault

_FILES: Final = [random.Random(seed).randbytes(2_500_000) for seed in range(4)]  # noqa: S311  # no secret


def _large(subject: str) -> bytes:
    """Ten million bytes of files, as about 13.4 of JSON."""
    files = [
        {"filename": f"{number}.bin", "content": base64.b64encode(data).decode()}
        for number, data in enumerate(_FILES)
    ]
    sent = {"from": "app@example.com", "to": "someone@example.net", "subject": subject, "text": "Hello"}
    return json.dumps(sent | {"attachments": files}).encode()


_DIGESTS: Final = [hashlib.sha256(data).hexdigest() for data in _FILES]


@contextmanager
def _growth(program: Program, most_bytes: int) -> Iterator[None]:
    """The block lets the program's memory grow by so much at its peak."""
    idle = program.memory_bytes()
    program.forget_peak()
    yield
    grown = program.peak_bytes() - idle
    print(f"grew by {grown:,} of {most_bytes:,} bytes")  # noqa: T201  # shown with a failure
    assert grown < most_bytes


def _send_at_once(site: Site, key: str, bodies: list[bytes]) -> list[int]:
    def send(body: bytes) -> int:
        with Client(site.port, key) as client:
            answer = client.post("/emails", body)
        return answer.status if answer is not None else 0

    with ThreadPoolExecutor(len(bodies)) as threads:
        return list(threads.map(send, bodies))


def _digests(content: bytes) -> list[str]:
    letter = email.message_from_bytes(content, policy=email.policy.SMTP)
    return [hashlib.sha256(part.get_content()).hexdigest() for part in letter.iter_attachments()]


@pytest.mark.parametrize(("calls", "bodies"), [(1, 4), (8, 16)])
def test_memory_is_bounded_by_a_few_bodies(database: str, tmp_path: Path, calls: int, bodies: int) -> None:
    """Large mails, accepted and delivered by one process, cost it so many bodies, and arrive as they were."""
    with Sink(keep=True) as sink, Site(database, tmp_path, sink.port) as site:
        key, server, records = site.key(), site.serve(), Records(database)
        _warm_up(site, key, records)
        sent = [_large(f"large {number}") for number in range(calls)]
        with _growth(server, bodies * len(sent[0])):
            assert [200] * calls == _send_at_once(site, key, sent)
            records.until_settled()
    assert {"delivered"} == records.states()
    assert [_DIGESTS] * calls == [_digests(sink.contents[f"large {number}"]) for number in range(calls)]


@pytest.mark.postgres
@pytest.mark.parametrize("engine", ["postgres"])
def test_a_worker_of_its_own_is_bounded_too(database: str, tmp_path: Path) -> None:
    """Eight large mails cost a server that only takes them, and a worker that only delivers them, as little."""
    with Sink(keep=True) as sink, Site(database, tmp_path, sink.port) as site:
        key, server, worker, records = site.key(), site.serve("--no-worker"), site.worker(), Records(database)
        _warm_up(site, key, records)
        sent = [_large(f"large {number}") for number in range(8)]
        with _growth(server, 16 * len(sent[0])), _growth(worker, 16 * len(sent[0])):
            assert [200] * 8 == _send_at_once(site, key, sent)
            records.until_settled()
    assert [_DIGESTS] * 8 == [_digests(sink.contents[f"large {number}"]) for number in range(8)]


def _warm_up(site: Site, key: str, records: Records) -> None:
    """What is imported and opened once does not count."""
    for number in range(20):
        assert [200] == _send_at_once(site, key, [mail(f"small {number}")])
    records.until_settled()
