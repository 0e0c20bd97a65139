import asyncio
import smtplib
import time

import msgspec
import pytest

from core import accounts
from gateway import submission
from tests.office import Office, base64, sent, written

BOB = ["bob@example.net"]


@pytest.fixture
async def office(house):
    """A listener beside a house."""
    async with Office.open(house) as made:
        yield made


@pytest.fixture
async def postmarks(house):
    """A listener for Postmark's clients alone."""
    async with Office.open(house, dialects=("postmark",)) as made:
        yield made


def proving(client, user, password):
    """Log in by CRAM-MD5; the last reply."""
    client.ehlo()
    client.user, client.password = user, password
    return client.auth("CRAM-MD5", client.auth_cram_md5)


async def test_a_key_is_proved_without_being_kept(postmarks):
    """Postmark's user name is the key, so a proof can be checked although only hashes are kept."""
    key = await postmarks.house.key("postmark")

    def send(client):
        client.ehlo()
        offered = client.esmtp_features["auth"]
        return offered.split(), proving(client, key, key)[0], sent_on(client)

    assert (["PLAIN", "LOGIN", "CRAM-MD5"], 235, 250) == await postmarks.talk(send)
    assert 1 == len(await postmarks.kept())


def sent_on(client):
    """Send a letter after a login; the last code."""
    client.mail("joerg@example.org")
    client.rcpt(BOB[0])
    return client.data(written())[0]


@pytest.mark.parametrize(
    ("user", "password"), [(str.upper, str.lower), (str.lower, str.upper), (str.upper, str.upper)]
)
async def test_the_case_of_a_proof(office, user, password):
    """A token is compared without regard to case, also where it is only proved; clients that insist need no offer."""
    key = await office.house.key("postmark")
    assert 235 == (await office.talk(lambda client: proving(client, user(key), password(key))))[0]


@pytest.mark.parametrize("login", ["wrong proof", "unknown key", "another provider's", "no words"])
async def test_wrong_proofs_are_refused(office, login):
    """Whoever has not the key is not let in, whatever they send."""
    key = await office.house.key("postmark")
    pair = {
        "wrong proof": (key, "guess"),
        "unknown key": ("0" * 36, "0" * 36),
        "another provider's": ("resend", await office.house.key("resend")),
    }.get(login)

    def attempt(client):
        if pair is not None:
            return proving(client, *pair)
        client.ehlo()
        client.docmd("AUTH CRAM-MD5")
        raise smtplib.SMTPAuthenticationError(*client.docmd(base64("ü")))

    with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
        await office.talk(attempt)
    assert 535 == caught.value.smtp_code


async def test_proofs_are_offered_only_where_they_help_everybody(office):
    """A client may pick one and try nothing else, and other providers' keys cannot be proved."""

    def offers(client):
        client.ehlo()
        return client.esmtp_features["auth"].split()

    assert ["PLAIN", "LOGIN"] == await office.talk(offers)


async def test_a_challenge_is_answered_once(office):
    """Each login has its own."""

    def challenges(client):
        client.ehlo()
        said = []
        for _ in range(2):
            said.append(client.docmd("AUTH CRAM-MD5")[1])
            client.docmd("*")
        return said

    first, second = await office.talk(challenges)
    assert first != second


@pytest.mark.parametrize(
    ("dialect", "said"),
    [
        ("postmark", b"5.7.8 Error: authentication failed"),
        ("resend", b"5.7.8 Authentication credentials invalid"),
    ],
)
async def test_a_wrong_login_is_told_in_the_providers_words(office, dialect, said):
    """Where its users have seen them."""

    def attempt(client):
        client.ehlo()
        return client.docmd("AUTH PLAIN", base64("", dialect, "wrong"))

    assert (535, said) == await office.talk(attempt)


async def test_guessing_becomes_slower_with_every_guess(office, monkeypatch):
    """An address waits longer each time, over all its connections; a right key never does."""
    monkeypatch.setattr(submission, "_DELAY_S", 0.05)
    key = await office.house.key("resend")

    def timed(secret):
        def attempt(client):
            client.ehlo()
            began = time.monotonic()
            code = client.docmd("AUTH PLAIN", base64("", "resend", secret))[0]
            return code, time.monotonic() - began

        return attempt

    told = [await office.talk(timed("wrong")) for _ in range(5)]
    code, waited = await office.talk(timed(key))
    assert [535] * 5 == [each for each, _ in told]
    assert told[4][1] >= 5 * 0.05
    assert (235, True) == (code, waited < 5 * 0.05)


async def test_a_workspace_can_take_nothing_by_smtp(office):
    """Its keys are refused here, and are right elsewhere."""
    house = office.house
    place = await house.workspace()
    await accounts.settle(house.core, place.id, lambda held: msgspec.structs.replace(held, takes_smtp=False))
    with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
        await office.send("postmark")
    client = await house.client("postmark")
    body = {"From": "a@example.org", "To": "bob@example.net", "TextBody": "x"}
    assert (535, 200) == (caught.value.smtp_code, (await client.post("/email", json=body)).status_code)


async def test_both_ways_of_a_login_name_end_in_the_same_workspace(office):
    """Resend's user name is its own, Postmark's the token, everybody's the provider's name."""
    house = office.house
    for user, dialect in (
        ("resend", "resend"),
        ("RESEND", "resend"),
        ("", "postmark"),
        ("sendflare", "sendflare"),
    ):
        key = await house.key(dialect)
        answer = await office.talk(
            lambda client, login=(user or key, key): sent(client, login, written(), BOB)
        )
        assert 250 == answer[0]
    assert 4 == len(await office.kept())


async def test_many_logins_at_once(office):
    """Connections do not wait for each other."""
    key = await office.house.key("resend")
    codes = await asyncio.gather(
        *(office.talk(lambda client: client.login("resend", key)[0]) for _ in range(20))
    )
    assert [235] * 20 == codes
