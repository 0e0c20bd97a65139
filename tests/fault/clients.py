"""Clients that send mail and remember what they were told."""

import http.client
import itertools
import json
import smtplib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple, Self

from tests.fault.processes import until

_PATIENCE_S: Final = 60
_PAUSE_S: Final = 0.02
_TAKEN: Final = 250
_CLOSING: Final = 421


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes


class Client:
    """One connection, opened again whenever it is lost."""

    def __init__(self, port: int, key: str) -> None:
        self._headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "User-Agent": "tests",
        }
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def post(self, path: str, body: bytes, **headers: str) -> Answer | None:
        """The answer, None where the connection was lost before there was one."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self._connection.request("POST", path, body, self._headers | named)
            response = self._connection.getresponse()
            return Answer(response.status, response.read())
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return None

    def send(self, subject: str, **headers: str) -> Answer | None:
        """Send a small mail."""
        return self.post("/emails", mail(subject), **headers)


def mail(subject: str, text: str = "Hello") -> bytes:
    """A mail in Resend's words."""
    sent = {"from": "app@example.com", "to": "someone@example.net", "subject": subject, "text": text}
    return json.dumps(sent).encode()


class Postman:
    """The same by SMTP: what it is told is told as the API tells it."""

    def __init__(self, port: int, key: str) -> None:
        self._port, self._key = port, key
        self._client: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._forget()

    def _forget(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None

    def send(self, subject: str) -> Answer | None:
        """Send a small mail; None where the connection was lost before there was an answer."""
        letter = f"From: app@example.com\r\nTo: someone@example.net\r\nSubject: {subject}\r\n\r\nHello\r\n"
        try:
            if self._client is None:
                self._client = smtplib.SMTP("127.0.0.1", self._port, "client.test", timeout=_PATIENCE_S)
                self._client.login("resend", self._key)
            self._client.mail("app@example.com")
            self._client.rcpt("someone@example.net")
            code, text = self._client.data(letter)
        except (OSError, smtplib.SMTPException):
            self._forget()
            return None
        if code == _CLOSING:
            self._forget()
            return None
        told = {"id": text.decode().split()[-1]} if code == _TAKEN else {}
        return Answer(200 if code == _TAKEN else code, json.dumps(told).encode())


class Load:
    """Threads that send numbered mails for the length of ``running``, whatever happens to the server.

    ``answered`` are ids by subject, ``refused`` statuses by subject, ``lost`` subjects without an answer.
    """

    def __init__(
        self, port: int, key: str, threads: int = 4, client: type[Client] | type[Postman] = Client
    ) -> None:
        self.answered: dict[str, str] = {}
        self.refused: dict[str, int] = {}
        self.lost: set[str] = set()
        self._port, self._key, self._threads = port, key, threads
        self._client = client
        self._numbers = itertools.count(1)
        self._stopped = threading.Event()

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Send; leaving the block waits for the last answers."""
        threads = [threading.Thread(target=self._send_on) for _ in range(self._threads)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            for thread in threads:
                thread.join()

    def until_answered(self, count: int) -> None:
        """Wait until so many more mails are answered."""
        wanted = len(self.answered) + count
        until(lambda: len(self.answered) >= wanted, "mail is answered")

    def _send_on(self) -> None:
        with self._client(self._port, self._key) as client:
            while not self._stopped.is_set():
                self._note(f"mail {next(self._numbers)}", client)

    def _note(self, subject: str, client: Client | Postman) -> None:
        answer = client.send(subject)
        if answer is None:
            self.lost.add(subject)
            time.sleep(_PAUSE_S)
        elif answer.status == 200:
            self.answered[subject] = json.loads(answer.body)["id"]
        else:
            self.refused[subject] = answer.status
            time.sleep(_PAUSE_S)
