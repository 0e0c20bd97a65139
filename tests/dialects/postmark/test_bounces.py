"""Postmark's words for every kind of bounce, and what stands against a complaint."""

from typing import get_args

import msgspec
import pytest

from core import bounces, messages
from core.diagnosis import Kind
from core.paging import PageRequest
from dialects.postmark.bounce_types import BY_NAME, OF_KIND, TYPES

LOOP = "loop@isp.example"
REPORT = """\
Content-Type: multipart/report; boundary=B

--B
Content-Type: message/feedback-report

Feedback-Type: abuse

--B
Content-Type: text/rfc822-headers

Message-ID: <{id}@babelpost.local>
--B--
"""
MAIL = {"From": "a@acme.example", "To": "b@acme.example", "Subject": "s", "TextBody": "t"}


def test_every_kind_has_one_type():
    """No bounce of ours is without a word, and none has two; codes and names are unlike."""
    assert set(get_args(Kind)) == OF_KIND.keys()
    assert len(get_args(Kind)) == sum(len(each.kinds) for each in TYPES)
    assert 22 == len(TYPES) == len({each.code for each in TYPES}) == len(BY_NAME)


@pytest.fixture
def settings(settings):
    """Have an address that complaints come to."""
    return msgspec.structs.replace(settings, complaint_addresses=(LOOP,))


async def test_a_complaint_cannot_be_undone(house):
    """It is shown as one, and its activation is refused with the code for it."""
    client = await house.client("postmark")
    id = (await client.post("/email", json=MAIL)).json()["MessageID"]
    await house.settle()
    raw = REPORT.format(id=id).encode()
    assert await bounces.receive(house.core, LOOP, "x@isp.example", raw)

    (bounce,) = (await client.get("/bounces?count=1&offset=0")).json()["Bounces"]
    assert ("SpamComplaint", 100001, True, False) == (
        bounce["Type"],
        bounce["TypeCode"],
        bounce["Inactive"],
        bounce["CanActivate"],
    )
    assert raw.decode() == (await client.get(f"/bounces/{bounce['ID']}/dump")).json()["Body"]
    refused = await client.put(f"/bounces/{bounce['ID']}/activate")
    assert (422, 1003) == (refused.status_code, refused.json()["ErrorCode"])
    assert 406 == (await client.post("/email", json=MAIL)).json()["ErrorCode"]
    assert 1 == len(
        (await messages.page(house.core, await house.caller(), messages.Filter(), PageRequest())).items
    )
