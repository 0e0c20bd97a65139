"""PostageApp, as the shared suites speak it."""

from typing import Any

import httpx

from tests.dialects.driver import Ask, Mail


class PostageAppDriver:
    """One POST for each method, the key in the body, one envelope."""

    name = "postageapp"

    def authorize(self, key: str, kind: str) -> dict[str, str]:
        """No header carries the key."""
        del key, kind
        return {}

    def call(self, key: str, method: str, **fields: Any) -> Ask:
        """Any method, with fields of the envelope."""
        return Ask(method="POST", path=f"/v.1.0/{method}.json", json={"api_key": key, **fields})

    def send(self, key: str, mail: Mail) -> Ask:
        """send_message."""
        arguments = {
            "recipients": [mail.to],
            "headers": {"from": mail.sender, "subject": mail.subject},
            "content": {"text/html": mail.html},
        }
        return self.call(key, "send_message", arguments=arguments)

    def accepted(self, answer: httpx.Response) -> str:
        """A success is exactly 200; the uid was made by the server."""
        assert 200 == answer.status_code, answer.text
        found: str = answer.json()["response"]["uid"]
        return found

    def read(self, key: str, id: str) -> Ask:
        """get_message_receipt."""
        return self.call(key, "get_message_receipt", uid=id)

    def found(self, answer: httpx.Response) -> bool:
        """A receipt, or 404."""
        assert answer.status_code in (200, 404), answer.text
        return 200 == answer.status_code

    def refused(self, answer: httpx.Response) -> None:
        """Status and uid always, sometimes a message, never data."""
        body = answer.json()
        assert {"response"} == body.keys()
        assert {"status", "uid"} == body["response"].keys() - {"message"}
        assert isinstance(body["response"]["status"], str)
        assert body["response"]["status"] not in ("ok", "fail", "timeout")
        assert answer.headers["content-type"].startswith("application/json")


DRIVER = PostageAppDriver()
