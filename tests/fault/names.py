"""A DNS server on a thread of its own, for programs that ask while a test waits."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.dns_server import DnsServer


@contextmanager
def serving(**addresses: str) -> Iterator[str]:
    """Names under ``test`` and where their mail is taken; the name server's address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="dns", daemon=True)
    thread.start()
    server = DnsServer()
    for name, address in addresses.items():
        server.add(f"{name}.test", "A", address)
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result()
    try:
        yield server.address
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
