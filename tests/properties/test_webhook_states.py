"""Whatever endpoints answer and whoever asks again: no dispatch loses its way."""

from hypothesis import given
from hypothesis import strategies as st

from core.formats import Manners
from core.poster import Answer
from core.webhooks.outcomes import Due, Outcome

MANNERS = Manners(delays_s=(60, 300), gives_up=frozenset({403}), disables=frozenset({410}))
calls = st.lists(
    st.tuples(st.sampled_from([0, 200, 204, 302, 403, 410, 429, 500]), st.booleans()), max_size=12
)


def begun(due, outcome):
    """The dispatch as the store has it after an outcome."""
    attempts = due.attempts if due.replaying else due.attempts + 1
    return Due(
        **{
            name: getattr(due, name)
            for name in Due.__struct_fields__
            if name not in {"state", "attempts", "due_at", "replaying", "resume_at"}
        },
        state=outcome.state,
        attempts=attempts,
        due_at=outcome.next_at,
        replaying=False,
        resume_at=None,
    )


def replayed(due, now):
    """The same once somebody asked for it again."""
    fields = {name: getattr(due, name) for name in Due.__struct_fields__}
    return Due(**(fields | {"replaying": True, "resume_at": due.due_at, "due_at": now}))


@given(calls)
def test_every_order_of_answers_ends_well(answers):
    """Success is kept; the ladder is climbed once; what is over is due no more, and nothing else is over."""
    due = Due(
        id="d", webhook_id="w", happening_id="h", kind="accepted", subject="s", event="e", state="pending",
        attempts=0, status=0, attempted_at=None, due_at=0, created_at=0, body=b"", size_bytes=0, replaying=False,
        resume_at=None,
    )  # fmt: skip  # facts read better in lines than in a column
    has_succeeded = False
    for now, (status, is_replay) in enumerate(answers):
        if is_replay or due.due_at is None:
            due = replayed(due, now)
        outcome = Outcome(due=due, answer=Answer(status=status), manners=MANNERS, at=now)
        due = begun(due, outcome)
        has_succeeded |= 200 <= status < 300
        assert due.attempts <= len(MANNERS.delays_s) + 1
        assert (due.state in ("success", "failed")) == (due.due_at is None)
        assert has_succeeded == (due.state == "success")
