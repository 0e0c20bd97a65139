import json
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from tests.fault.clients import Client
from tests.fault.processes import Program, Site, until
from tests.fault.records import Records
from tests.fault.sink import Sink

pytestmark = pytest.mark.fault

_SUBJECTS: Final = [f"mail {number}" for number in range(300)]
_CLIENTS: Final = 3

Ids = defaultdict[str, set[str]]


def _send_all(site: Site, key: str, ids: Ids) -> None:
    with Client(site.port, key) as client:
        for subject in _SUBJECTS:
            answer = client.send(subject, Idempotency_Key=f"key of {subject}")
            if answer is not None:
                assert 200 == answer.status, answer.body
                ids[subject].add(json.loads(answer.body)["id"])


def _send_side_by_side(site: Site, key: str, ids: Ids, server: Program, kill_at: int) -> None:
    """Several clients send the same; the server is killed once so many subjects were answered."""
    with ThreadPoolExecutor(_CLIENTS) as threads:
        sending = [threads.submit(_send_all, site, key, ids) for _ in range(_CLIENTS)]
        until(lambda: len(ids) >= kill_at, "mail is answered")
        server.kill()
        for each in sending:
            each.result()


def test_a_repeated_key_means_one_message_across_crashes(database: str, tmp_path: Path) -> None:
    """Calls made again with their keys, after a kill or at the same time, are one message with one id."""
    ids: Ids = defaultdict(set)
    with Sink() as sink, Site(database, tmp_path, sink.port) as site:
        key, records = site.key(), Records(database)
        for kill_at in (60, 120, 180):
            _send_side_by_side(site, key, ids, site.serve(), kill_at)
        site.serve()
        _send_all(site, key, ids)
        records.until_settled()
    assert {subject: {id_} for id_, subject in records.subjects().items()} == ids
    assert len(_SUBJECTS) == len(records.subjects())
    assert set(_SUBJECTS) == sink.taken.keys()
