"""In whatever order a worker's outcomes and what comes back are told, a delivery ends in the same state."""

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import bounces, ids, messages
from core.jobs.queue import Claims
from core.jobs.record import Record, Recorder, Step
from core.messages.message import _RANK
from core.paging import PageRequest
from tests.core.post import draft
from tests.core.returned.test_letters import letter
from tests.properties.test_delivery_states import Stage

# a worker's first final outcome stays; what comes back outranks it
OUTCOMES = ["deferred", "delivered", "bounced", "failed"]
RETURNED = {
    "qmail": "bounced",
    "complaint": "complained",
    "postfix_delayed": "",
    "vacation": "",
    "read_receipt": "",
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A core without a worker, whose mail comes back."""
    made = Stage(tmp_path_factory.mktemp("returned"))
    changed = msgspec.structs.replace(made.core.policy, return_host="bounces.example")
    object.__setattr__(made.core, "policy", changed)
    yield made
    made.close()


def expected_after(news: list[str]) -> str:
    """The state by the words of the rule: a worker moves what is open, what comes back only upwards."""
    state = "queued"
    for each in news:
        moved = RETURNED.get(each, each)
        if each in RETURNED:
            state = moved if moved and _RANK[moved] > _RANK[state] else state
        elif state in ("queued", "deferred"):
            state = moved
    return state


async def played(stage: Stage, news: list[str]) -> tuple[str, int]:
    """The state of a delivery of which all this was told, and how many bounces came back of it."""
    core = stage.core
    # somebody else each time: a bad address is not written to again
    receipt = await messages.submit(core, stage.caller, draft(f"{ids.new()}@example.com"))
    message = await messages.get(core, stage.caller, receipt.id)
    way = bounces.mail_from(core, message, message.deliveries)
    recorder = Recorder(lambda: core)
    (job,) = await Claims(core, "w").take(1)
    for each in news:
        if each in RETURNED:
            assert await bounces.receive(core, way, "", letter(each))
        else:
            step = Step(delivery=message.deliveries[0], kind=each, state=each)
            await recorder.add(Record(job=job, message=message, steps=(step,)))
    await recorder.add(Record(job=job))
    kept = await bounces.page(
        core, stage.caller, bounces.Filter(message_id=message.id), PageRequest(limit=50)
    )
    return (await messages.get(core, stage.caller, receipt.id)).deliveries[0].state, len(kept.items)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(news=st.lists(st.sampled_from(OUTCOMES + list(RETURNED)), max_size=7))
def test_order_hides_nothing(stage: Stage, news: list[str]) -> None:
    """A late delivery never hides a bounce or a complaint, and nothing that comes back is told twice."""
    state, count = stage.runner.run(played(stage, news))

    assert expected_after(news) == state
    assert len({each for each in news if each in RETURNED} - {"read_receipt"}) == count
