import os
import random
import time
from pathlib import Path
from typing import Final

import pytest

from tests.fault.clients import Load, Postman
from tests.fault.processes import Program, Site
from tests.fault.records import Records
from tests.fault.sink import Sink

pytestmark = pytest.mark.fault

_ROUNDS: Final = 8
_CONCURRENCY: Final = 10


def _dice() -> random.Random:
    seed = int(os.environ.get("FAULT_SEED", random.SystemRandom().randrange(2**32)))
    print(f"FAULT_SEED={seed} repeats these moments")  # noqa: T201  # shown with a failure
    return random.Random(seed)  # noqa: S311  # no secret


def _cast(site: Site, engine: str) -> dict[str, Program]:
    programs = {"serve": site.serve()}
    if engine == "postgres":
        programs["worker"] = site.worker()
    return programs


def _kill_and_restart(site: Site, programs: dict[str, Program], names: list[str], records: Records) -> None:
    for name in names:
        programs[name].kill()
    assert [] == records.halves()
    for name in names:
        programs[name] = site.serve() if name == "serve" else site.worker()


def test_what_was_answered_arrives_however_often_processes_are_killed(
    engine: str, database: str, tmp_path: Path
) -> None:
    """Every mail that got its 2xx arrives, twice only where a conversation was cut before its record."""
    dice, killed = _dice(), 0
    with Sink() as sink, Site(database, tmp_path, sink.port, worker_concurrency=str(_CONCURRENCY)) as site:
        # each conversation lasts, so that some are always cut
        sink.answer_after_s = 0.005
        load, records = Load(site.port, site.key()), Records(database)
        programs = _cast(site, engine)
        with load.running():
            for _ in range(_ROUNDS):
                time.sleep(dice.uniform(0.2, 0.9))
                names = dice.choice([["serve"], ["worker"], ["serve", "worker"]])
                victims = [name for name in names if name in programs] or ["serve"]
                _kill_and_restart(site, programs, victims, records)
                killed += len(victims)
        records.until_settled()
    stored = records.subjects()
    print(  # noqa: T201
        f"{len(load.answered)} answered, {len(load.lost)} without an answer of which "
        f"{len(load.lost & set(stored.values()))} exist, {killed} kills, {sink.repeated} sent again"
    )
    assert {} == load.refused
    assert set() == load.answered.keys() - sink.taken.keys()
    assert load.answered.items() <= {subject: id_ for id_, subject in stored.items()}.items()
    assert set(stored.values()) == sink.taken.keys()
    assert [] == records.halves()
    assert {"delivered"} == records.states()
    assert sink.repeated <= killed * _CONCURRENCY


def test_what_was_taken_by_smtp_arrives_however_often_the_server_is_killed(
    engine: str, database: str, tmp_path: Path
) -> None:
    """A letter that got its 250 is on disk, as one that got its 200 is."""
    dice = _dice()
    with Sink() as sink, Site(database, tmp_path, sink.port, worker_concurrency=str(_CONCURRENCY)) as site:
        records, key = Records(database), site.key()
        programs = _cast(site, engine)
        load = Load(site.smtp_port, key, client=Postman)
        with load.running():
            for _ in range(_ROUNDS // 2):
                load.until_answered(5)
                time.sleep(dice.uniform(0.05, 0.4))
                _kill_and_restart(site, programs, ["serve"], records)
        records.until_settled()
    assert {} == load.refused
    assert set() == load.answered.keys() - sink.taken.keys()
    assert load.answered.items() <= {subject: id_ for id_, subject in records.subjects().items()}.items()
    assert {"delivered"} == records.states()
