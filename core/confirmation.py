"""The mail that asks whoever reads an address's mail whether an account may send from it, and the link in it.

The link names the sender itself: one that was taken away and added again is another one, with other links.
"""

from typing import Final
from uuid import UUID

from markupsafe import Markup

from core import accounts, notices, senders
from core.clock import DAY
from core.core import Core
from core.errors import Conflict
from core.messages import Content
from core.senders import Sender

_PURPOSE: Final = "sender"
_DAYS: Final = 30
_ID_BYTES: Final = 16
_MOMENT_BYTES: Final = 8
_SUBJECT: Final = "Confirm that mail may be sent from {email}"
_TEXT: Final = """\
The account "{account}" of the mail server at {server} wants to send mail from this address:

    {name} <{email}>
{note}
If that is as you want it, confirm it within {days} days:

{link}

If it is not, do nothing: no mail is sent from your address.
"""
_NOTE: Final = """
They write to you:

{note}
"""
_HTML: Final = Markup("""\
<p>The account “{account}” of the mail server at {server} wants to send mail from this address:</p>
<p><strong>{name} &lt;{email}&gt;</strong></p>
{note}<p>If that is as you want it, <a href="{link}">confirm it</a> within {days} days. If it is not, do nothing: no
mail is sent from your address.</p>
""")
_HTML_NOTE: Final = Markup("<p>They write to you:</p>\n<blockquote>{note}</blockquote>\n")
# RFC 3834 5: nobody's machine is to answer
_HEADERS: Final = (("Auto-Submitted", "auto-generated"),)


async def ask(core: Core, sender: Sender) -> None:
    """Send the mail, once more where there was one; raises Conflict("confirmed")."""
    if sender.confirmed_at is not None:
        raise Conflict("confirmed", f"{sender.email} is confirmed already", id=sender.id)
    owner = await accounts.account(core, sender.account_id)
    facts = {
        "account": owner.name if owner is not None else "",
        "server": core.policy.public_url,
        "name": sender.name,
        "email": sender.email,
        "days": _DAYS,
        "link": link(core, sender),
    }
    text = _TEXT.format(note=_NOTE.format(note=sender.note) if sender.note else "", **facts)
    html = _HTML.format(note=_HTML_NOTE.format(note=sender.note) if sender.note else "", **facts)
    content = Content(
        subject=_SUBJECT.format(email=sender.email), text=text, html=str(html), headers=_HEADERS
    )
    await notices.send(core, sender.email, content)


def link(core: Core, sender: Sender) -> str:
    """Where whoever reads the address's mail can say yes."""
    ends_at = core.clock.now() + _DAYS * DAY
    payload = UUID(sender.id).bytes + ends_at.to_bytes(_MOMENT_BYTES)
    return f"{core.policy.public_url}/_/s/{core.signer.sign(_PURPOSE, payload)}"


async def read(core: Core, token: str) -> Sender | None:
    """The sender of a link; None for one that is not ours, too old, or whose sender is gone."""
    payload = core.signer.open(_PURPOSE, token)
    if payload is None or int.from_bytes(payload[_ID_BYTES:]) <= core.clock.now():
        return None
    return await senders.find(core, str(UUID(bytes=payload[:_ID_BYTES])))
