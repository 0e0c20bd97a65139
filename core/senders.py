"""Single addresses that may stand in From, beside those of an account's domains (``core.domains``)."""

from core import ids
from core.accounts import Account
from core.core import Core
from core.store.database import write
from core.store.statements import sql


async def put_sender(core: Core, account: Account, email: str, *, name: str = "", confirmed: bool) -> None:
    """Know a single address, confirmed or not yet."""
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
        ),
    )
