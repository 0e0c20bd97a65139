from pathlib import Path

import pytest

from dialects.picking import Picker
from tests.contract.operations import table
from tests.contract.surfaces import DIALECTS, DRIVERS, NAMES, ask, refuse, sample_path
from tests.dialects.driver import Ask

PICKER = Picker(DIALECTS.values(), {})


def test_every_dialect_has_a_driver():
    """No dialect escapes this suite."""
    assert DIALECTS.keys() == DRIVERS.keys()


def test_the_table_of_operations_is_known():
    """What is served changes together with this file; operations.py says how it is written."""
    expected = (Path(__file__).parent / "operations.txt").read_text(encoding="utf-8")

    assert expected == table()


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_is_claimed_by_its_dialect_alone(name):
    """At the root by what only its requests carry, by each of its hosts, and by its prefix."""
    dialect = DIALECTS[name]
    for group in dialect.groups:
        for kind in dialect.keys:
            headers = [(key.encode(), b"k") for key in DRIVERS[name].authorize("k", kind.name)]
            for operation in group.operations:
                path = sample_path(operation)
                hosts = [[(b"host", host.encode()), *headers] for host in dialect.hosts]

                for given, asked in (
                    *((each, path) for each in (headers, *hosts)),
                    (headers, f"/{name}{path}"),
                    (headers, f"/{path}"),
                    (headers, f"//{name}{path}"),
                ):
                    picked = PICKER.pick(given, asked)
                    assert picked is not None
                    assert name == picked.name, (given, asked)
                    assert picked.path.endswith(path)


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("name", NAMES)
async def test_no_operation_is_open(house, name):
    """Without a key every operation is refused, in the dialect's words."""
    for operation in DIALECTS[name].operations:
        answer = await ask(house, name, Ask(method=operation.method, path=sample_path(operation), json={}))

        assert answer.status_code == 401, operation.path
        refuse(name, answer)
