"""``babelpost webhooks``: endpoints made, listed and forgotten by an operator."""

import asyncio

import pytest
from click.testing import CliRunner, Result

from core import webhooks
from core.core import Caller
from core.webhooks import Webhook, incidents
from gateway import provision
from gateway.__main__ import cli
from gateway.assemble import opened
from gateway.config import Settings
from gateway.metrics import Metrics


@pytest.fixture
def ask(monkeypatch, tmp_path):
    """Run the command on a store of its own."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    monkeypatch.setenv("BABELPOST_DATABASE", url)

    def run(*words: str) -> Result:
        return CliRunner().invoke(cli, ["webhooks", *words])

    return run


def kept(tmp_path) -> list[Webhook]:
    """What stands in the store."""

    async def read() -> list[Webhook]:
        settings = Settings(transport="capture", database=f"sqlite:///{tmp_path / 'store.db'}")
        async with opened(settings, owner=False) as core:
            place = await provision.workspace(core, (), "default", "default")
            caller = Caller(account_id=place.account_id, workspace_id=place.id)
            return await webhooks.of_workspace(core, caller.workspace_id)

    return asyncio.run(read())


def test_add_list_remove(ask, tmp_path):
    """One is made with its secret, shown without it or a password, and forgotten."""
    added = ask(
        "add",
        "postageapp",
        "https://u:hidden@app.example/x",
        "--event",
        "opened",
        "--form",
        "form",
        "--secret",
        "k1",
    )
    id, secret = added.output.split()
    listed = ask("list").output

    assert "k1" == secret
    assert f"{id}  postageapp  enabled  https://app.example/x  opened\n" == listed
    assert [("https://u:hidden@app.example/x", "k1")] == [(each.url, each.secret) for each in kept(tmp_path)]
    assert f"{id} is forgotten.\n" == ask("remove", id).output
    assert "" == ask("list").output
    assert "No such webhook." in str(ask("remove", id).exception)


def test_incidents(ask, tmp_path):
    """What befell an endpoint is printed, and stands in the list; of a workspace that is not there nothing is made."""
    id, _ = ask("add", "resend", "https://app.example/x", "--event", "email.sent").output.split()
    (hook,) = kept(tmp_path)

    async def befall() -> None:
        settings = Settings(transport="capture", database=f"sqlite:///{tmp_path / 'store.db'}")
        async with opened(settings, owner=False) as core:
            await incidents.disable(core, hook, "it has only failed for too long")
            # whoever comes second says nothing
            await incidents.disable(core, hook, "it answered with status 410")
            assert "\nbabelpost_webhooks_disabled 1.0\n" in (await Metrics().text(core)).decode()

    assert "" == ask("incidents").output
    asyncio.run(befall())

    (line,) = ask("incidents").output.splitlines()
    assert [id, "disabled", "it has only failed for too long"] == line.split("  ")[1:]
    assert "disabled (it has only failed for too long)" in ask("list").output
    assert 0 != ask("incidents", "--workspace", "mistyped").exit_code


def test_a_role_is_given_once(ask, tmp_path):
    """Postmark's hook for letters that come in is one of a server: a second one takes the first one's place."""
    first = ask("add", "postmark", "https://app.example/1", "--event", "Inbound").output
    second = ask("add", "postmark", "https://app.example/2", "--event", "Inbound").output

    assert first == second
    assert ["https://app.example/2"] == [each.url for each in kept(tmp_path)]
    assert "InboundHookUrl  received\n" in ask("list").output


def test_nonsense(ask):
    """A dialect without webhooks and an event that nobody tells are refused."""
    assert 2 == ask("add", "sendflare", "https://app.example/").exit_code
    assert "eaten" in str(ask("add", "resend", "https://app.example/", "--event", "eaten").exception)
