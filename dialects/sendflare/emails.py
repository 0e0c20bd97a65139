"""Sending: one mail, or one content to many people.

Source: Sendflare API reference, "Send email", read 2026-11; batchSend by the provider's Java and PHP SDKs.
"""

import re
from typing import Final

import msgspec

from core import messages
from core.errors import Invalid, Refusal
from dialects.endpoint import MIB, Call, post
from dialects.sendflare.wire import Envelope, parties, party

_MOST_RECIPIENTS: Final = 100
_LIMIT_BYTES: Final = 10 * MIB
_TAG: Final = re.compile(r"<[a-zA-Z/!]")

Addresses = str | list[str] | None


class Email(msgspec.Struct, rename="camel", kw_only=True):
    """A mail as the SDKs send it; ``html`` stands for ``body`` in some applications. Unknown fields are ignored."""

    sender: str = msgspec.field(default="", name="from")
    to: Addresses = None
    subject: str = ""
    body: str | None = None
    html: str | None = None
    cc: Addresses = None
    bcc: Addresses = None
    reply_to: Addresses = None

    def draft(self) -> messages.Draft:
        """One message to everybody in ``to``; raises Invalid."""
        sender, to = self._sender(), parties(self.to, "to")
        if not 1 <= len(to) <= _MOST_RECIPIENTS:
            raise Invalid("to", "needs 1 to 100 addresses")
        return messages.Draft(
            sender=sender,
            to=to,
            cc=parties(self.cc, "cc"),
            bcc=parties(self.bcc, "bcc"),
            reply_to=parties(self.reply_to, "replyTo"),
            content=self._content(),
            on_suppressed="refuse",
        )

    def drafts(self) -> list[messages.Draft]:
        """A message for each in ``to``, none of whom sees another; copies go with the first alone."""
        whole = self.draft()
        first, *others = (msgspec.structs.replace(whole, to=(each,)) for each in whole.to)
        return [first, *(msgspec.structs.replace(each, cc=(), bcc=()) for each in others)]

    def _sender(self) -> messages.Party:
        if not self.sender:
            raise Invalid("from", "is missing")
        return party(self.sender, "from")

    def _content(self) -> messages.Content:
        body = self.body or self.html
        if not self.subject.strip():
            raise Invalid("subject", "is missing")
        if "\r" in self.subject or "\n" in self.subject:
            raise Invalid("subject", "holds a line break")
        if not body:
            raise Invalid("body", "is missing")
        if _TAG.search(body):
            return messages.Content(subject=self.subject, html=body, derive_text=True)
        return messages.Content(subject=self.subject, text=body)


async def send(call: Call, body: Email) -> Envelope:
    """Accept one mail. The requestId is the message's id: applications keep it as such."""
    receipt = await messages.submit(call.core, call.caller, body.draft())
    return Envelope(request_id=receipt.id)


async def batch_send(call: Call, body: Email) -> Envelope:
    """Accept a mail for each recipient; ids in the order of ``to``. One bad address refuses the call."""
    receipts = await messages.submit_all(call.core, call.caller, body.drafts(), atomic=True)
    return Envelope(
        request_id=call.request.id, data=[each.id for each in receipts if not isinstance(each, Refusal)]
    )


OPERATIONS = (
    post("/v1/send", send, limit_bytes=_LIMIT_BYTES),
    post("/v1/batchSend", batch_send, limit_bytes=_LIMIT_BYTES),
)
