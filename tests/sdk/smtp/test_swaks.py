"""swaks against a live server: what an operator types to see whether it works."""

import json
import os
import shutil
import subprocess
import time
from email import message_from_string
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from tests.conftest import Dev

pytestmark = [
    pytest.mark.sdk,
    pytest.mark.skipif(
        shutil.which("swaks") is None, reason="swaks is missing (Debian: apt-get install swaks)"
    ),
]

_SECURITY = {"open": [], "starttls": ["--tls"], "tls": ["--tls-on-connect"]}
_LOGGED_IN = 0
_NOT_LOGGED_IN = 28
_REFUSED = 26


def _swaks(dev: Dev, *options: str, security: str = "open", user: str, key: str) -> tuple[int, str]:
    """Send a letter; the exit code and the conversation."""
    url = urlsplit(dev.smtps if security == "tls" else dev.smtp)
    words = [
        "swaks", "--server", str(url.hostname), "--port", str(url.port), "--timeout", "20", "--from", "joe@example.org",
        "--to", "bob@example.net", "--auth-user", user, "--auth-password", key, *_SECURITY[security],
        *options,
    ]  # fmt: skip  # a word a line would be a page
    if security != "open":
        words += ["--tls-verify", "--tls-ca-path", str(dev.certificate)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=os.environ)
    return done.returncode, done.stdout + done.stderr


def _read(dev: Dev, path: str) -> dict[str, object]:
    headers = {"X-Postmark-Server-Token": dev.key("postmark", "server"), "Accept": "application/json"}
    with urlopen(Request(f"{dev.url}/messages/outbound/{path}", headers=headers)) as answer:  # noqa: S310  # ours
        told: dict[str, object] = json.load(answer)
        return told


def _details(dev: Dev, id: str) -> dict[str, object]:
    return _read(dev, f"{id}/details")


def _source(dev: Dev, id: str) -> str:
    """The letter as it left, which it does in the background."""
    ends = time.monotonic() + 30
    while not (source := str(_read(dev, f"{id}/dump")["Body"])):
        assert time.monotonic() < ends
        time.sleep(0.05)
    return source


def _id(said: str) -> str:
    """The id in the reply to a letter."""
    (line,) = [each for each in said.splitlines() if "queued as" in each]
    return line.split()[-1]


@pytest.mark.parametrize("security", ["open", "starttls", "tls"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("dialect", ["resend", "postmark", "sendflare", "postageapp", "pufferpost"])
def test_every_provider_every_way(dev: Dev, dialect: str, mechanism: str, security: str) -> None:
    """A login by each mechanism over each kind of connection sends for each provider."""
    code, said = _swaks(dev, "--auth", mechanism, security=security, user=dialect, key=dev.key(dialect))
    assert _LOGGED_IN == code, said


@pytest.mark.parametrize("security", ["open", "starttls", "tls"])
def test_a_key_as_user_name_and_instructions(dev: Dev, security: str) -> None:
    """Postmark's own form, with its headers."""
    key = dev.key("postmark", "server")
    headers = {"X-PM-Tag": "swaks", "X-PM-Metadata-way": security, "X-PM-Message-Stream": "broadcast"}
    options = [word for name, value in headers.items() for word in ("--h-" + name, value)]
    code, said = _swaks(dev, "--auth", "PLAIN", *options, security=security, user=key, key=key)
    assert _LOGGED_IN == code, said
    told = _details(dev, _id(said))
    assert ("swaks", {"way": security}, "broadcast") == (told["Tag"], told["Metadata"], told["MessageStream"])


def test_wrong_keys(dev: Dev) -> None:
    """They are told as such."""
    code, said = _swaks(dev, "--auth", "PLAIN", user="resend", key="re_wrong")
    assert _NOT_LOGGED_IN == code
    assert "535 5.7.8 Authentication credentials invalid" in said


def test_a_refusal_is_in_the_providers_words(dev: Dev) -> None:
    """As Resend words it."""
    code, said = _swaks(dev, "--auth", "PLAIN", "--h-From", "nobody", user="resend", key=dev.key("resend"))
    assert _REFUSED == code
    assert "550 5.6.0 Invalid `from` field." in said


def test_a_letter_with_an_attachment(dev: Dev) -> None:
    """It arrives as one."""
    options = ["--attach-type", "text/plain", "--attach-name", "a.txt", "--attach", "@/etc/hostname"]
    code, said = _swaks(dev, "--auth", "LOGIN", *options, user="postmark", key=dev.key("postmark", "server"))
    assert _LOGGED_IN == code, said
    assert ["a.txt"] == _details(dev, _id(said))["Attachments"]


def test_every_instruction_of_postmarks(dev: Dev) -> None:
    """Tracking and a Message-ID of one's own too; recipients see nothing of it but the tag."""
    key, own = dev.key("postmark", "server"), f"<{uuid4().hex}@client.example>"
    headers = {
        "X-PM-Tag": "all",
        "X-PM-Metadata-client-id": "77",
        "X-PM-TrackOpens": "true",
        "X-PM-TrackLinks": "TextOnly",
        "X-PM-KeepID": "true",
        "Message-Id": own,
    }
    options = [word for name, value in headers.items() for word in ("--header", f"{name}: {value}")]
    code, said = _swaks(dev, "--auth", "PLAIN", *options, user=key, key=key)
    assert _LOGGED_IN == code, said
    id = _id(said)
    told = _details(dev, id)
    assert ("all", {"client-id": "77"}, True, "TextOnly", "outbound") == (
        told["Tag"],
        told["Metadata"],
        told["TrackOpens"],
        told["TrackLinks"],
        told["MessageStream"],
    )
    left = message_from_string(_source(dev, id))
    assert own == left["Message-ID"]
    assert {"x-pm-tag", "x-pm-message-id"} >= {
        name.lower() for name in left if name.lower().startswith("x-pm-")
    }


@pytest.mark.parametrize("form", ["account", "halves", "unknown", "lower", "test"])
def test_forms_of_a_token(dev: Dev, form: str) -> None:
    """A server's token twice, in whatever case, or the public one for tests; no other is any good."""
    key, other = dev.key("postmark", "server"), str(uuid4())
    user, password, taken = {
        "account": (dev.key("postmark", "account"), dev.key("postmark", "account"), False),
        "halves": (key, other, False),
        "unknown": (other, other, False),
        "lower": (key.lower(), key.upper(), True),
        "test": ("POSTMARK_API_TEST", "POSTMARK_API_TEST", True),
    }[form]
    code, said = _swaks(dev, "--auth", "PLAIN", user=user, key=password)
    assert (_LOGGED_IN if taken else _NOT_LOGGED_IN) == code, said
    assert taken or "535 " in said
