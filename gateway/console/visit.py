"""One look at the console: who looks at which workspace, and pages that no mail can break out of."""

import secrets
from typing import Final, Self
from urllib.parse import urlencode, urlsplit

import msgspec
from jinja2 import Environment, PackageLoader
from starlette.requests import Request
from starlette.responses import Response

from core import accounts, addresses, ids
from core.accounts import Workspace
from core.core import Caller, Core
from core.errors import NotFound
from core.store.database import sought
from dialects import times

PATH: Final = "/_/console"
ENVIRONMENTS: Final = ("live", "test")
# further than any counter of ours comes, and not further than both engines count
MOST_NUMBER: Final = 2**31 - 1
_KILO: Final = 1024
# what holds for everything under the console, whatever it is
GUARDED: Final = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-DNS-Prefetch-Control": "off",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def _moment(at: int) -> str:
    return f"{times.blank(at)} UTC"


def _size(count: int) -> str:
    """As people say it: 512 B, 3.4 KB."""
    if count < _KILO:
        return f"{count} B"
    shown, unit = count / _KILO, "KB"
    if shown >= _KILO:
        shown, unit = shown / _KILO, "MB"
    return f"{shown:.1f} {unit}"


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("gateway", "pages/console"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "address": addresses.display,
        "brief": times.blank,
        "iso": times.iso,
        "moment": _moment,
        "size": _size,
    }
    return made


_TEMPLATES: Final = _environment()


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A request for something of one workspace's. ``root`` is the console's path as browsers see it."""

    core: Core
    request: Request
    place: Workspace
    environment: str
    root: str

    @classmethod
    async def of(cls, core: Core, request: Request) -> Self:
        """Whose things are asked for; raises NotFound("workspace")."""
        number, environment = request.path_params["workspace"], request.path_params["environment"]
        if number > MOST_NUMBER or environment not in ENVIRONMENTS:
            raise NotFound("workspace", str(number))
        place = await accounts.numbered(core, number)
        return cls(core=core, request=request, place=place, environment=environment, root=root(core))

    @property
    def caller(self) -> Caller:
        """Who may see this workspace's data and no other's."""
        return Caller(
            account_id=self.place.account_id,
            workspace_id=self.place.id,
            workspace_number=self.place.number,
            workspace_name=self.place.name,
            environment=self.environment,
        )

    @property
    def base(self) -> str:
        """The path below which everything of this workspace is."""
        return f"{self.root}/{self.place.number}/{self.environment}"

    @property
    def id(self) -> str:
        """The id in the path; raises NotFound where it is none of ours."""
        return self._id("id")

    @property
    def within(self) -> str:
        """The id of something of that one's; raises NotFound likewise."""
        return self._id("within")

    def _id(self, name: str) -> str:
        id: str = self.request.path_params[name]
        if not ids.is_uuid(id):
            raise NotFound(name, id)
        return id

    @property
    def position(self) -> int:
        """A file's place in its mail; raises NotFound where no mail has so many."""
        position: int = self.request.path_params["position"]
        if position > MOST_NUMBER:
            raise NotFound("attachment", str(position))
        return position

    def asked(self, name: str) -> str:
        """A field of the query, empty where it is not there."""
        return sought(self.request.query_params.get(name, "").strip())

    def page(self, template: str, **values: object) -> Response:
        """A page about this workspace."""
        return page(200, template, visit=self, root=self.root, **values)


def root(core: Core) -> str:
    """The console's path as browsers see it, which a proxy in front may have put below another."""
    return urlsplit(core.policy.public_url).path.rstrip("/") + PATH


def query(**fields: str) -> str:
    """A query of the fields that say anything."""
    return urlencode({name: value for name, value in fields.items() if value})


def page(status: int, template: str, **values: object) -> Response:
    """A page; its style is the only thing that a browser obeys."""
    nonce = secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    text = _TEMPLATES.get_template(template).render(values, nonce=nonce)
    return Response(
        # a letter that came in broken may hold halves of characters
        text.encode("utf-8", "replace"),
        status_code=status,
        # not for what is sandboxed: browsers may refuse to show that alone (HTML Standard 7.1.3)
        headers=GUARDED | {"Content-Security-Policy": policy, "Cross-Origin-Opener-Policy": "same-origin"},
        media_type="text/html",
    )


def notice(core: Core, status: int, title: str, text: str) -> Response:
    """A page that says why there is no other."""
    return page(status, "notice.html", root=root(core), title=title, text=text)
