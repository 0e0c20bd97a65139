"""``babelpost domains``: from a name to a domain that is proved, with nothing but what the command prints."""

import asyncio

import pytest
from click.testing import CliRunner

from gateway.__main__ import cli


@pytest.fixture
def command(tmp_path, dns_server, monkeypatch):
    """Run ``babelpost domains`` beside the test's name server; what it prints."""
    environment = {
        "BABELPOST_DATABASE": f"sqlite:///{tmp_path}/own.db",
        "BABELPOST_DNS": f'["{dns_server.address}"]',
        "BABELPOST_RETURN_HOST": "bounces.host.example",
        "BABELPOST_INBOUND_HOST": "mx.host.example",
    }

    async def run(*words, code=0):
        done = await asyncio.to_thread(CliRunner().invoke, cli, ["domains", *words], env=environment)
        assert code == done.exit_code, done.output
        return done.output

    return run


def publish(dns_server, printed):
    """Paste what was printed into the zone."""
    for line in printed.splitlines():
        if not line.startswith(";"):
            name, _, _, kind, data = line.split(" ", 4)
            dns_server.clear(name.rstrip("."), kind)
            dns_server.add(name.rstrip("."), kind, data)


async def test_from_a_name_to_a_proved_domain(command, dns_server):
    """Added, not found, published, found, renewed."""
    printed = await command(
        "add", "example.org", "--ed25519", "--return-domain", "b.example.org", "--receiving"
    )
    assert printed == await command("records", "example.org")
    assert "dkim     pending           TXT" in await command("verify", "example.org", code=1)
    assert "example.org  pending\n" == await command("list")

    publish(dns_server, printed)
    assert "example.org  verified\n" == (await command("verify", "example.org"))[-22:]
    assert "verified\n" == (await command("history", "example.org"))[-9:]
    assert "(there is no" not in await command("records", "example.org")

    changed = await command("change", "example.org", "--return-domain", "", "--no-receiving")
    # a key's letters may hold any word
    assert (0, 0, 2) == tuple(changed.count(each) for each in (" CNAME ", " MX ", "._domainkey."))
    assert "example.org  verified" in await command("verify", "example.org")

    renewed = await command("rotate", "example.org", "--account", "default")
    assert 4 == renewed.count("_domainkey.example.org.")
    publish(dns_server, renewed)
    await command("verify", "example.org")
    assert 2 == (await command("records", "example.org")).count("; retired: keep it")


async def test_a_trusted_domain_shows_how_its_key_stands(command):
    """Trust is told, and beside it what the DNS says."""
    await command("trust", "example.org")
    assert "example.org  trusted\n" == await command("list")
    assert "has no key" in await command("records", "example.org")
    await command("add", "example.org")
    assert "example.org  trusted, dkim pending\n" == await command("list")
    assert "example.org  trusted, dkim pending\n" in await command("verify", "example.org")


@pytest.mark.parametrize("option", ["--tracking-domain=l.example.org"])
async def test_a_record_that_would_lead_nowhere(command, option):
    """A name of the customer's own needs a host of ours to lead to."""
    assert "needs the setting tracking_host" in await command("add", "example.org", option, code=2)
