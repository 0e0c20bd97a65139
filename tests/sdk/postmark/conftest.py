"""Clients of a live server, and one whose name server a test writes: what is proved by DNS is proved for real."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from postmark.clients.account_client import AccountClient
from postmark.clients.server_client import ServerClient

from tests.conftest import Dev, running_dev
from tests.dns_server import DnsServer
from tests.sdk.postmark.surroundings import Application

# the client's own limit is 5 seconds, after which it asks once more for what may be done by then: not on a busy machine
PATIENCE_S = 60


@pytest.fixture
async def client(dev: Dev) -> AsyncIterator[ServerClient]:
    """Postmark's own client with a server's token."""
    async with ServerClient(dev.key("postmark", "server"), base_url=dev.url, timeout=PATIENCE_S) as made:
        yield made


@pytest.fixture
async def account(dev: Dev) -> AsyncIterator[AccountClient]:
    """Postmark's own client with the account's token."""
    async with AccountClient(dev.key("postmark", "account"), base_url=dev.url, timeout=PATIENCE_S) as made:
        yield made


@pytest.fixture
def application() -> Iterator[Application]:
    """An application that letters can be told to."""
    with Application.running() as made:
        yield made


@pytest.fixture(scope="session")
def zone() -> Iterator[DnsServer]:
    """A name server with a thread of its own, since the tests' own loops come and go."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = DnsServer()
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(20)
    yield server
    asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(20)
    loop.close()


@pytest.fixture(scope="session")
def proving(zone: DnsServer) -> Iterator[Dev]:
    """A live server that asks it, with hosts of its own, and a secret, with which it can show tokens again."""
    hosts = {"RETURN_HOST": "bounces.host.example", "TRACKING_HOST": "links.host.example"}
    with running_dev(DNS=f'["{zone.address}"]', DKIM_SECRET="s" * 64, **hosts) as made:
        yield made
