"""The mail to whoever asked for a person to be forgotten, once that is done. It does not say who that was."""

from datetime import UTC, datetime
from typing import Final

from core import accounts, notices
from core.clock import SECOND
from core.core import Core
from core.messages import Claim, Content
from core.removals.removal import Removal

_SUBJECT: Final = "Data removal {number} is done"
_TEXT: Final = """\
What you asked for on {day} (UTC) is done: a person is forgotten by every server of the account "{account}" of the mail
server at {server}. It was request {number}. Whom it was about cannot be told any more.
"""
# RFC 3834 5: nobody's machine is to answer
_HEADERS: Final = (("Auto-Submitted", "auto-generated"),)


async def tell(core: Core, removal: Removal) -> None:
    """Send the mail; a repetition sends no other."""
    owner = await accounts.account(core, removal.account_id)
    facts = {
        "number": removal.number,
        "day": f"{datetime.fromtimestamp(removal.created_at / SECOND, UTC):%Y-%m-%d}",
        "account": owner.name if owner is not None else "",
        "server": core.policy.public_url,
    }
    content = Content(subject=_SUBJECT.format(**facts), text=_TEXT.format(**facts), headers=_HEADERS)
    await notices.send(core, removal.requested_by, content, claim=Claim(scope="removal", key=removal.id))
