"""Resend, as the shared suites speak it."""

import httpx

from tests.dialects.driver import Ask, Mail


class ResendDriver:
    """Bearer keys, JSON bodies."""

    name = "resend"

    def authorize(self, key: str, kind: str) -> dict[str, str]:
        """Every kind of key stands in the same header."""
        del kind
        return {"authorization": f"Bearer {key}"}

    def send(self, key: str, mail: Mail) -> Ask:
        """POST /emails."""
        body = {"from": mail.sender, "to": [mail.to], "subject": mail.subject, "html": mail.html}
        return Ask(method="POST", path="/emails", json=body, headers=self.authorize(key, ""))

    def accepted(self, answer: httpx.Response) -> str:
        """A success is exactly 200 with the id."""
        assert 200 == answer.status_code, answer.text
        found: str = answer.json()["id"]
        return found

    def read(self, key: str, id: str) -> Ask:
        """GET /emails/{id}."""
        return Ask(method="GET", path=f"/emails/{id}", headers=self.authorize(key, ""))

    def found(self, answer: httpx.Response) -> bool:
        """An email, or 404."""
        assert answer.status_code in (200, 404), answer.text
        return 200 == answer.status_code

    def refused(self, answer: httpx.Response) -> None:
        """Three keys, the status among them."""
        body = answer.json()
        assert {"statusCode", "message", "name"} == body.keys()
        assert answer.status_code == body["statusCode"]
        assert body["message"]
        assert body["name"]
        assert "application/json; charset=utf-8" == answer.headers["content-type"]


DRIVER = ResendDriver()
