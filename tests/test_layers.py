"""Imports point inward: gateway to dialects to core, never back and never sideways."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DIALECTS = {path.parent.name for path in ROOT.glob("dialects/*/__init__.py")}
NAMES = DIALECTS | {"resend", "sendflare", "postmark", "postageapp", "pufferpost"}
HTTP = {"h11", "httptools", "starlette", "uvicorn"}


def imports(text, package):
    """Tell the full name of every module that a source text imports, wherever the import stands."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            inside = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join([*inside, *([node.module] if node.module else [])])
            # in "from dialects import endpoint" the module is the last word
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def is_allowed(package, name):
    """Say whether a module in ``package`` may import ``name``."""
    match (package, tuple(name.split("."))):
        case (("core", *_), (top, *_)):
            return top not in {"dialects", "gateway", *HTTP}
        case (("dialects", *_), ("gateway", *_)):
            return False
        case (("dialects", own, *_), ("dialects", folder, *_)) if folder in NAMES:
            return own == folder
        case (("dialects" | "gateway", *_), ("dialects", folder, *_)):
            return folder not in NAMES
    return True


def packages(top):
    """Pair every Python file below a folder with the package that its relative imports start from."""
    return [(path, path.relative_to(ROOT).parent.parts) for path in sorted((ROOT / top).rglob("*.py"))]


@pytest.mark.parametrize("top", ["core", "dialects", "gateway"])
def test_imports_point_inward(top):
    """Core knows no dialect and no HTTP, a dialect no other dialect, and the gateway dialects by the kit."""
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path, package in packages(top)
        for name in imports(path.read_text(encoding="utf-8"), package)
        if not is_allowed(package, name)
    ]

    assert [] == wrong


def test_core_names_no_dialect():
    """Whoever reads core, its SQL and its comments included, learns nothing of any provider."""
    named = re.compile(rf"\b({'|'.join(sorted(NAMES))})", re.IGNORECASE)
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((ROOT / "core").rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if named.search(f"{path.relative_to(ROOT)} {line}")
    ]

    assert [] == wrong


@pytest.mark.parametrize(
    ("package", "text", "expected"),
    [
        ("core", "import dialects.endpoint", False),
        ("core.store", "def f():\n    from gateway import config", False),
        ("core", "from starlette.requests import Request", False),
        ("core", "from core import messages", True),
        ("core.store", "from .. import ids", True),
        ("dialects", "from dialects.postmark import wire", False),
        ("dialects", "from dialects import postmark", False),
        ("dialects", "from .postmark import wire", False),
        ("dialects.resend", "from dialects import endpoint", True),
        ("dialects.resend", "from dialects.resend import wire", True),
        ("dialects.resend", "from . import wire", True),
        ("dialects.resend", "from ..postmark import wire", False),
        ("dialects.resend", "from dialects import postmark", False),
        ("dialects.resend", "import gateway.config", False),
        ("dialects.resend", "from core.messages import submit", True),
        ("gateway", "from dialects.dialect import discover", True),
        ("gateway", "from dialects.resend import DIALECT", False),
    ],
)
def test_the_rule_bites(package, text, expected):
    """The rule finds what it is there to find."""
    parts = tuple(package.split("."))

    assert expected == all(is_allowed(parts, name) for name in imports(text, parts))
