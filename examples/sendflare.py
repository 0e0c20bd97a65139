"""Sends a mail as Sendflare's clients do, and keeps a contact, the one thing that can be read back there.

BASE_URL=http://127.0.0.1:8025 API_KEY=sf_… python examples/sendflare.py
"""

import os

import httpx


def main() -> None:
    """Send, save a contact, list the contacts."""
    headers = {"Authorization": f"Bearer {os.environ['API_KEY']}"}
    with httpx.Client(base_url=os.environ["BASE_URL"], headers=headers) as client:
        mail = {
            "from": "You <you@example.org>",
            "to": "friend@example.org",
            "subject": "Hello",
            "body": "<p>First mail</p>",
        }
        sent = client.post("/v1/send", json=mail)
        print(sent.status_code, sent.json())
        sent.raise_for_status()
        contact = {
            "appId": "newsletter",
            "emailAddress": "friend@example.org",
            "data": {"firstName": "A", "lastName": "Friend", "vipLevel": "1"},
        }
        client.post("/v1/contact", json=contact).raise_for_status()
        page = client.get("/v1/contact", params={"appId": "newsletter", "page": 1, "pageSize": 50}).json()[
            "data"
        ]
        print(page["total"], [f"{each['firstName']} <{each['emailAddress']}>" for each in page["list"]])


if __name__ == "__main__":
    main()
