"""No method of the Python clients is left out: one that nobody calls is one that nobody knows to work.

What the tests name is read from their sources, since they run in several processes. A chain ends in manager and method,
or in model and method, and begins with ``account`` where it is the account's client; a model's instance is called like
its class.
"""

import ast
import re
from collections.abc import Iterator
from inspect import getmembers, isclass
from pathlib import Path
from types import FunctionType

import pytest
from postmark import sync
from postmark.clients.account_client import AccountClient
from postmark.clients.server_client import ServerClient
from postmarker.core import PostmarkClient
from postmarker.models import bounces, domains, emails, messages, senders, server, templates, triggers
from postmarker.models.base import Model, ModelManager

pytestmark = pytest.mark.sdk
_HERE = Path(__file__).parent
# they ask the provider's own page of incidents, which is at another host and nothing of the API
_OTHER_HOST = "status"


def _chains(*names: str) -> Iterator[tuple[str, ...]]:
    """Every name with attributes that stands in the code of the files: ``client.outbound.send``."""
    for path in (path for name in names for path in _HERE.glob(f"test_{name}.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            words: list[str] = []
            start: ast.AST = node
            while isinstance(start, ast.Attribute):
                words.insert(0, start.attr)
                start = start.value
            if words and isinstance(start, ast.Name):
                yield (start.id, *words)


def _managed(client: object) -> set[tuple[str, str]]:
    """The public methods of a client's managers; its own are HTTP's verbs, by which these are made."""
    return {
        (name, method)
        for name, manager in vars(client).items()
        if type(manager).__name__.endswith("Manager")
        for method in vars(type(manager))
        if not method.startswith("_")
    }


def _named(*names: str, account: bool) -> set[tuple[str, str]]:
    return {
        (chain[-2], chain[-1])
        for chain in _chains(*names)
        if len(chain) > 2 and (chain[0] == "account") == account
    }


@pytest.mark.parametrize("names", [("postmark_python*", "domains", "statistics"), ("postmark_sync",)])
async def test_postmarks_own_client(names: tuple[str, ...]) -> None:
    """Each way, waiting in a loop and in a thread."""
    async with ServerClient("token") as client, AccountClient("token") as account:
        servers, accounts = _managed(client), _managed(account)

    assert set() == servers - _named(*names, account=False)
    assert set() == accounts - _named(*names, account=True)


def test_the_ways_are_two() -> None:
    """The client in a thread leads to the same managers."""
    with sync.ServerClient("token") as client, sync.AccountClient("token") as account:
        assert {name for name, _ in _managed(client._async)} == set(sync.SyncServerClient._SERVER_MANAGERS)
        assert {name for name, _ in _managed(account._async)} == set(sync.SyncAccountClient._ACCOUNT_MANAGERS)


def _managers(held: object) -> Iterator[tuple[str, type]]:
    for name, manager in vars(held).items():
        if isinstance(manager, ModelManager) and name != _OTHER_HOST:
            yield name, type(manager)
            yield from _managers(manager)


def _models() -> Iterator[tuple[str, type]]:
    for module in (bounces, domains, emails, messages, senders, server, templates, triggers):
        for name, kind in getmembers(module, isclass):
            if issubclass(kind, Model) and kind.__module__ == module.__name__ and not name.startswith("Base"):
                heir = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
                yield from ((heir, each) for each in kind.__mro__[: kind.__mro__.index(Model)])


def test_postmarker() -> None:
    """Neither of its managers nor of what they give out."""
    parts = [*_managers(PostmarkClient(server_token="token")), *_models()]
    wanted = {
        (name, method)
        for name, kind in parts
        for method, held in vars(kind).items()
        if not method.startswith("_") and isinstance(held, FunctionType | property | classmethod)
    }
    # an underline at the end keeps a word apart from Python's own; the class itself makes one out of a letter
    named = {
        (chain[-2].rstrip("_").lower(), chain[-1])
        for chain in _chains("postmarker*", "domains", "statistics")
    }

    assert set() == wanted - named
