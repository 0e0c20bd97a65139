"""Sendflare, as the shared suites speak it."""

import httpx

from tests.dialects.driver import Ask, Mail


class SendflareDriver:
    """Bearer tokens, JSON bodies, one envelope."""

    name = "sendflare"

    def authorize(self, key: str, kind: str) -> dict[str, str]:
        """The token's header."""
        del kind
        return {"authorization": f"Bearer {key}"}

    def send(self, key: str, mail: Mail) -> Ask:
        """POST /v1/send."""
        body = {"from": mail.sender, "to": mail.to, "subject": mail.subject, "body": mail.html}
        return Ask(method="POST", path="/v1/send", json=body, headers=self.authorize(key, ""))

    def accepted(self, answer: httpx.Response) -> str:
        """A success has the code 0; its requestId is the message's id."""
        body = answer.json()
        assert (200, 0, True) == (answer.status_code, body["code"], body["success"]), answer.text
        found: str = body["requestId"]
        return found

    def read(self, key: str, id: str) -> None:
        """No call of the provider shows a message again."""
        del key, id

    def found(self, answer: httpx.Response) -> bool:
        """Nothing was asked."""
        raise AssertionError(answer)

    def refused(self, answer: httpx.Response) -> None:
        """The whole envelope, with a code that is not 0."""
        body = answer.json()
        assert {"requestId", "code", "success", "message", "ts", "data"} == body.keys()
        assert body["code"] >= 400
        assert body["success"] is False
        assert body["message"]
        assert body["requestId"]
        assert body["data"] is None
        assert "application/json; charset=utf-8" == answer.headers["content-type"]


DRIVER = SendflareDriver()
