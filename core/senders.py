"""Single addresses that may stand in From, beside those of an account's domains (``core.domains``).

An address is confirmed by whoever reads its mail (``core.confirmation``), or on the operator's word. Its domain
belongs to the account too, since its mail can be signed as soon as the domain's key is published.
"""

import msgspec

from core import addresses, domains, ids
from core.accounts import Account
from core.core import Core
from core.errors import Conflict, Invalid, NotFound
from core.headers import is_safe
from core.paging import Page, PageRequest
from core.store.database import one, rows, write
from core.store.statements import sql


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """An address with the name of who writes. ``given``: the address as its owner wrote it, "" where nobody did.

    ``reply_to``: where answers go to letters that do not say; ``note``: the owner's words to whoever is to confirm.
    """

    id: str
    account_id: str
    email: str
    name: str
    confirmed_at: int | None
    created_at: int
    number: int
    given: str
    reply_to: str
    note: str

    @property
    def shown(self) -> str:
        """The address as its owner knows it."""
        return self.given or self.email

    @property
    def domain(self) -> str:
        """The domain's name."""
        return self.email.rpartition("@")[2]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A sender before it is added; ``return_domain`` is its domain's, "" leaves that as it is."""

    email: str
    name: str
    reply_to: str = ""
    return_domain: str = ""
    note: str = ""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What of a sender is to be otherwise; None leaves a thing as it is, "" takes it away where there may be none."""

    name: str | None = None
    reply_to: str | None = None
    return_domain: str | None = None
    note: str | None = None


async def put_sender(core: Core, account: Account, email: str, *, name: str = "", confirmed: bool) -> None:
    """Know a single address on the operator's word, confirmed or not yet; "" leaves a known one its name."""
    now = core.clock.now()
    await write(
        core.db,
        sql.sender_put(
            id=ids.new(),
            account_id=account.id,
            email=email.lower(),
            name=name,
            confirmed_at=now if confirmed else None,
            created_at=now,
            number=await core.numbers.take("sender"),
        ),
    )


async def add(core: Core, account_id: str, draft: Draft) -> Sender:
    """Add an address, to be confirmed, and its domain where the account does not have that with keys.

    Raises Invalid, and Conflict("sender") where it is there already.
    """
    email = _email(draft.email, "email").lower()
    reply_to = _email(draft.reply_to, "reply_to") if draft.reply_to else ""
    _check_texts(draft.name, draft.note)
    held = await one(core.db, Sender, sql.sender_by_email(account_id=account_id, email=email))
    if held is not None:
        raise Conflict("sender", f"{email} is there already", id=held.id)
    await _ensure_domain(core, account_id, draft.email, draft.return_domain or None)
    insert = sql.sender_insert(
        id=(id := ids.new()),
        account_id=account_id,
        email=email,
        name=draft.name,
        created_at=core.clock.now(),
        number=await core.numbers.take("sender"),
        given=draft.email,
        reply_to=reply_to,
        note=draft.note,
    )
    if not (await write(core.db, insert))[0]:
        raise Conflict("sender", f"{email} is there already")
    core.replies.forget(account_id)
    return await get(core, id)


async def change(core: Core, sender: Sender, wanted: Change) -> Sender:
    """Give a sender another name, place for answers or note, or its domain another return path; raises Invalid."""
    _check_texts(wanted.name or "", wanted.note or "")
    reply_to = _email(wanted.reply_to, "reply_to") if wanted.reply_to else wanted.reply_to
    if wanted.return_domain is not None:
        await _ensure_domain(core, sender.account_id, sender.shown, wanted.return_domain)
    changed = sql.sender_change(
        id=sender.id,
        name=wanted.name or None,
        reply_to=reply_to,
        note=wanted.note,
    )
    await write(core.db, changed)
    core.replies.forget(sender.account_id)
    return await get(core, sender.id)


async def confirm(core: Core, sender: Sender) -> Sender:
    """Let the account send from the address; one that is confirmed stays so from when it was."""
    await write(core.db, sql.sender_confirm(id=sender.id, now=core.clock.now()))
    return await get(core, sender.id)


async def remove(core: Core, sender: Sender) -> None:
    """Take an address away; its domain stays."""
    await write(core.db, sql.sender_delete(id=sender.id))
    core.replies.forget(sender.account_id)


async def renew(core: Core, sender: Sender) -> None:
    """Make a new key for the sender's domain, or its first; raises Conflict("renewal") where one is waited for.

    An address that nobody has confirmed yet waits itself, and has no say over a key that its domain has.
    """
    held = await domains.find(core, sender.account_id, sender.domain)
    if held is None:
        await domains.add(core, sender.account_id, domains.Draft(name=sender.domain))
    elif sender.confirmed_at is None:
        raise Conflict("renewal", f"{sender.email} is not confirmed", id=sender.id)
    else:
        await domains.rotate(core, held)


async def numbered(core: Core, account_id: str, number: int) -> Sender:
    """The account's sender with this number; raises NotFound("sender")."""
    found = await one(core.db, Sender, sql.sender_by_number(account_id=account_id, number=number))
    if found is None:
        raise NotFound("sender", str(number))
    return found


async def find(core: Core, id: str) -> Sender | None:
    """A sender of any account."""
    return await one(core.db, Sender, sql.sender_get(id=id))


async def page(core: Core, account_id: str, asked: PageRequest) -> Page[Sender]:
    """The account's senders, the newest first."""
    query = sql.senders_page(account_id=account_id, count=asked.limit + 1, skip=asked.offset)
    found = await rows(core.db, Sender, query)
    total = (await core.db.fetch(sql.senders_count(account_id=account_id)))[0][0]
    return Page.of(found, asked, total)


async def get(core: Core, id: str) -> Sender:
    """A sender of any account; raises NotFound("sender")."""
    found = await find(core, id)
    if found is None:
        raise NotFound("sender", id)
    return found


async def _ensure_domain(core: Core, account_id: str, email: str, return_domain: str | None) -> None:
    """Make an address's domain where there is none with keys; None leaves its return path as it is."""
    wanted = domains.Draft(name=email.rpartition("@")[2], return_domain=return_domain or "")
    try:
        await domains.add(core, account_id, wanted)
    except Conflict:
        if return_domain is not None:
            held = await domains.get(core, account_id, wanted.name)
            await domains.change(core, held, domains.Change(return_domain=return_domain))


def _check_texts(name: str, note: str) -> None:
    if not is_safe(name):
        raise Invalid("Name", "may not contain line breaks", kind="sender_text")
    if "\x00" in note:
        raise Invalid("ConfirmationPersonalNote", "may not contain NUL", kind="sender_text")


def _email(text: str, field: str) -> str:
    """A bare address; raises Invalid."""
    try:
        found = addresses.parse(text)
    except addresses.AddressError as error:
        raise Invalid(field, f"{text!r} is no address", kind=f"sender_{field}", value=text) from error
    if found.name or "<" in text:
        raise Invalid(field, f"{text!r} is not an address alone", kind=f"sender_{field}", value=text)
    return found.email
