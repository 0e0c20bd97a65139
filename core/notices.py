"""Mail of the server's own, sent as any other: from a workspace that is nobody's but the operator's.

It can be signed like anybody's, once the operator has proved a domain for the account ``babelpost``.
"""

from typing import Final

from core import accounts, messages
from core.addresses import Address
from core.core import Caller, Core
from core.messages import Claim, Content, Draft, Party

ACCOUNT: Final = "babelpost"
WORKSPACE: Final = "notices"


async def send(core: Core, email: str, content: Content, *, claim: Claim | None = None) -> str:
    """Accept a mail to somebody, durably, once for a claim; its id."""
    owner = await accounts.ensure_account(core, ACCOUNT)
    place = await accounts.ensure_workspace(core, owner, WORKSPACE)
    caller = Caller(account_id=owner.id, workspace_id=place.id)
    draft = Draft(
        sender=Party(Address(sender(core), "Babelpost")),
        to=(Party(Address(email)),),
        content=content,
        sender_trusted=True,
    )
    return (await messages.submit(core, caller, draft, claim=claim)).id


def sender(core: Core) -> str:
    """Who the mail is from."""
    return core.policy.notice_sender or f"no-reply@{core.policy.message_host}"
