"""How tests speak Postmark."""

from typing import cast

import httpx

from tests.dialects.driver import Ask, Mail

# the one code whose body has a third key
_SEVERAL = 11


class PostmarkDriver:
    """Tokens in headers, ids in answers."""

    name = "postmark"

    def authorize(self, key: str, kind: str) -> dict[str, str]:
        """Each kind of token in its own header."""
        return {"x-postmark-account-token" if kind == "account" else "x-postmark-server-token": key}

    def send(self, key: str, mail: Mail) -> Ask:  # noqa: ARG002  # it stands in a header
        """A single email."""
        return Ask(
            method="POST",
            path="/email",
            json={"From": mail.sender, "To": mail.to, "Subject": mail.subject, "HtmlBody": mail.html},
        )

    def accepted(self, answer: httpx.Response) -> str:
        """The MessageID."""
        body = answer.json()
        assert (200, 0) == (answer.status_code, body["ErrorCode"])
        return cast("str", body["MessageID"])

    def read(self, key: str, id: str) -> Ask:  # noqa: ARG002  # the protocol asks for it
        """The details."""
        return Ask(method="GET", path=f"/messages/outbound/{id}/details")

    def found(self, answer: httpx.Response) -> bool:
        """Details answer 422 for an unknown message."""
        assert answer.status_code in (200, 422)
        return answer.status_code == 200

    def refused(self, answer: httpx.Response) -> None:
        """Two keys, a bulk request's several errors beside them, and the code once more in a header."""
        body = answer.json()
        more = {"Errors"} if body["ErrorCode"] == _SEVERAL else set()
        assert {"ErrorCode", "Message", *more} == body.keys()
        assert str(body["ErrorCode"]) == answer.headers["x-pm-apierrorcode"]
        assert body["ErrorCode"] > 0
        assert body["Message"]


DRIVER = PostmarkDriver()
