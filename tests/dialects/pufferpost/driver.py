"""PufferPost, as the shared suites speak it."""

import httpx

from core import ids
from tests.dialects.driver import Ask, Mail


class PufferPostDriver:
    """Bearer keys, JSON bodies, ids with a prefix."""

    name = "pufferpost"

    def authorize(self, key: str, kind: str) -> dict[str, str]:
        """Every key stands in the same header."""
        del kind
        return {"authorization": f"Bearer {key}"}

    def send(self, key: str, mail: Mail) -> Ask:
        """POST /v1/messages with the content in the call."""
        body = {"from": mail.sender, "to": mail.to, "subject": mail.subject, "html": mail.html}
        return Ask(method="POST", path="/v1/messages", json=body, headers=self.authorize(key, ""))

    def accepted(self, answer: httpx.Response) -> str:
        """A success is exactly 202 with the id."""
        assert 202 == answer.status_code, answer.text
        assert "accepted" == answer.json()["status"]
        found: str = answer.json()["id"]
        return found

    def read(self, key: str, id: str) -> Ask:
        """GET /v1/messages/{id}; another dialect's id is the same bits, printed otherwise."""
        own = f"msg_{ids.ulid(id)}" if ids.is_uuid(id) else id
        return Ask(method="GET", path=f"/v1/messages/{own}", headers=self.authorize(key, ""))

    def found(self, answer: httpx.Response) -> bool:
        """A message, or 404."""
        assert answer.status_code in (200, 404), answer.text
        return 200 == answer.status_code

    def refused(self, answer: httpx.Response) -> None:
        """An error object with the request's id, or the text alone where the key is not known."""
        body = answer.json()
        assert {"error"} == body.keys()
        assert answer.headers["x-request-id"].startswith("req_")
        assert "application/json; charset=utf-8" == answer.headers["content-type"]
        if 401 == answer.status_code:
            assert "Unauthorized" == body["error"]
            assert "Bearer" == answer.headers["www-authenticate"]
            return
        error = body["error"]
        assert {"code", "message", "request_id"} == error.keys() - {"violations"}
        assert answer.headers["x-request-id"] == error["request_id"]
        assert error["code"]
        assert error["message"]
        assert ("validation_failed" == error["code"]) == ("violations" in error)


DRIVER = PufferPostDriver()
