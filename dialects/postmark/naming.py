"""Names of domains as they may be asked for: there, of a length, in form, and not everybody's.

Source: Postmark developer docs, error codes 503 and 514 to 516, read 2026-11. Which domains are public is the
provider's own knowledge; these are those whose owners refuse their mail from any server but theirs.
"""

from typing import Final

from core import domains
from core.errors import Forbidden, Invalid

_LONGEST: Final = 255
_PUBLIC: Final = frozenset(
    (
        "aol.com", "comcast.net", "fastmail.com", "free.fr", "gmail.com", "gmx.com", "gmx.de", "gmx.net",
        "googlemail.com", "hotmail.com", "hotmail.co.uk", "hotmail.fr", "hushmail.com", "icloud.com", "live.com",
        "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "naver.com", "outlook.com", "proton.me",
        "protonmail.com", "qq.com", "rocketmail.com", "t-online.de", "verizon.net", "web.de", "yahoo.co.jp",
        "yahoo.co.uk", "yahoo.com", "yahoo.de", "yahoo.fr", "yandex.com", "yandex.ru", "ymail.com", "zoho.com",
        "126.com", "163.com",
    )
)  # fmt: skip  # one name a line would be a page


def checked(name: str | None) -> str:
    """The name of a domain to make, as it was given; raises Invalid and Forbidden."""
    if not name or not name.strip():
        raise Invalid("Name", "The 'Name' of the domain is missing.", kind="domain_missing")
    name = name.strip()
    if len(name) > _LONGEST:
        reason = f"The 'Name' of a domain may have {_LONGEST} characters."
        raise Invalid("Name", reason, kind="domain_length")
    try:
        host = domains.host(name)
    except Invalid as error:
        raise Invalid("Name", f"'{name}' is no domain name.", kind="domain_name") from error
    refuse_public(host)
    return name


def refuse_public(host: str) -> None:
    """Refuse the domain of a public mail service, in the form that addresses have it; raises Forbidden."""
    if host in _PUBLIC:
        raise Forbidden(kind="public_domain")
