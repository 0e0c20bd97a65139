"""Golden wires: what a client sends and must receive, as text files anyone can add to, and their short interpreter.

    # Source: the page it was taken from, and the day it was read
    > POST /v1/send
    > Authorization: Bearer {key}
    >
    > {"from": "a@example.org"}
    < 200
    < content-type: application/json; charset=utf-8
    <
    < {"requestId": "{id:uuid}", "code": 0}
    ~ settle

``>`` lines are a request below the dialect's prefix, ``<`` lines the answer: status, headers that must be there, body.
``{key}`` and ``{key:kind}`` are the house's keys, ``{name}`` what an earlier answer's ``{name:matcher}`` caught.
A JSON body must match whole; ``"...": true`` in an object allows further keys, ``"{any}"`` matches any value.
``~ settle`` waits for deliveries; ``~ trust example.org`` lets the account send from a domain.
"""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import msgspec

from core import accounts, domains
from tests.house import House

_SLOT = re.compile(r"\{([a-z_]*)(?::([a-z]+))?\}")
_MATCHERS = {
    "any": r".*",
    "uuid": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "ulid": r"[0-9A-HJKMNP-TV-Z]{26}",
    "int": r"-?\d+",
    "time": r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?",
    "text": r".+",
}


class Exchange(msgspec.Struct, kw_only=True):
    """One request and its answer, or one directive."""

    line: int
    request: list[str] = []
    answer: list[str] = []
    directive: str = ""


def read(path: Path) -> list[Exchange]:
    """The exchanges of a file; it must say its source in its first line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# Source: "), f"{path} names no source"
    exchanges: list[Exchange] = []
    for number, line in enumerate(lines, 1):
        if line.startswith("~ "):
            exchanges.append(Exchange(line=number, directive=line[2:].strip()))
        elif line.startswith(">"):
            if not exchanges or exchanges[-1].answer or exchanges[-1].directive:
                exchanges.append(Exchange(line=number))
            exchanges[-1].request.append(line[2:])
        elif line.startswith("<"):
            exchanges[-1].answer.append(line[2:])
        else:
            assert not line or line.startswith("#"), f"{path}:{number} is no line of a wire"
    return exchanges


async def play(house: House, dialect: str, path: Path) -> None:
    """Ask and compare, exchange by exchange."""
    caught: dict[str, str] = {}
    client = await house.client(dialect, authorized=False)
    for exchange in read(path):
        where = f"{path.name}:{exchange.line}"
        if exchange.directive:
            await _obey(house, exchange.directive)
            continue
        request = [await _fill(house, dialect, line, caught) for line in exchange.request]
        answer = await _ask(client, request)
        _compare(where, exchange.answer, answer, caught)


async def _obey(house: House, directive: str) -> None:
    word, _, rest = directive.partition(" ")
    if word == "settle":
        await house.settle()
    elif word == "trust":
        await domains.trust(house.core, (await accounts.ensure_account(house.core, "test")).id, rest)
    else:
        raise AssertionError(f"no directive {directive}")


async def _fill(house: House, dialect: str, line: str, caught: dict[str, str]) -> str:
    for found in list(_SLOT.finditer(line)):
        name, kind = found[1], found[2] or ""
        if name == "key":
            line = line.replace(found[0], await house.key(dialect, kind))
        elif not kind and name in caught:
            line = line.replace(found[0], caught[name])
    return line


async def _ask(client: httpx.AsyncClient, request: list[str]) -> httpx.Response:
    head, body = _split(request)
    method, _, target = head[0].partition(" ")
    headers = {name: value for name, _, value in (line.partition(": ") for line in head[1:])}
    url = str(client.base_url).rstrip("/") + target
    return await client.request(method, url, headers=headers, content=body.encode() if body else None)


def _split(lines: list[str]) -> tuple[list[str], str]:
    if "" not in lines:
        return lines, ""
    at = lines.index("")
    return lines[:at], "\n".join(lines[at + 1 :])


def _compare(where: str, expected: list[str], answer: httpx.Response, caught: dict[str, str]) -> None:
    head, body = _split(expected)
    assert int(head[0]) == answer.status_code, f"{where}: {answer.status_code} {answer.text}"
    for line in head[1:]:
        name, _, value = line.partition(": ")
        held = answer.headers.get(name)
        assert held is not None, f"{where}: no header {name}"
        _match_text(f"{where} {name}", value, held, caught)
    if body:
        _match(where, json.loads(body), answer.json(), caught)


def _match(where: str, expected: Any, held: Any, caught: dict[str, str]) -> None:
    if isinstance(expected, dict):
        assert isinstance(held, dict), f"{where}: {held!r} is no object"
        open_ended = expected.pop("...", False)
        missing, more = expected.keys() - held.keys(), held.keys() - expected.keys()
        assert not missing, f"{where}: no {sorted(missing)} in {held}"
        assert open_ended or not more, f"{where}: {sorted(more)} not expected in {held}"
        for key, value in expected.items():
            _match(f"{where}.{key}", value, held[key], caught)
    elif isinstance(expected, list):
        assert isinstance(held, list), f"{where}: {held!r} is no list"
        assert len(expected) == len(held), f"{where}: {len(held)} items: {held}"
        for index, value in enumerate(expected):
            _match(f"{where}[{index}]", value, held[index], caught)
    elif isinstance(expected, str) and _SLOT.search(expected):
        if expected != "{any}":
            assert isinstance(held, str | int), f"{where}: {held!r}"
            _match_text(where, expected, str(held), caught)
    else:
        assert expected == held, f"{where}: {held!r}"
        assert type(expected) is type(held), f"{where}: {held!r} is of another type"


def _match_text(where: str, expected: str, held: str, caught: dict[str, str]) -> None:
    names: list[str] = []

    def group(found: re.Match[str]) -> str:
        name, kind = found[1], found[2]
        if kind is None and name in _MATCHERS:
            return f"(?:{_MATCHERS[name]})"
        if kind is None:
            return re.escape(caught[name])
        names.append(name)
        return f"({_MATCHERS[kind]})"

    pieces, at = [], 0
    for found in _SLOT.finditer(expected):
        pieces += [re.escape(expected[at : found.start()]), group(found)]
        at = found.end()
    pattern = "".join([*pieces, re.escape(expected[at:])])
    matched = re.fullmatch(pattern, held, re.DOTALL)
    assert matched, f"{where}: {held!r} is not {expected!r}"
    caught.update(zip(names, matched.groups(), strict=True))
