"""Contacts of an app: list, save, delete.

Source: Sendflare API reference, "Contact", read 2026-11. Its curl sample sends the parameters of GET and DELETE as a
form body under a JSON content type, so both calls take them from the query, a form, or JSON; the query wins.
"""

import re
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from core import contacts
from core.errors import Invalid
from core.paging import Page, PageRequest
from dialects.endpoint import Call, convert, decode, delete, get, post
from dialects.sendflare.wire import Envelope, party
from dialects.times import aware

_PAGE_SIZE: Final = 500
# the Java, Go and Rust SDKs read 32 bits
_LAST_PAGE: Final = 2**31 - 1
# below it every JSON reader takes a number as it stands (RFC 8259 6)
_TOO_LARGE: Final = 10**15
_WHOLE: Final = re.compile(r"(?:-?[0-9]{1,15})?", re.ASCII)
_PARAMETERS: Final = msgspec.json.Decoder(dict[str, Any])
_BIRTHDAY_LENGTH: Final = 32
_TEXT_FIELDS: Final = ("language", "firstName", "lastName", "phoneNumber", "company", "birthday")
_STATUS: Final = {"Confirmed": "confirmed", "Unsubscribed": "unsubscribed"}
_STATUS_WORD: Final = {held: word for word, held in _STATUS.items()}


class Typed(msgspec.Struct, rename="camel", kw_only=True):
    """A contact as the reference shows it: vipLevel a number, everything else a text, never null."""

    email_address: str
    status: str
    language: str
    first_name: str
    last_name: str
    phone_number: str
    company: str
    birthday: str
    vip_level: int
    amount: str
    register_date: str
    source: str
    subscription_expire_time: str = ""
    last_active_time: str = ""

    @classmethod
    def of(cls, held: contacts.Contact) -> "Typed":
        """From a stored contact."""
        properties = held.properties
        return cls(
            email_address=held.email,
            status=_STATUS_WORD[held.status],
            language=properties.get("language", ""),
            first_name=properties.get("firstName", ""),
            last_name=properties.get("lastName", ""),
            phone_number=properties.get("phoneNumber", ""),
            company=properties.get("company", ""),
            birthday=properties.get("birthday", ""),
            vip_level=int(properties.get("vipLevel") or 0),
            amount=properties.get("amount", ""),
            register_date=f"{aware(held.created_at):%Y-%m-%d}",
            source=held.source,
        )

    def plain(self) -> dict[str, str]:
        """The same with every value a text, as the Rust SDK reads it at the top level."""
        row: dict[str, Any] = msgspec.to_builtins(self)
        return {key: str(value) for key, value in row.items()}


class Listed(msgspec.Struct, rename="camel", kw_only=True):
    """The page inside ``data``: the reference names ``total``, the Java and PHP SDKs ``totalCount``."""

    total: int
    total_count: int
    page: int
    page_size: int
    list: list[Typed]


class ListEnvelope(Envelope, rename="camel", kw_only=True):
    """The envelope of a list: the TypeScript and Rust SDKs read the counters and the rows beside ``data``."""

    page: int
    page_size: int
    total_count: int
    list: list[dict[str, str]]


class Which(msgspec.Struct, rename="camel", kw_only=True):
    """The parameters of GET and DELETE, from wherever they came."""

    app_id: str = ""
    email_address: str = ""
    page: int = 1
    page_size: int = _PAGE_SIZE

    def app(self) -> str:
        """The app; raises Invalid."""
        return _app(self.app_id)

    def request(self) -> PageRequest:
        """The page; a size over 500 is cut, as no SDK asks for more. Raises Invalid."""
        if not 1 <= self.page <= _LAST_PAGE:
            raise Invalid("page", "counts from 1")
        if self.page_size < 1:
            raise Invalid("pageSize", "is at least 1")
        size = min(self.page_size, _PAGE_SIZE)
        return PageRequest(limit=size, offset=(self.page - 1) * size)


class Save(msgspec.Struct, rename="camel", kw_only=True):
    """A contact to make or change. No SDK sends ``status``, though the reference calls it required."""

    app_id: str = ""
    email_address: str = ""
    status: str | None = None
    # PHP writes an empty map as an empty list
    data: dict[str, Any] | list[Any] | None = None

    def change(self) -> contacts.Change:
        """What to save; raises Invalid."""
        if self.status is not None and self.status not in _STATUS:
            raise Invalid("status", "is Confirmed or Unsubscribed")
        return contacts.Change(
            email=party(self.email_address, "emailAddress").email,
            status="unsubscribed" if self.status == "Unsubscribed" else "confirmed",
            properties=self._properties(),
        )

    def _properties(self) -> dict[str, str]:
        if isinstance(self.data, dict):
            return _properties(self.data)
        if self.data:
            raise Invalid("data", "is an object")
        return {}


def _app(text: str) -> str:
    if not text or "\x00" in text:
        raise Invalid("appId", "is missing")
    return text


def _properties(data: dict[str, Any]) -> dict[str, str]:
    kept: dict[str, str] = {name: _text(name, data[name]) for name in _TEXT_FIELDS if name in data}
    if len(kept.get("birthday", "")) > _BIRTHDAY_LENGTH:
        raise Invalid("birthday", "is too long")
    if "amount" in data:
        kept["amount"] = _amount(data["amount"])
    if "vipLevel" in data:
        kept["vipLevel"] = _level(data["vipLevel"])
    return kept


def _text(name: str, value: Any) -> str:  # a value of JSON
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    raise Invalid(name, "is a text")


def _amount(value: Any) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return _text("amount", value)
    if abs(value) >= _TOO_LARGE:
        raise Invalid("amount", "is too large")
    # the shortest decimal: 100.50 is "100.5", and nothing is written with an exponent
    return format(Decimal(repr(value)).normalize(), "f")


def _level(value: Any) -> str:
    # the SDKs' maps hold texts alone, so "1" arrives for 1; an empty text clears
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _TOO_LARGE:
        return str(value)
    if value is None:
        return ""
    raise Invalid("vipLevel", "is a whole number")


async def _which(call: Call) -> Which:
    """Read the parameters; an empty value counts as missing. Raises Malformed and Mistyped."""
    raw = (await call.request.read()).lstrip()
    given: dict[str, Any] = (
        decode(_PARAMETERS.decode, raw)
        if raw.startswith(b"{")
        else dict(parse_qsl(raw.decode("utf-8", "replace")))
    )
    given |= {key: value for key, value in call.request.query() if value}
    which: Which = convert(given, Which)
    return which


async def list_contacts(call: Call) -> ListEnvelope:
    """A page of an app's contacts, the oldest first; a page past the end is empty."""
    which = await _which(call)
    request = which.request()
    found: Page[contacts.Contact] = await contacts.page(call.core, call.caller, which.app(), request)
    typed = [Typed.of(contact) for contact in found.items]
    data = Listed(
        total=found.total, total_count=found.total, page=which.page, page_size=request.limit, list=typed
    )
    return ListEnvelope(
        request_id=call.request.id,
        data=data,
        page=which.page,
        page_size=request.limit,
        total_count=found.total,
        list=[each.plain() for each in typed],
    )


async def save(call: Call, body: Save) -> Envelope:
    """Make or change a contact; the app is made with its first contact."""
    await contacts.save(call.core, call.caller, _app(body.app_id), body.change())
    return Envelope(request_id=call.request.id)


async def remove(call: Call) -> Envelope:
    """Forget a contact; one that is not there is no error."""
    which = await _which(call)
    app = which.app()
    await contacts.delete(call.core, call.caller, app, party(which.email_address, "emailAddress").email)
    return Envelope(request_id=call.request.id)


OPERATIONS = (
    get("/v1/contact", list_contacts),
    post("/v1/contact", save),
    delete("/v1/contact", remove),
)
