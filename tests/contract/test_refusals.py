import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pytest

from core import errors
from core.core import Caller, Core
from core.store.database import StoreUnavailable
from dialects.dialect import Group
from dialects.endpoint import post
from dialects.serving import Surface
from tests.contract.surfaces import DIALECTS, DRIVERS, NAMES, check

ROOT = Path(__file__).parent.parent.parent
CORE = cast("Core", None)
SECRET = "/var/secret/password"

# a refusal of each class, by the kind it is to have
SAMPLES = {
    errors.Refusal: lambda kind: errors.Refusal("It cannot be done.", kind=kind),
    errors.Unauthenticated: lambda kind: errors.Unauthenticated(kind=kind),
    errors.Forbidden: lambda kind: errors.Forbidden(kind=kind),
    errors.Invalid: lambda kind: errors.Invalid("subject", "is too long", kind=kind, value="Hello"),
    errors.Malformed: lambda kind: errors.Malformed("not readable", kind=kind or "json", offset=7),
    errors.Mistyped: lambda _: errors.Mistyped("$.to[0]", "Expected `str`, got `int`"),
    errors.NotFound: lambda kind: errors.NotFound(kind or "thing", "an-id"),
    errors.NotAllowed: lambda _: errors.NotAllowed("PUT", ["GET", "POST"]),
    errors.Conflict: lambda kind: errors.Conflict(kind or "thing", "It is taken.", id="an-id"),
    errors.Suppressed: lambda kind: errors.Suppressed(["bob@example.net", "al@example.net"], kind=kind),
    errors.Unverified: lambda kind: errors.Unverified("ann@example.org", kind=kind or "unknown"),
    errors.TooLarge: lambda kind: errors.TooLarge(kind or "body", 1048576),
    errors.RateLimited: lambda _: errors.RateLimited(7),
    errors.QuotaExceeded: lambda kind: errors.QuotaExceeded(kind=kind),
    errors.Unsupported: lambda kind: errors.Unsupported(kind or "a thing"),
    errors.RenderFailed: lambda _: errors.RenderFailed("welcome", "unclosed tag", line=3),
}
# those that are raised with a kind from a variable, and one that nobody knows
FURTHER = [(cls, "nobody_knows") for cls in SAMPLES] + [
    (errors.Forbidden, "disabled"),
    (errors.Forbidden, "suspended"),
    (errors.Unauthenticated, "wrong_kind"),
    (errors.Unverified, "unconfirmed"),
]
# the first positional argument of these is the kind
POSITIONAL = {"NotFound", "Conflict", "TooLarge", "Unsupported"}
# a traceback, a Python object or name, a placeholder that was not filled
LEAK = re.compile(
    r"Traceback|<[\w. ]+ (?:object|at)\b|0x[0-9a-f]{6}|\{\w*\}|\b(?:core|dialects)\.\w|Error\(|\bNone\b"
)


def raised(folder: str, pattern: str) -> Iterator[tuple[type[errors.Refusal], str]]:
    """Find every refusal with a kind that is written out in the sources."""
    classes = {cls.__name__: cls for cls in SAMPLES}
    for path in sorted((ROOT / folder).glob(pattern)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (cls := classes.get(ast.unparse(node.func).rpartition(".")[2])):
                yield from ((cls, kind) for kind in kinds(node, cls))


def kinds(call: ast.Call, cls: type[errors.Refusal]) -> Iterator[str]:
    """Tell the kind among a call's arguments; a choice of two has both."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "kind"]
    given += call.args[:1] if cls.__name__ in POSITIONAL else []
    for each in given:
        for node in ast.walk(each):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


SHARED = {*raised("core", "**/*.py"), *raised("dialects", "*.py"), *((cls, "") for cls in SAMPLES), *FURTHER}
CASES = [
    pytest.param(name, SAMPLES[cls](kind), id=f"{name}-{cls.__name__}-{kind}")
    for name in NAMES
    for cls, kind in sorted(
        SHARED | set(raised(f"dialects/{name}", "**/*.py")), key=lambda case: (case[0].__name__, case[1])
    )
]
CRASHES = [
    pytest.param(name, crash, id=f"{name}-{type(crash).__name__}")
    for name in NAMES
    for crash in (RuntimeError(SECRET), KeyError(SECRET), StoreUnavailable(SECRET), UnicodeError(SECRET))
]


async def told(name: str, error: Exception) -> httpx.Response:
    """Let an operation of the dialect raise, and take the whole answer."""

    async def fail() -> None:
        raise error

    async def nobody(core: Core, request: object) -> Caller:
        return Caller(account_id="")

    group = Group(nobody, (post("/fail", fail),))
    surface = Surface(msgspec.structs.replace(DIALECTS[name], groups=(group,), admit=None))
    sent: list[dict[str, Any]] = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "POST", "headers": [], "query_string": b""}
    await surface.serve(CORE, scope, receive, send, "/fail", "0190d3b8-5b3e-7000-8000-000000000000")
    return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=sent[1]["body"])


def test_every_class_has_a_sample():
    """A refusal that is added to the tree is told by every dialect here from its first day."""
    classes = {
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)
    }

    assert classes == SAMPLES.keys()


@pytest.mark.parametrize(("name", "refusal"), CASES)
async def test_every_refusal_is_told_in_the_dialects_own_body(name, refusal):
    """Whatever core, kit or the dialect itself refuses has a status of the caller's and shows nothing of Python."""
    answer = await told(name, refusal)

    assert 400 <= answer.status_code < 500
    check(answer)
    DRIVERS[name].refused(answer)
    assert not LEAK.search(answer.text), answer.text


@pytest.mark.parametrize(("name", "crash"), CRASHES)
async def test_a_crash_is_told_in_the_dialects_own_body(name, crash):
    """The caller learns that it was not his fault, and nothing else."""
    answer = await told(name, crash)

    assert answer.status_code in (500, 503)
    check(answer)
    DRIVERS[name].refused(answer)
    assert SECRET not in answer.text
    assert not LEAK.search(answer.text), answer.text


@pytest.mark.parametrize("name", NAMES)
async def test_a_wait_is_told_in_a_header(name):
    """Clients that are too fast learn for how long to wait."""
    answer = await told(name, errors.RateLimited(7))

    assert (429, "7") == (answer.status_code, answer.headers["retry-after"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("error", [errors.NotFound("path", "/x"), RuntimeError(SECRET)])
def test_what_has_no_request_can_be_told_too(name, error):
    """The body does not depend on there being a request."""
    answer = DIALECTS[name].tell(error, None)

    assert answer.status >= 400
    assert json.loads(answer.body)
