from pathlib import Path

import pytest

import dialects
from dialects.dialect import discover

FOUND = discover()


def test_every_folder_is_a_dialect():
    """What is put beside the others is served, under its own name."""
    folders = {path.parent.name for path in Path(dialects.__path__[0]).glob("*/__init__.py")}

    assert folders == FOUND.keys()
    assert list(FOUND) == [dialect.name for dialect in FOUND.values()]


@pytest.mark.parametrize("name", FOUND)
def test_a_dialect_is_whole(name):
    """It has operations, a host, keys that are made in the form they are compared in, and a line to try it with."""
    dialect = FOUND[name]

    assert f"/{name}" == dialect.prefix
    assert dialect.operations
    assert dialect.hosts
    assert all(host == host.lower() for host in dialect.hosts)
    assert all(header == header.lower() for header in dialect.marks.headers)
    assert "{url}" in dialect.sample
    assert "{key}" in dialect.sample
    for kind in dialect.keys:
        minted = [kind.mint(environment) for environment in kind.environments for _ in range(20)]
        assert len(minted) == len(set(minted))
        assert minted == [kind.fold(each) for each in minted]
        assert min(map(len, minted)) >= 24
        assert kind.scopes <= kind.all_scopes


@pytest.mark.parametrize("name", FOUND)
def test_operations_have_names_of_their_own(name):
    """Metrics and logs tell them apart; one handler may stand at several paths."""
    handlers: dict[str, set[object]] = {}
    for operation in FOUND[name].operations:
        handlers.setdefault(operation.name, set()).add(operation.handler)

    assert {} == {name: held for name, held in handlers.items() if len(held) > 1}
