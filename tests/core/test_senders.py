"""Who an account may send as; acceptance itself is tested with the intake."""

from core import senders
from core.accounts import ensure_account
from tests.core.post import select


async def test_a_sender_is_known_once(core):
    """Confirmed later, and no longer where it is said again without that."""
    account = await ensure_account(core, "one")
    seen = []
    for confirmed in (False, True, False):
        await senders.put_sender(core, account, "Ann@Example.com", name="A", confirmed=confirmed)
        seen += [
            (row[0], row[1] is not None)
            for row in await select(core, "SELECT email, confirmed_at FROM senders")
        ]

    assert [("ann@example.com", False), ("ann@example.com", True), ("ann@example.com", False)] == seen
