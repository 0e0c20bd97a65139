"""Which dialect a request is for: by host, by prefix, then by what only one dialect sends."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from dialects.dialect import Dialect

_PORT: Final = b":"


class Picked(msgspec.Struct, frozen=True):
    """The dialect's name and the path that is left for it."""

    name: str
    path: str


class Picker:
    """Tells requests apart from rows that the dialects bring, and host names the operator added."""

    def __init__(self, dialects: Iterable[Dialect], hosts: Mapping[str, str]) -> None:
        """``hosts`` are further names, to the dialect's; raises ValueError where two dialects claim the same."""
        self._hosts: dict[bytes, str] = {}
        self._prefixes: dict[str, str] = {}
        self._headers: dict[bytes, str] = {}
        self._paths: dict[str, str] = {}
        self._beginnings: list[tuple[str, str]] = []
        self._rest = ""
        for dialect in dialects:
            self._add(dialect)
        self._beginnings.sort(key=lambda row: -len(row[0]))
        self._hosts |= {host.lower().encode(): name for host, name in hosts.items()}

    def _add(self, dialect: Dialect) -> None:
        marks, name = dialect.marks, dialect.name
        for host in dialect.hosts:
            _claim(self._hosts, host.encode(), name)
        _claim(self._prefixes, name, name)
        for header in marks.headers:
            _claim(self._headers, header.encode(), name)
        for path in marks.paths:
            _claim(self._paths, path, name)
        self._beginnings.extend((prefix, name) for prefix in marks.prefixes)
        if marks.rest:
            if self._rest:
                message = f"{self._rest} and {name} both take the rest"
                raise ValueError(message)
            self._rest = name

    def pick(self, headers: Iterable[tuple[bytes, bytes]], path: str) -> Picked | None:
        """The dialect, or None where none takes the rest (it may be disabled)."""
        marked = named = ""
        for header, value in headers:
            if header == b"host":
                named = self._host(value.lower())
            elif not marked and header in self._headers:
                marked = self._headers[header]
        if named:
            return Picked(named, path)
        if path.startswith("//"):
            # what a base address with a slash at its end makes of a path that begins with one
            path = "/" + path.lstrip("/")
        first, _, rest = path[1:].partition("/")
        if first in self._prefixes:
            return Picked(self._prefixes[first], "/" + rest)
        name = marked or self._by_path(path) or self._rest
        return Picked(name, path) if name else None

    def _host(self, value: bytes) -> str:
        return self._hosts.get(value, "") or self._hosts.get(value.partition(_PORT)[0], "")

    def _by_path(self, path: str) -> str:
        found = self._paths.get(path.rstrip("/"))
        if found is not None:
            return found
        return next((name for prefix, name in self._beginnings if path.startswith(prefix)), "")


def _claim(table: dict[str, str] | dict[bytes, str], key: object, name: str) -> None:
    held = table.setdefault(key, name)  # type: ignore[arg-type]  # texts or bytes, the caller's pair
    if held != name:
        message = f"{held} and {name} both claim {key!r}"
        raise ValueError(message)
