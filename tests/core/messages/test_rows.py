"""What a commit writes: how much each kind of row carries, and what delivering a message will take in memory."""

import msgspec
import pytest

from core import messages
from core.messages import Attachment, Content, Submission
from core.messages.rows import Rows
from tests.core.post import draft, select

MIB = 1 << 20
FILE = Attachment(filename="a", data=bytes(MIB))
LINK = Attachment(filename="a", url="https://files.example/a")


def weights(caller, *drafts):
    """What the rows of accepted drafts weigh, in MiB, by statement."""
    rows = Rows(0, 1)
    rows.accept(Submission(caller=caller, drafts=drafts), [()] * len(drafts), "")
    return {step.statement.name: step.size_bytes // MIB for step in rows.steps([])}


def test_large_rows_weigh_what_they_carry(caller):
    """Bodies, shared contents and files each count where they stand; what is small counts for nothing."""
    large = Content(html="x" * 2 * MIB, attachments=(FILE,))
    own = weights(caller, msgspec.structs.replace(draft(), content=large))
    shared = weights(caller, *[msgspec.structs.replace(draft(), content=large)] * 2)
    small = weights(caller, *[draft(text="x" * 4000, subject=str(n)) for n in range(500)])

    assert (2, 1) == (own["message_insert"], own["attachment_insert"])
    assert (0, 2, 1) == (shared["message_insert"], shared["content_insert"], shared["attachment_insert"])
    assert {0} == {*small.values()}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"text": "x" * 2 * MIB}, 2),
        ({"variables": {"list": ["x" * MIB] * 3}}, 3),
        ({"headers": (("X-Long", "x" * MIB),)}, 1),
        ({"attachments": (FILE, FILE)}, 2),
        # nobody knows yet what stands behind an address
        ({"attachments": (LINK, FILE)}, 6),
        ({"attachments": (LINK,) * 20}, 40),
    ],
)
@pytest.mark.parametrize("copies", [1, 2])
async def test_a_job_knows_what_it_takes(core, caller, fields, expected, copies):
    """Everything that a message brings into memory counts, whether it shares its content or not."""
    await messages.submit_all(core, caller, [draft(**fields)] * copies)

    sizes = [row[0] // MIB for row in await select(core, "SELECT size_bytes FROM jobs")]
    assert [expected] * copies == sizes
