"""Letters that came in are forgotten like those that were sent."""

import pytest

from core import inbound, retention
from core.clock import DAY, SECOND
from core.errors import NotFound
from core.inbound import Filter
from core.paging import PageRequest
from tests.core.post import count, letter_in

FILE = (
    b"Content-Type: multipart/mixed; boundary=b\r\nSubject: file\r\n\r\n"
    b"--b\r\nContent-Type: image/png\r\n\r\nhi\r\n--b--"
)


async def test_what_came_in_grows_old(core, caller, clock):
    """First what was said goes, with its files and its source; later every row."""
    held = await letter_in(core, caller, FILE)
    clock.pass_s(46 * DAY // SECOND)
    assert {"inbound bodies": 1} == await retention.backlog(core)
    assert {"inbound bodies": 1} == await retention.run(core)

    old = await inbound.get(core, caller, held.id)
    assert old.body is not None
    assert (held.head, (), None) == (old.head, old.body.headers, old.body.text)
    for lost in (inbound.source(core, old), inbound.file(core, old, 0)):
        with pytest.raises(NotFound):
            await lost

    clock.pass_s(2 * 365 * DAY // SECOND)
    await retention.run(core)
    assert () == (await inbound.page(core, caller, Filter(), PageRequest())).items
    for table in ("inbound", "inbound_sources", "inbound_files", "events"):
        assert 0 == await count(core, table), table
