"""Whatever text a client writes, on every engine: a result that can be read back and found, or a refusal."""

from typing import Any

import pytest

from tests.dialects.postmark.driver import DRIVER
from tests.house import House

_MAIL: dict[str, Any] = {"From": "a@acme.example", "To": "b@acme.example", "TextBody": "t", "Subject": "s"}
_TEXTS = (
    "", " ", "\0", "a\0b", "a\r\nBcc: c@acme.example", "\u2028", "\x85", "\x7f", "\ufeff", "=?utf-8?q?=00?=", "%00",
    "{{x}}", "\U0001f600" * 40, "x" * 79, "'; --", '"', "\\",
)  # fmt: skip  # one word a line would be a page
_FIELDS = {
    "Cc": lambda text: {"Cc": text},
    "Subject": lambda text: {"Subject": text},
    "Tag": lambda text: {"Tag": text},
    "ReplyTo": lambda text: {"ReplyTo": text},
    "HtmlBody": lambda text: {"HtmlBody": text},
    "Metadata": lambda text: {"Metadata": {"k": text}},
    "Metadata key": lambda text: {"Metadata": {text: "v"}},
    "header name": lambda text: {"Headers": [{"Name": text, "Value": "v"}]},
    "header value": lambda text: {"Headers": [{"Name": "X-A", "Value": text}]},
    "message id": lambda text: {"Headers": [{"Name": "Message-ID", "Value": text}]},
    "file name": lambda text: {"Attachments": [{"Name": text, "Content": "YQ=="}]},
    "file type": lambda text: {"Attachments": [{"Name": "a", "Content": "YQ==", "ContentType": text}]},
    "file id": lambda text: {"Attachments": [{"Name": "a", "Content": "YQ==", "ContentID": text}]},
    "stream": lambda text: {"MessageStream": text},
}


@pytest.mark.parametrize("field", _FIELDS)
async def test_any_text(house: House, field: str) -> None:
    """What was accepted is shown as it was given, its source is 7-bit and no header of it is the caller's body."""
    client = await house.client("postmark")
    for text in _TEXTS:
        change = _FIELDS[field](text)
        answer = await client.post("/email", json=_MAIL | change)
        if answer.status_code != 200:
            DRIVER.refused(answer)
            continue
        shown = (await client.get(f"/messages/outbound/{answer.json()['MessageID']}/details")).json()
        for name in {"Subject", "Tag", "HtmlBody", "Metadata"} & change.keys():
            assert change[name] == shown[name]
        head = shown["Body"].partition("\r\n\r\n")[0].lower()
        assert head.isascii()
        assert "\r\nbcc" not in head


async def test_any_text_is_looked_for(house: House) -> None:
    """Where it was kept it is found, where no engine holds it the question is refused."""
    client = await house.client("postmark")
    for text in filter(str.strip, _TEXTS):
        kept = await client.post("/email", json=_MAIL | {"Tag": text, "Metadata": {"k": text}})
        for name in ("tag", "metadata_k", "subject", "recipient", "fromemail"):
            answer = await client.get("/messages/outbound", params={"count": 1, "offset": 0, name: text})
            if answer.status_code != 200:
                DRIVER.refused(answer)
            elif kept.status_code == 200 and name in ("tag", "metadata_k"):
                assert [kept.json()["MessageID"]] == [each["MessageID"] for each in answer.json()["Messages"]]
