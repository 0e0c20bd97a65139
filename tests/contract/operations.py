"""The table of every operation that is served, as text: a line for each, so that a change of the surface is seen.

``python -m tests.contract.operations > tests/contract/operations.txt`` writes it again.
"""

import sys

from dialects.dialect import discover


def table() -> str:
    """Dialect, method, path and handler of every operation, in the order of the dialects' tables of contents."""
    return "".join(
        f"{dialect.name} {operation.method} {operation.path} {operation.name}\n"
        for dialect in discover().values()
        for operation in dialect.operations
    )


if __name__ == "__main__":
    sys.stdout.write(table())
