"""What an operator may decide, where it is read from, and how a wrong decision is told.

A setting comes from the environment (``BABELPOST_`` and its name in capitals), else from a TOML file, else
from its default. A list or table in the environment is written as it would stand in the file.
"""

import difflib
import tomllib
from collections.abc import Collection, Iterator, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path

import msgspec

from core.transport.relay_url import parse_url
from gateway.config.settings import HINTS, INFO, Settings

PREFIX = "BABELPOST_"
CONFIG_VARIABLE = PREFIX + "CONFIG"
# read by our tests alone, which start servers with the environment they run in
_OTHERS = frozenset({PREFIX + "TEST_POSTGRES"})
# the ways out that need no name of their own
_WAYS = ("relay", "mx", "capture")
_SHORTEST_PASSWORD = 12


class SettingsError(ValueError):
    """Settings that cannot be used; ``problems`` has one sentence for each, all of them at once."""

    def __init__(self, problems: Collection[str]) -> None:
        """Keep every problem found."""
        self.problems = tuple(problems)
        super().__init__(
            "These settings cannot be used:" + "".join(f"\n  - {each}" for each in self.problems)
        )


_NESTED = (msgspec.inspect.VarTupleType, msgspec.inspect.DictType, msgspec.inspect.UnionType)


class _Given(msgspec.Struct, frozen=True):
    """One value as an operator wrote it; ``source`` is what the operator would look for."""

    name: str
    source: str
    value: object
    text: bool


def load(config: Path | None, environ: Mapping[str, str], base: Settings | None = None) -> Settings:
    """Read the settings; what neither environment nor file says comes from ``base``.

    Without ``config`` the file is the one that ``BABELPOST_CONFIG`` names, if any. Raises SettingsError.
    """
    problems: list[str] = []
    path = config or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    given = (*_from_file(path, problems), *_from_environment(environ, problems))
    values = {each.name: _converted(each, problems) for each in given}
    settings = msgspec.structs.replace(base or Settings(), **values)
    problems.extend(_route_problems(settings))
    if not problems:
        for name, url in (("relay", settings.relay), *settings.relays.items()):
            problems.extend(_relay_problems(name, url) if url else ())
    if not problems:
        problems.extend(_proxy_problems(settings.trusted_proxies))
        problems.extend(_source_problems(settings.mx_sources))
        problems.extend(_console_problems(settings.console_password))
    if problems:
        raise SettingsError(problems)
    return settings


def _route_problems(settings: Settings) -> Iterator[str]:
    needs_relay = "relay" in settings.ways
    if needs_relay and not settings.relay:
        cause = "a route names it" if settings.route else "transport is relay"
        yield _sentence("relay", "relay", f"is needed, because {cause}")
    for name in settings.route:
        if name not in _WAYS and name not in settings.relays:
            yield _sentence("route", "route", f"names {name!r}, which is no way out")
    yield from (
        _sentence("relays", "relays", f"cannot name one {name}") for name in settings.relays if name in _WAYS
    )


def _relay_problems(name: str, url: str) -> Iterator[str]:
    try:
        parse_url(url)
    except ValueError as error:
        # an unescaped ? cuts a password in two, and half of it would be told as an option
        cut = "@" in url.partition("?")[2]
        reason = "in a user name or password ? is written as %3F" if cut else str(error)
        setting = "relay" if name == "relay" else "relays"
        yield _sentence(setting, name, f"cannot be used: {reason}")


def _proxy_problems(proxies: Collection[str]) -> Iterator[str]:
    for proxy in proxies:
        try:
            ip_network(proxy)
        except ValueError as error:
            yield _sentence("trusted_proxies", "trusted_proxies", f"cannot be used: {error}")


def _source_problems(sources: Collection[str]) -> Iterator[str]:
    for source in sources:
        try:
            ip_address(source)
        except ValueError as error:
            yield _sentence("mx_sources", "mx_sources", f"cannot be used: {error}")


def _console_problems(password: str) -> Iterator[str]:
    # whoever has it reads everybody's mail, and a guess takes no more than a request
    if password and len(password) < _SHORTEST_PASSWORD:
        reason = f"is too short: {_SHORTEST_PASSWORD} characters at least"
        yield _sentence("console_password", "console_password", reason)


def check_dialects(settings: Settings, known: Collection[str]) -> None:
    """Raise SettingsError for each dialect that a setting names and that does not exist."""
    problems = [
        f"{name} names {dialect!r}, which is no dialect{_nearest(dialect, known)}"
        for name in ("dialects", "hosts", "rate_limits")
        for dialect in getattr(settings, name) or ()
        if dialect not in known
    ]
    if problems:
        raise SettingsError(problems)


def explain() -> str:
    """Describe every setting as a row of a Markdown table."""
    rows = ["| setting | variable | default | meaning |", "| --- | --- | --- | --- |"]
    defaults = Settings()
    for name, info in INFO.items():
        default = _literal(getattr(defaults, name))
        rows.append(f"| `{name}` | `{_variable(name)}` | {default} | {info.description} |")
    return "\n".join(rows)


def _from_file(path: Path | None, problems: list[str]) -> Iterator[_Given]:
    if path is None:
        return
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"the file {path} cannot be read: {error}")
        return
    for name, value in table.items():
        if name in HINTS:
            yield _Given(name, f"{name} in {path}", value, text=False)
        else:
            problems.append(f"{name} in {path} is no setting{_nearest(name, HINTS)}")


def _from_environment(environ: Mapping[str, str], problems: list[str]) -> Iterator[_Given]:
    known = {_variable(name): name for name in HINTS}
    for variable in sorted(environ):
        if variable in known:
            yield _Given(known[variable], variable, environ[variable], text=True)
        elif variable.startswith(PREFIX) and variable not in _OTHERS and variable != CONFIG_VARIABLE:
            problems.append(f"{variable} is no setting{_nearest(variable, [*known, CONFIG_VARIABLE])}")


def _converted(given: _Given, problems: list[str]) -> object:
    """Give the value in the setting's own type; when it has none, note why and give it as it came."""
    hint = HINTS[given.name]
    try:
        value = _decoded(str(given.value), hint) if given.text else given.value
        return msgspec.convert(value, hint, strict=not given.text)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        # msgspec would quote our regular expression; the example says it better
        reason = "has not the right form" if INFO[given.name].pattern else f"is refused ({error})"
        problems.append(_sentence(given.name, given.source, reason))
        return given.value


def _decoded(text: str, hint: object) -> object:
    """Read a list or table as TOML does; a plain value is left to the conversion."""
    info = msgspec.inspect.type_info(hint)
    plain = info.type if isinstance(info, msgspec.inspect.Metadata) else info
    if not isinstance(plain, _NESTED):
        return text
    table = tomllib.loads(f"value = {text}")
    if len(table) > 1:
        raise msgspec.ValidationError("more than one value")
    return table["value"]


def _sentence(name: str, source: str, reason: str) -> str:
    info = INFO[name]
    return f"{source} {reason}. Wanted: {info.description}. Example: {(info.examples or [''])[0]}"


def _nearest(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name.casefold(), [each.casefold() for each in known], n=1, cutoff=0.5)
    return next((f"; did you mean {each}?" for each in known if each.casefold() in close), "")


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _literal(value: object) -> str:
    """Write a default as the TOML file would have it."""
    match value:
        case None:
            return "unset"
        case tuple():
            return f"`[{', '.join(str(each) for each in value)}]`"
        case dict():
            return "`{}`"
        case _:
            return f"`{msgspec.json.encode(value).decode()}`"
