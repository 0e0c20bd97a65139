"""Sends one email to each of two people, filled from their variables, and asks what became of it.

BASE_URL=http://127.0.0.1:8025 API_KEY=<the project key that babelpost dev prints> python examples/postageapp.py
"""

import os
import time
import uuid

import httpx


def main() -> None:
    """Send, then ask until nothing is queued."""
    with httpx.Client(base_url=os.environ["BASE_URL"]) as client:

        def call(method: str, **fields: object) -> dict[str, object]:
            answer = client.post(f"/v.1.0/{method}.json", json={"api_key": os.environ["API_KEY"], **fields})
            answer.raise_for_status()
            data: dict[str, object] = answer.json()["data"]
            return data

        uid = str(uuid.uuid4())
        sent = call(
            "send_message",
            uid=uid,
            arguments={
                "recipients": {"Ann <ann@example.org>": {"name": "Ann"}, "bob@example.net": {"name": "Bob"}},
                "headers": {"from": "You <you@example.org>", "subject": "Hello {{name}}"},
                "content": {"text/html": "<p>Dear {{name}}, this is a first mail.</p>"},
            },
        )
        print(sent)
        while "queued" in str(told := call("get_message_transmissions", uid=uid)["transmissions"]):
            time.sleep(0.2)
        print(told)


main()
