"""The dialects under contract, and how each is asked: through httpx, or by hand where the body is the test's own."""

import json
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import msgspec

from dialects.dialect import Dialect, discover
from dialects.endpoint import Operation
from gateway.app import Gateway
from tests.dialects.driver import Ask, Driver, Mail
from tests.house import House

DIALECTS = discover()
DRIVERS: dict[str, Driver] = {
    path.parent.name: import_module(f"tests.dialects.{path.parent.name}.driver").DRIVER
    for path in sorted((Path(__file__).parent.parent / "dialects").glob("*/driver.py"))
    if path.parent.name in DIALECTS
}
NAMES = tuple(DRIVERS)
READERS = tuple(name for name, driver in DRIVERS.items() if driver.read("key", "id") is not None)
MAIL = Mail()

Receive = Callable[[], Awaitable[dict[str, Any]]]


async def ask(house: House, name: str, wanted: Ask, key: str = "", kind: str = "") -> httpx.Response:
    """Ask a dialect below its prefix with a key, or without one; every answer keeps what all answers promise."""
    client = await house.client(name, authorized=False)
    answer = await keyed(name, wanted, key, kind).by(client)
    check(answer)
    return answer


async def send(house: House, name: str, key: str, mail: Mail = MAIL) -> httpx.Response:
    """Send a mail, the canonical one unless another is given, with a key."""
    return await ask(house, name, DRIVERS[name].send(key, mail), key)


def keyed(name: str, wanted: Ask, key: str, kind: str = "") -> Ask:
    """The same with the key in its headers, or with no header for a key at all."""
    carried = DRIVERS[name].authorize(key, kind)
    headers = {header: value for header, value in wanted.headers.items() if header not in carried}
    return msgspec.structs.replace(wanted, headers=headers | carried if key else headers)


def check(answer: httpx.Response) -> None:
    """What holds for every answer of every dialect: it can be traced, and says that it is JSON."""
    for name in ("x-request-id", "content-type", "content-length"):
        assert 1 == len(answer.headers.get_list(name)), name
    assert answer.headers["x-request-id"]
    assert answer.headers["content-type"].startswith("application/json")
    answer.json()


def refuse(name: str, answer: httpx.Response) -> None:
    """Assert that an answer is a refusal in the dialect's own error body."""
    assert 400 <= answer.status_code < 500, answer.text
    DRIVERS[name].refused(answer)


def encoded(name: str, key: str) -> bytes:
    """The canonical mail as the bytes of its body, with letters beyond ASCII as they are."""
    return json.dumps(DRIVERS[name].send(key, MAIL).json, ensure_ascii=False).encode()


def replaced(held: Any, old: object, new: object) -> Any:
    """The same JSON value with one value in it replaced, wherever it stands."""
    if held == old:
        return new
    if isinstance(held, dict):
        return {key: replaced(value, old, new) for key, value in held.items()}
    if isinstance(held, list):
        return [replaced(value, old, new) for value in held]
    return held


def as_json(wanted: Ask, content: bytes) -> Ask:
    """The same call with a body of these bytes under the content type of JSON."""
    headers = wanted.headers | {"content-type": "application/json"}
    return msgspec.structs.replace(wanted, json=None, content=content, headers=headers)


async def drive(app: Gateway, name: str, wanted: Ask, receive: Receive) -> httpx.Response:
    """Ask without a client, so that ``receive`` sees how much of the body is read."""
    sent: list[dict[str, Any]] = []

    async def keep(message: Any) -> None:
        sent.append(message)

    path = f"/{name}{wanted.path}"
    headers = {"user-agent": "babelpost-tests", "content-type": "application/json"} | wanted.headers
    scope = {
        "type": "http",
        "method": wanted.method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
    }
    await app(scope, receive, keep)
    start, *rest = sent
    return httpx.Response(
        start["status"], headers=start["headers"], content=b"".join(each["body"] for each in rest)
    )


def sample_path(operation: Operation, value: str = "x") -> str:
    """An operation's path with something in its placeholders."""
    return "/".join(value if each.startswith("{") else each for each in operation.path.split("/"))


def sending(dialect: Dialect) -> Operation:
    """The operation that the driver sends with."""
    wanted = DRIVERS[dialect.name].send("key", MAIL)
    return next(
        each for each in dialect.operations if (wanted.method, wanted.path) == (each.method, each.path)
    )
