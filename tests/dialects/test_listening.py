"""Webhooks that an operator makes, in every dialect that has webhooks."""

import pytest

from core import webhooks
from core.errors import Invalid
from core.webhooks import KINDS
from dialects.dialect import Dialect, Listener, discover

URL = "https://user:secret@app.example/hook?a=1"
_LISTENING = [each for each in discover().values() if each.listen is not None]
_each = pytest.mark.parametrize("dialect", _LISTENING, ids=lambda dialect: dialect.name)


def test_whoever_tells_can_be_listened_to():
    """A dialect with words for webhooks lets an operator make one, and no other does."""
    told = [name for name, each in discover().items() if each.webhooks is not None]
    assert told == [each.name for each in _LISTENING]


@_each
def test_of_everything(dialect: Dialect) -> None:
    """Without a choice it is told of all that there is, in kinds that core knows, at the URL as it was given."""
    assert dialect.listen is not None
    new = dialect.listen(Listener(url=URL))
    assert (dialect.name, URL, "enabled", "") == (new.dialect, new.url, new.state, new.role)
    assert {"delivered", "bounced", "opened", "clicked"} <= set(new.kinds) <= KINDS


@_each
@pytest.mark.parametrize(
    "wish",
    [
        Listener(url="ftp://app.example/"),
        Listener(url=URL, events=("no such event",)),
        Listener(url=URL, form="no such form"),
    ],
)
def test_nonsense_is_refused(dialect: Dialect, wish: Listener) -> None:
    """What cannot be called, what nobody tells and what is no form is refused."""
    assert dialect.listen is not None
    with pytest.raises(Invalid):
        dialect.listen(wish)


@_each
def test_secrets(dialect: Dialect) -> None:
    """Whoever signs makes a new secret or takes the given one; whoever does not refuses it."""
    assert dialect.listen is not None
    made = dialect.listen(Listener(url=URL)).secret
    wish = Listener(url=URL, secret="whsec_" + "A" * 32)
    if made:
        assert wish.secret == dialect.listen(wish).secret
        assert made != dialect.listen(Listener(url=URL)).secret
    else:
        with pytest.raises(Invalid):
            dialect.listen(wish)


@pytest.mark.parametrize(
    "secret", ["plain", "whsec_", "whsec_abc", "whsec_!" + "A" * 31, "whsec_" + "A" * 88]
)
def test_a_secret_that_nothing_can_be_signed_with_is_refused(secret):
    """Rather than every call failing later on; Svix's scheme has 24 to 64 bytes in base64."""
    listen = discover()["resend"].listen
    assert listen is not None
    with pytest.raises(Invalid):
        listen(Listener(url=URL, secret=secret))


def test_pufferpost_is_not_told_in_the_clear():
    """But on this machine, where nobody can listen on the way; and no call goes elsewhere without TLS."""
    dialect = discover()["pufferpost"]
    assert dialect.listen is not None
    assert dialect.webhooks is not None
    local = dialect.listen(Listener(url="http://127.0.0.1:9/"))
    assert "http://127.0.0.1:9/" == local.url
    with pytest.raises(Invalid):
        dialect.listen(Listener(url=URL.replace("https", "http")))
    assert dialect.webhooks.manners(webhooks.made_of(local, "w", 1, 0), "delivered").https_only
