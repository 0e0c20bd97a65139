"""A live server whose name server a test writes: what is proved by DNS is proved for real."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from tests.conftest import Dev, running_dev
from tests.dns_server import DnsServer


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
    """A live server that asks it, with hosts of its own."""
    with running_dev(
        DNS=f'["{zone.address}"]', RETURN_HOST="bounces.host.example", TRACKING_HOST="links.host.example"
    ) as made:
        yield made
