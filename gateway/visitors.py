"""Pages for whoever follows a link of a mail: plain, run nothing, lead nowhere else, are kept by nobody."""

import secrets
from typing import Final

from jinja2 import Environment, PackageLoader
from starlette.responses import HTMLResponse, Response

_TEMPLATES: Final = Environment(
    loader=PackageLoader("gateway", "pages"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def notice(status: int, title: str, text: str) -> Response:
    """A page that only says something."""
    return page(status, "notice.html", title=title, text=text)


def page(status: int, name: str, **values: object) -> Response:
    """A page of a template."""
    nonce = secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow",
        "X-Content-Type-Options": "nosniff",
        # the address is all it takes to decide for somebody
        "Referrer-Policy": "no-referrer",
    }
    return HTMLResponse(
        _TEMPLATES.get_template(name).render(values, nonce=nonce), status_code=status, headers=headers
    )
