"""Sender signatures: single addresses that an account may send from once somebody there has said yes.

Source: Postmark developer docs, "Sender signatures API", the provider's clients and their tests, and recorded answers,
read 2026-11. A signature shows the proofs of its domain, which is made with it; a new one is not confirmed whatever its
domain is, and may be sent from all the same where that is proved.
"""

from typing import Final

import msgspec

from core import confirmation, domains, senders
from core.core import Core
from core.errors import Invalid
from core.paging import Page
from core.senders import Change, Draft, Sender
from dialects.endpoint import Call, delete, get, post, put
from dialects.postmark import naming, places, proofs
from dialects.postmark.done import Done
from dialects.postmark.paging import Paged

_KIND: Final = "sender"
_LONGEST: Final = 255
_LONGEST_NOTE: Final = 400


class Wish(msgspec.Struct, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """A signature to make, or what of one is to be otherwise; its address cannot be."""

    from_email: str | None = None
    name: str | None = None
    reply_to_email: str | None = None
    return_path_domain: str | None = None
    confirmation_personal_note: str | None = None

    def draft(self) -> Draft:
        """To be made; raises Invalid and Forbidden."""
        self._check()
        email, name = (self.from_email or "").strip(), (self.name or "").strip()
        for field, value in (("FromEmail", email), ("Name", name)):
            if not value:
                reason = f"The '{field}' of the sender signature is missing."
                raise Invalid(field, reason, kind="sender_missing")
        naming.refuse_public(email.rpartition("@")[2].lower())
        return Draft(
            email=email,
            name=name,
            reply_to=(self.reply_to_email or "").strip(),
            return_domain=self.return_path_domain or "",
            note=self.confirmation_personal_note or "",
        )

    def change(self) -> Change:
        """To be otherwise; raises Invalid."""
        self._check()
        return Change(
            name=(self.name or "").strip() or None,
            reply_to=self.reply_to_email if self.reply_to_email is None else self.reply_to_email.strip(),
            return_domain=self.return_path_domain,
            note=self.confirmation_personal_note,
        )

    def _check(self) -> None:
        given = {key: value for key, value in msgspec.to_builtins(self).items() if value is not None}
        if not given:
            raise Invalid("body", "The sender signature's data is missing.", kind="sender_body")
        for field, value in given.items():
            most = _LONGEST_NOTE if field == "ConfirmationPersonalNote" else _LONGEST
            if len(value) > most:
                reason = f"The '{field}' of a sender signature may have {most} characters."
                raise Invalid(field, reason, kind="sender_length")


class Row(msgspec.Struct, rename="pascal", kw_only=True):
    """A signature in a list."""

    domain: str
    email_address: str
    reply_to_email_address: str
    name: str
    confirmed: bool
    number: int = msgspec.field(name="ID")

    @classmethod
    def of(cls, held: Sender) -> "Row":
        """From the domain's."""
        return cls(
            domain=held.domain,
            email_address=held.shown,
            reply_to_email_address=held.reply_to,
            name=held.name,
            confirmed=held.confirmed_at is not None,
            number=held.number,
        )


class Listed(msgspec.Struct, rename="pascal"):
    """A page of the signatures; the count is of all."""

    total_count: int
    sender_signatures: list[Row]

    @classmethod
    def of(cls, found: Page[Sender]) -> "Listed":
        """From the domain's."""
        return cls(found.total, [Row.of(each) for each in found.items])


class Told(proofs.Proofs, kw_only=True):
    """A signature with everything."""

    domain: str = msgspec.field(name="Domain")
    email: str = msgspec.field(name="EmailAddress")
    reply_to: str = msgspec.field(name="ReplyToEmailAddress")
    name: str = msgspec.field(name="Name")
    confirmed: bool = msgspec.field(name="Confirmed")
    note: str | None = msgspec.field(name="ConfirmationPersonalNote")
    number: int = msgspec.field(name="ID")

    @classmethod
    async def of(cls, core: Core, held: Sender) -> "Told":
        """As it stands now."""
        seen = await domains.of_name(core, held.account_id, held.domain)
        return cls(
            **proofs.proofs(core, seen),
            domain=held.domain,
            email=held.shown,
            reply_to=held.reply_to,
            name=held.name,
            confirmed=held.confirmed_at is not None,
            note=held.note or None,
            number=held.number,
        )


async def list_senders(call: Call, query: Paged) -> Listed:
    """Signatures, the newest first."""
    asked = query.page("signatures")
    return Listed.of(await senders.page(call.core, call.caller.account_id, asked))


async def retrieve(call: Call, id: str) -> Told:
    """One signature."""
    return await Told.of(call.core, await _held(call, id))


async def create(call: Call, body: Wish) -> Told:
    """Make a signature, and ask whoever reads its address's mail."""
    made = await senders.add(call.core, call.caller.account_id, body.draft())
    await confirmation.ask(call.core, made)
    return await Told.of(call.core, made)


async def edit(call: Call, id: str, body: Wish) -> Told:
    """Change everything but the address."""
    held = await _held(call, id)
    return await Told.of(call.core, await senders.change(call.core, held, body.change()))


async def remove(call: Call, id: str) -> Done:
    """Take a signature away; its domain stays."""
    held = await _held(call, id)
    await senders.remove(call.core, held)
    return Done(f"Signature {held.shown} removed.")


async def resend(call: Call, id: str) -> Done:
    """Ask again."""
    held = await _held(call, id)
    await confirmation.ask(call.core, held)
    return Done(f"Confirmation email for Sender Signature {held.shown} was re-sent.")


async def verify_spf(call: Call, id: str) -> Told:
    """Tell of the record that nobody is asked for any longer."""
    return await retrieve(call, id)


async def request_new_dkim(call: Call, id: str) -> Done:
    """Make a new key for its domain; the present one signs until the new one's record is seen."""
    held = await _held(call, id)
    await senders.renew(call.core, held)
    return Done(f"A new DKIM key for Sender Signature {held.shown} was requested.")


async def _held(call: Call, id: str) -> Sender:
    return await senders.numbered(call.core, call.caller.account_id, places.number(id, _KIND))


OPERATIONS = (
    get("/senders", list_senders),
    get("/senders/{id}", retrieve),
    post("/senders", create),
    put("/senders/{id}", edit),
    delete("/senders/{id}", remove),
    post("/senders/{id}/resend", resend),
    post("/senders/{id}/verifyspf", verify_spf),
    post("/senders/{id}/requestnewdkim", request_new_dkim),
)
