"""How much was sent, by day, month and ever."""

from datetime import UTC, datetime

from core import messages, stats
from tests.core.post import ANN, BOB, caller_in, draft


async def test_recipients_are_counted_for_workspace_and_account(core, caller):
    """Those of a workspace alone, and of all that an account has; never another account's."""
    near = await caller_in(core, "second")
    far = await caller_in(core, account="other")
    for who, to in ((caller, (ANN, BOB)), (near, (ANN,)), (far, (ANN,))):
        await messages.submit(core, who, draft(*to))
    own = await stats.volume(core, caller, workspace_id=caller.workspace_id)
    whole = await stats.volume(core, caller)
    assert (2, 2, 2) == (own.today, own.this_month, own.overall)
    assert (3, 3, 3) == (whole.today, whole.this_month, whole.overall)
    assert 0 == (await stats.volume(core, far, workspace_id=caller.workspace_id)).overall


async def test_what_is_tested_is_counted_apart(core, caller):
    """A caller that tests is told of test mail, everybody else of the rest."""
    tester = await caller_in(core, environment="test")
    for who, to in ((caller, (ANN, BOB)), (tester, (ANN,))):
        await messages.submit(core, who, draft(*to))

    assert [2, 1] == [(await stats.volume(core, who)).overall for who in (caller, tester)]


async def test_days_and_months_end(core, caller, clock):
    """At midnight UTC, and on the first."""
    await messages.submit(core, caller, draft(ANN))
    clock.pass_s(_until_next(core.clock.now(), month=False))
    tomorrow = await stats.volume(core, caller)
    assert (0, 1) == (tomorrow.today, tomorrow.overall)
    clock.pass_s(_until_next(core.clock.now(), month=True))
    later = await stats.volume(core, caller)
    assert (0, 0, 1) == (later.today, later.this_month, later.overall)


def _until_next(now, *, month):
    """Seconds from a moment to a little after the next midnight, or the next first of a month."""
    seconds = now // 1_000_000
    day = 24 * 3600
    ahead = day - seconds % day + 60
    while month and datetime.fromtimestamp(seconds + ahead, UTC).day != 1:
        ahead += day
    return ahead
