"""What ``babelpost dev`` has beside a server: a workspace, a key for each dialect, and two files that tell them."""

import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
from click import ClickException

from core import inbound
from core.accounts import Workspace
from core.core import Core
from core.errors import Conflict
from dialects.dialect import Dialect, KeyKind
from gateway import provision
from gateway.config import Settings

_NAME: Final = "dev"
_FILE: Final = "dev.json"
_SHELL: Final = "dev.env"

# one key's text, or several by kind
Keys = dict[str, str | dict[str, str]]


class Development(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The content of dev.json."""

    url: str
    smtp: str = ""
    smtps: str = ""
    inbound_smtp: str = ""
    inbound_address: str = ""
    console: str = ""
    keys: Keys
    samples: dict[str, str] = {}

    def shell(self) -> str:
        """The same as variables of a shell."""
        mail = {
            "SMTP": self.smtp,
            "SMTPS": self.smtps,
            "INBOUND_SMTP": self.inbound_smtp,
            "INBOUND_ADDRESS": self.inbound_address,
            "CONSOLE": self.console,
        }
        held = {name: value for name, value in mail.items() if value}
        names = {"URL": self.url} | held | dict(_flat(self.keys))
        return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in names.items())

    def welcome(self) -> str:
        """What is printed: the address, and a line to paste for each dialect."""
        lines = [f"Babelpost listens on {self.url}", ""]
        if self.console:
            lines += [f"and shows what was sent and what came in on {self.console}", ""]
        if self.smtp:
            lines += [
                f"and takes mail on {self.smtp}: a dialect's name as user name, its key as password",
                "",
            ]
        if self.inbound_smtp and self.inbound_address:
            lines += [
                f"and mail from other servers on {self.inbound_smtp}: yours is {self.inbound_address}",
                "",
            ]
        for name, sample in self.samples.items():
            lines += [f"{name}:", f"  {sample}", ""]
        return "\n".join(lines)


def _flat(keys: Keys) -> Iterator[tuple[str, str]]:
    """Each key under a name: the dialect's, and its kind's where there are several."""
    for dialect, held in keys.items():
        if isinstance(held, str):
            yield f"{dialect.upper()}_KEY", held
        else:
            yield from ((f"{dialect}_{kind}_key".upper(), secret) for kind, secret in held.items())


async def development(
    core: Core, settings: Settings, dialects: Mapping[str, Dialect], data: Path
) -> Development:
    """Make what is missing and write dev.json. Keys stay the same from start to start."""
    place = await provision.workspace(core, dialects.values(), _NAME, _NAME)
    known = _known(data / _FILE)
    keys: Keys = {}
    for dialect in dialects.values():
        secrets = {kind.name: await _key(core, dialect, kind, place, known) for kind in dialect.keys}
        keys[dialect.name] = secrets if len(secrets) > 1 else next(iter(secrets.values()))
    samples = {
        dialect.name: dialect.sample.replace("{url}", settings.url).replace(
            "{key}", _first(keys[dialect.name])
        )
        for dialect in dialects.values()
    }
    made = Development(
        url=settings.url,
        smtp=settings.smtp_url,
        smtps=settings.smtps_url,
        inbound_smtp=settings.inbound_smtp_url,
        inbound_address=await inbound.address_of(core, place.id) if settings.inbound_smtp else "",
        console=settings.console_url,
        keys=keys,
        samples=samples,
    )
    # told whole and readable by its owner alone, since both hold keys
    _write(data / _SHELL, made.shell().encode())
    told = msgspec.json.encode(msgspec.structs.replace(made, samples={}))
    _write(data / _FILE, msgspec.json.format(told, indent=2) + b"\n")
    return made


async def _key(core: Core, dialect: Dialect, kind: KeyKind, place: Workspace, known: Keys) -> str:
    wish = provision.Wish(dialect=dialect, kind=kind, name=_NAME, scopes=kind.all_scopes)
    held = known.get(dialect.name)
    secret = held.get(kind.name) if isinstance(held, dict) else held
    if secret is None:
        return (await provision.mint(core, place, wish)).secret
    try:
        await provision.keep(core, place, wish, secret)
    except Conflict:
        # the usual case: the database has it since the first start
        return secret
    return secret


def _first(held: str | dict[str, str]) -> str:
    return held if isinstance(held, str) else next(iter(held.values()))


def _known(path: Path) -> Keys:
    if not path.exists():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=Development).keys
    except (OSError, msgspec.DecodeError) as error:
        message = f"{path} cannot be read: {error}. Delete it for new keys."
        raise ClickException(message) from error


def _write(path: Path, content: bytes) -> None:
    """Replace a file in one step; its folder is made where missing."""
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        fresh.replace(path)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}. Choose another folder with --data."
        raise ClickException(message) from error
