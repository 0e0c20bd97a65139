"""Send a mail as Postmark's API does, and read it back.

BASE_URL=http://127.0.0.1:8025 API_KEY=<the server token that babelpost dev prints> python examples/postmark.py
"""

import os

import httpx

with httpx.Client(
    base_url=os.environ.get("BASE_URL", "http://127.0.0.1:8025"),
    headers={"X-Postmark-Server-Token": os.environ["API_KEY"]},
) as client:
    sent = client.post(
        "/email",
        json={
            "From": "Ann <ann@example.org>",
            "To": "Bob <bob@example.net>",
            "Subject": "Hello",
            "HtmlBody": "<p>A first mail</p>",
            "Tag": "welcome",
            "Metadata": {"order": "77"},
        },
    )
    sent.raise_for_status()
    print(sent.json())

    details = client.get(f"/messages/outbound/{sent.json()['MessageID']}/details")
    details.raise_for_status()
    print(details.json()["Status"], details.json()["Subject"], details.json()["MessageEvents"])

    found = client.get("/messages/outbound", params={"count": 10, "offset": 0, "metadata_order": "77"})
    found.raise_for_status()
    print(found.json()["TotalCount"], "with that order")
