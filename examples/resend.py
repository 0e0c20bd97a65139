"""Sends a mail as Resend's clients do and reads it back.

BASE_URL=http://127.0.0.1:8025 API_KEY=re_… python examples/resend.py
"""

import os

import httpx


def main() -> None:
    """Send, then read what became of it."""
    headers = {"Authorization": f"Bearer {os.environ['API_KEY']}"}
    with httpx.Client(base_url=os.environ["BASE_URL"], headers=headers) as client:
        mail = {
            "from": "You <you@example.org>",
            "to": ["delivered@resend.dev"],
            "subject": "Hello",
            "html": "<p>First mail</p>",
        }
        # with the key, a repeated call sends nothing twice
        sent = client.post("/emails", json=mail, headers={"Idempotency-Key": "first-mail"})
        print(sent.status_code, sent.json())
        sent.raise_for_status()
        email = client.get(f"/emails/{sent.json()['id']}").json()
        print(email["last_event"], email["to"], email["subject"])


if __name__ == "__main__":
    main()
