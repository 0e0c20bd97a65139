"""Makes a template, sends with it as PufferPost's clients do, and reads the message and its timeline back.

BASE_URL=http://127.0.0.1:8025 API_KEY=key_live_… python examples/pufferpost.py
"""

import os
import time

import httpx


def main() -> None:
    """Template, send, read."""
    headers = {"Authorization": f"Bearer {os.environ['API_KEY']}"}
    with httpx.Client(base_url=os.environ["BASE_URL"], headers=headers) as client:
        template = {
            "name": "Welcome",
            "slug": "welcome",
            "subject": "Welcome, {{ name }}",
            "body": '<p>Hello {{ name }}, it is {{ day|date("j F Y") }}.</p>',
        }
        made = client.post("/v1/templates", json=template)
        # 409: an earlier run has made it
        print(made.status_code, made.json())
        mail = {
            "from": "You <you@example.org>",
            "to": "friend@example.org",
            "template": "welcome",
            "data": {"name": "Friend", "day": "2026-06-09"},
            "metadata": {"order": "42"},
        }
        # with the key, a repeated call sends nothing twice
        sent = client.post("/v1/messages", json=mail, headers={"Idempotency-Key": "first-mail"})
        print(sent.status_code, sent.json(), sent.headers["RateLimit-Remaining"])
        sent.raise_for_status()
        time.sleep(0.5)
        message = client.get(f"/v1/messages/{sent.json()['id']}").json()
        print(message["status"], message["to"], message["subject"], message["metadata"])
        events = client.get(f"/v1/messages/{message['id']}/events").json()["data"]
        print(*(f"{event['occurred_at']} {event['type']}" for event in events), sep="\n")


if __name__ == "__main__":
    main()
