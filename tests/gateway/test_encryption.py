import asyncio
import os
import signal
import smtplib
import socket
import ssl

import pytest

from gateway.certificate import Certificate
from gateway.config import Settings, SettingsError
from gateway.serving import listen_for_mail
from tests.office import Office, base64, sent, written
from tests.smtp_sink import certify

BOB = ["bob@example.net"]


@pytest.fixture(scope="session")
def pem(tmp_path_factory):
    """A certificate and its key in one file."""
    return certify(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
async def office(house, pem):
    """Two listeners beside a house, which want TLS before a login."""
    async with Office.open(house, smtp_tls_certificate=str(pem), smtps_port=0, smtp_require_tls=True) as made:
        yield made


def trusting(pem):
    """Trust this certificate alone."""
    return ssl.create_default_context(cafile=pem)


async def test_mail_comes_in_behind_starttls(office, pem):
    """A client that turns to TLS logs in and sends, and is offered TLS no second time."""
    key = await office.house.key("resend")

    def send(client):
        client.ehlo()
        before = client.esmtp_features
        client.starttls(context=trusting(pem))
        client.ehlo()
        return before, client.esmtp_features, sent(client, ("resend", key), written(), BOB)[0]

    before, after, code = await office.talk(send)
    assert (True, False) == ("starttls" in before, "auth" in before)
    assert (False, True) == ("starttls" in after, "auth" in after)
    assert 250 == code
    assert 1 == len(await office.kept())


async def test_mail_comes_in_over_tls_from_the_start(office, pem):
    """The second listener speaks nothing else."""
    key = await office.house.key("postmark")

    def send():
        with smtplib.SMTP_SSL("127.0.0.1", office.tls_port, context=trusting(pem), timeout=20) as client:
            return sent(client, (key, key), written(), BOB)[0]

    assert 250 == await asyncio.to_thread(send)
    assert 1 == len(await office.kept())


async def test_large_letters_come_through_tls_whole(office, pem):
    """More than a reader holds at once is read as it comes, encrypted too."""
    key = await office.house.key("resend")
    body = b"line of a letter\r\n" * 200_000

    def send(client):
        client.starttls(context=trusting(pem))
        return sent(client, ("resend", key), b"From: a@example.org\r\nSubject: x\r\n\r\n" + body, BOB)[0]

    assert 250 == await office.talk(send)
    (held,) = await office.kept()
    assert body.decode().replace("\r\n", "\n") == held.text


async def test_keys_are_not_shown_in_the_open(office):
    """Before TLS neither a login nor anything that needs one is taken, and no attempt counts as a wrong key."""
    key = await office.house.key("resend")

    def try_it(client):
        client.ehlo()
        said = [client.docmd("AUTH PLAIN", base64("", "resend", key)) for _ in range(4)]
        return [*said, client.docmd("MAIL FROM:<a@example.org>")]

    wanted = b"Must issue a STARTTLS command first"
    assert [(538, b"5.7.11 " + wanted)] * 4 + [(530, b"5.7.0 " + wanted)] == await office.talk(try_it)


async def test_what_was_said_in_the_open_is_forgotten(office, pem):
    """Commands sent behind STARTTLS in one packet are dropped, and EHLO must be said again (RFC 3207 4.2)."""

    def inject():
        with socket.create_connection(("127.0.0.1", office.port), timeout=20) as plain:
            plain.recv(1000)
            plain.sendall(b"EHLO injected\r\n")
            while not plain.recv(1000).endswith(b"250 8BITMIME\r\n"):
                pass
            plain.sendall(b"STARTTLS\r\nNOOP\r\nRSET\r\nEHLO injected\r\n")
            assert b"220 2.0.0 Ready to start TLS\r\n" == plain.recv(1000)
            with trusting(pem).wrap_socket(plain, server_hostname="127.0.0.1") as client:
                client.sendall(b"MAIL FROM:<a@example.org>\r\n")
                return client.recv(1000)

    assert (await asyncio.to_thread(inject)).startswith(b"503")


async def test_a_login_in_the_open_does_not_last_into_tls(house, pem):
    """Where TLS is optional, whoever turns to it logs in again."""
    key = await house.key("resend")

    def login_first(client):
        client.login("resend", key)
        client.starttls(context=trusting(pem))
        client.ehlo()
        return client.mail("a@example.org")[0]

    async with Office.open(house, smtp_tls_certificate=str(pem), smtp_require_tls=False) as office:
        assert 530 == await office.talk(login_first)


@pytest.mark.parametrize(
    ("said", "expected"),
    [("STARTTLS now", 501), ("STARTTLS", 220)],
)
async def test_starttls_as_it_is_written(office, said, expected):
    """The command takes no words."""
    assert expected == (await office.talk(lambda client: client.docmd(said)))[0]


async def test_without_a_certificate_there_is_no_starttls(house):
    """It is neither offered nor begun."""
    async with Office.open(house) as office:
        assert (502, b"5.5.1 STARTTLS is not offered") == await office.talk(
            lambda client: client.docmd("STARTTLS")
        )


async def test_noise_instead_of_a_handshake_harms_nobody(office, pem):
    """Others are served after somebody who speaks no TLS, on either listener."""

    def shout(port, begin):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
            plain.sendall(begin)
            plain.settimeout(5)
            while plain.recv(1000):
                plain.sendall(b"EHLO me\r\n")

    for port, begin in ((office.port, b"STARTTLS\r\n"), (office.tls_port, b"EHLO me\r\n")):
        try:
            await asyncio.to_thread(shout, port, begin)
        except ConnectionError:
            continue
    await test_mail_comes_in_over_tls_from_the_start(office, pem)


async def test_a_renewed_certificate_is_used_at_once(house, tmp_path):
    """The next handshake has the new one, without a restart; running conversations go on."""
    file = certify(tmp_path)

    def seen(client):
        client.starttls(context=ssl._create_unverified_context())  # noqa: S323  # to look at it
        return client.sock.getpeercert(binary_form=True)

    async with Office.open(house, smtp_tls_certificate=str(file)) as office:
        running = await office.connect()
        first, again = await office.talk(seen), await office.talk(seen)
        (tmp_path / "new").mkdir()
        certify(tmp_path / "new").replace(file)
        renewed = await office.talk(seen)
        file.write_bytes(b"half a file")
        broken = await office.talk(seen)
        assert 250 == (await asyncio.to_thread(running.noop))[0]
        running.close()
    assert first == again
    assert first != renewed
    assert renewed == broken


async def test_sighup_reads_the_certificate_again(house, pem):
    """The signal that means so elsewhere does not end the process here."""
    async with Office.open(house, smtp_tls_certificate=str(pem)) as office:
        os.kill(os.getpid(), signal.SIGHUP)
        assert 220 == (await office.talk(lambda client: client.docmd("STARTTLS")))[0]


def test_files_that_are_no_certificate_are_told_at_the_start(tmp_path):
    """A wrong path or content stops the start with its name."""
    (tmp_path / "odd.pem").write_text("odd")
    for name in ("odd.pem", "missing.pem"):
        settings = Settings(smtp_tls_certificate=str(tmp_path / name))
        with pytest.raises(SettingsError, match="smtp_tls_certificate and smtp_tls_key cannot be used"):
            Certificate.of(settings)


EVERYWHERE = "0.0.0.0"  # noqa: S104  # nothing is bound


@pytest.mark.parametrize(
    ("host", "chosen", "expected"),
    [
        ("127.0.0.1", None, False), ("::1", None, False), ("localhost", None, False), ("127.3.2.1", None, False),
        (EVERYWHERE, None, True), ("192.0.2.1", None, True), ("::", None, True), ("mail.example.com", None, True),
        ("127.0.0.1", True, True), (EVERYWHERE, False, False),
    ],
)  # fmt: skip
def test_tls_is_needed_where_others_can_reach_the_listener(host, chosen, expected):
    """Unless the operator says otherwise, keys travel in the open within one machine only."""
    assert expected == Settings(host=host, smtp_require_tls=chosen).is_smtp_encrypted


def test_a_listener_that_nobody_could_log_in_to_is_not_opened():
    """TLS that is needed and cannot be had is told at the start, with what can be done."""
    with pytest.raises(SettingsError, match="smtp_tls_certificate is needed"):
        listen_for_mail(Settings(host=EVERYWHERE))


@pytest.mark.parametrize("given", [{"smtps_port": 465}, {"smtp_tls_key": "key.pem"}])
def test_settings_that_lack_a_certificate_are_refused(given):
    """A port or a key for TLS is of no use without one."""
    with pytest.raises(SettingsError, match="smtp_tls_certificate is needed"):
        listen_for_mail(Settings(**given))
