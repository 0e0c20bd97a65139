"""What a domain's tests share: hosts of the installation, a core that asks the test's name server, an account."""

import msgspec
import pytest

from core import accounts
from gateway.config import Settings
from tests.core.post import timed_core
from tests.dns_server import DnsServer


@pytest.fixture
def settings(settings: Settings, dns_server: DnsServer) -> Settings:
    """An installation with hosts of its own and the test's name server."""
    return msgspec.structs.replace(
        settings,
        dns=(dns_server.address,),
        return_host="Bounces.host.example",
        tracking_host="links.host.example",
        inbound_host="mx.host.example",
        spf="include:spf.host.example ip4:192.0.2.7",
    )


@pytest.fixture
async def core(settings, clock):
    """An open core on the engine."""
    async with timed_core(settings, clock) as made:
        yield made


@pytest.fixture
async def account(core):
    """Whose domains they are."""
    return (await accounts.ensure_account(core, "test")).id
