"""What a dialect is: its operations, guards and refusals, and the data by which its requests are told from others'."""

import pkgutil
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Final

import msgspec

from core.accounts import WorkspaceSettings
from core.core import Core
from core.errors import Refusal
from core.formats import WebhookFormat
from core.webhooks import NewWebhook
from dialects.endpoint import Admit, Codec, Guard, Operation
from dialects.refusals import Answer
from dialects.request import Request
from dialects.routing import Paths
from dialects.submission import Submission
from dialects.verifying import Received, Verdict


class Group(msgspec.Struct, frozen=True):
    """Operations behind one guard."""

    guard: Guard
    operations: tuple[Operation, ...]


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """What only this dialect's requests carry, so that they are known at the root without host or prefix.

    ``headers`` are lower-case names; ``paths`` whole paths and ``prefixes`` their beginnings, ending in a slash or
    inside a segment. ``rest`` takes what no other dialect claims; one dialect may.
    """

    headers: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    rest: bool = False


class KeyKind(msgspec.Struct, frozen=True, kw_only=True):
    """A sort of credential: whom it stands for, how its text is made, and the form in which it is compared.

    ``account``: it stands for the account, else for one workspace. ``mint`` gets the environment.
    ``shown``: the provider's API shows it again and again, and not only when it is made.
    """

    name: str
    mint: Callable[[str], str]
    account: bool = False
    fold: Callable[[str], str] = str
    scopes: frozenset[str] = frozenset()
    all_scopes: frozenset[str] = frozenset()
    environments: tuple[str, ...] = ("live",)
    shown: bool = False


class TemplateSeed(msgspec.Struct, frozen=True, kw_only=True):
    """A template that every workspace has from the start where the provider's clients expect it."""

    slug: str
    name: str
    syntax: str
    subject: str = ""
    html: str | None = None
    text: str | None = None
    layout: str = ""


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook that an operator asks for, in the dialect's words; what is empty is the dialect's usual.

    ``form`` is one of several that bodies can have, ``secret`` what calls are signed with, ``settings`` those of the
    workspace that it is of.
    """

    url: str
    events: tuple[str, ...] = ()
    form: str = ""
    stream: str = ""
    secret: str = ""
    settings: WorkspaceSettings = WorkspaceSettings()

    def __repr__(self) -> str:
        """Without its secret, or what may be one in the URL."""
        return f"Listener({self.events}, {self.form}, {self.stream})"


Tell = Callable[[BaseException, Request | None], Answer]
# by the secret, at a moment in whole seconds
Verify = Callable[[str, Received, int], Verdict]
Unmatched = Callable[[Core, Request, Refusal], Awaitable[Refusal]]


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's surface, as data.

    ``tell`` makes the answer to a refusal or a crash, in the dialect's own body. ``unmatched`` may replace the
    refusal of an unknown path or method by a better one. ``headers`` go with every answer.
    ``webhooks`` is how it tells what happened; ``listen`` makes a webhook for an operator, or raises Invalid,
    and ``verify`` does what that one's receiver would do with a signature; None where calls are not signed.
    ``sample`` is the curl line that a newcomer pastes, with {url} and {key} in it.
    """

    name: str
    groups: tuple[Group, ...]
    tell: Tell
    hosts: tuple[str, ...]
    marks: Marks
    keys: tuple[KeyKind, ...]
    sample: str
    codec: Codec = Codec()
    paths: Paths = Paths()
    admit: Admit | None = None
    unmatched: Unmatched | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ((b"content-type", b"application/json; charset=utf-8"),)
    request_id: Callable[[str], str] = str
    templates: tuple[TemplateSeed, ...] = ()
    submission: Submission = Submission()
    webhooks: WebhookFormat | None = None
    listen: Callable[[Listener], NewWebhook] | None = None
    verify: Verify | None = None

    @property
    def prefix(self) -> str:
        """Where the dialect is served besides the root."""
        return f"/{self.name}"

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation, in the order of its table of contents."""
        return tuple(operation for group in self.groups for operation in group.operations)


_PACKAGE: Final = "dialects"


def discover() -> Mapping[str, Dialect]:
    """Every folder of this package that exports a DIALECT, by name."""
    package = import_module(_PACKAGE)
    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.ispkg:
            dialect: Dialect = import_module(f"{_PACKAGE}.{module.name}").DIALECT
            found[dialect.name] = dialect
    return found
