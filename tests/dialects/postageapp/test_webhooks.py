"""Webhooks of PostageApp's from end to end: made by an operator, told to a real socket by the worker."""

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs

import msgspec
import pytest

from core import inbound, webhooks
from core.inbound import Arrival, Place
from core.inbound.parsing import read
from dialects.dialect import Listener
from dialects.postageapp.telling import listen
from dialects.postmark.listening import listen as listen_postmark
from tests.consumer import Consumer

CALL = {
    "uid": "my-uid",
    "arguments": {
        "recipients": {"ann@example.net": {"name": "Ann"}},
        "headers": {"from": "App <app@acme.example>", "subject": "Hello {{name}}", "X-A": "1"},
        "content": {"text/plain": "Hi"},
        "variables": {"shop": "acme"},
    },
}
LETTER = b"""From: Ann <ann@example.com>\r
To: Support <x+t77@acme.example>\r
Subject: Hi\r
Date: Sat, 24 May 2025 22:17:24 +0200\r
Content-Type: multipart/mixed; boundary=B\r
\r
--B\r
Content-Type: text/plain\r
\r
Hello\r
--B\r
Content-Type: image/png\r
Content-Disposition: attachment; filename=a.png\r
Content-Transfer-Encoding: base64\r
\r
aGk=\r
--B--\r
"""


@pytest.fixture
def settings(settings):
    """Let webhooks be on this machine."""
    return msgspec.structs.replace(settings, allow_private_targets=True)


async def test_a_delivery_is_told(house):
    """An accepted call is told with its uid and number, filled in, signed with the project's key."""
    client = await house.client("postageapp")
    key = await house.key("postageapp")
    async with Consumer() as consumer:
        wish = Listener(url=consumer.url, secret=key)
        await webhooks.create(house.core, await house.caller(), listen(wish))
        sent = await client.post("/v.1.1/send_message.json", json=CALL | {"api_key": key})
        (heard,) = await consumer.wait(1)

    told = json.loads(heard.body)
    text = f"{told['timestamp']}{told['token']}".encode()
    assert "application/json" == heard.headers["content-type"]
    assert {
        "event": "delivered",
        "account": "test",
        "project": "test",
        "message_id": sent.json()["data"]["message"]["id"],
        "message_uid": "my-uid",
        "message_headers": [["From", "App <app@acme.example>"], ["Subject", "Hello Ann"], ["X-A", "1"]],
        "message_variables": {"name": "Ann", "shop": "acme"},
        "recipient": "ann@example.net",
        "domain": "example.net",
        "template": None,
        "timestamp": told["timestamp"],
        "token": told["token"],
        "signature": hmac.new(key.encode(), text, hashlib.sha256).hexdigest(),
        "smtp_code": "SMTP_250",
        "smtp_message": "captured",
    } == told


async def test_a_letter_that_came_in_is_posted_on(house):
    """It reaches the Rails ingress whole and signed, and Postmark's inbound hook read, in the same workspace."""
    caller = await house.caller()
    async with Consumer() as rails, Consumer() as hook:
        await webhooks.create(
            house.core,
            caller,
            listen(Listener(url=rails.url, events=("inbound_email",), secret="s")),
        )
        await webhooks.assign(
            house.core, caller, listen_postmark(Listener(url=hook.url, events=("Inbound",)))
        )
        place = Place(workspace_id=caller.workspace_id, address="x+t77@acme.example", hash="t77")
        arrival = Arrival(
            id="0194c3b1-7e2a-7000-8000-000000000001",
            places=(place,),
            mail_from="ann@example.com",
            trace=b"Received: here\r\n",
            raw=LETTER,
            letter=read(b"Received: here\r\n", LETTER, "ann@example.com"),
        )
        await house.core.inbox.add([arrival])
        (posted,), (read_,) = await rails.wait(1), await hook.wait(1)

    source = b"Received: here\r\n" + LETTER
    fields = parse_qs(posted.body.decode(), encoding="latin-1")
    assert {"inbound_email[message]": [source.decode("latin-1")]} == fields
    signature = base64.b64encode(hmac.new(source, b"s", hashlib.sha1).digest()).decode()
    assert signature == posted.headers["x-postageapp-signature"]

    told = json.loads(read_.body)
    assert ("Hello", "t77", "Sat, 24 May 2025 22:17:24 +0200", "aGk=") == (
        told["TextBody"].strip(),
        told["MailboxHash"],
        told["Date"],
        told["Attachments"][0]["Content"],
    )
    assert [{"Name": "Received", "Value": "here"}] == told["Headers"]
    assert not [name for name in read_.headers if name.startswith("x-pm-")]
    letter = await inbound.get(house.core, caller, arrival.id)
    assert letter.state in ("queued", "processed")
