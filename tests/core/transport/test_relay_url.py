"""URLs of relays, as operators write them."""

import msgspec
import pytest

from core.transport.relay_url import RelayUrl, parse_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.test", RelayUrl(host="mail.test", port=25, security="opportunistic", verify=False)),
        ("smtps://mail.test/", RelayUrl(host="mail.test", port=465, security="tls", verify=True)),
        ("smtp+starttls://mail.test", RelayUrl(host="mail.test", port=587, security="starttls", verify=True)),
        ("smtp://[::1]:2525", RelayUrl(host="::1", port=2525)),
        (
            "smtp://me%40x.test:p%2Fw%23%3A@mail.test:587",
            RelayUrl(host="mail.test", port=587, username="me@x.test", password="p/w#:"),
        ),
        ("smtp://mail.test?security=none", RelayUrl(host="mail.test", port=25, security="none")),
        ("smtp://mail.test?verify=yes", RelayUrl(host="mail.test", port=25, verify=True)),
        (
            "smtps://mail.test?verify=no&connections=3&messages_per_connection=7&timeout_s=1.5&local_hostname=me.test",
            RelayUrl(
                host="mail.test",
                port=465,
                security="tls",
                verify=False,
                connections=3,
                messages_per_connection=7,
                timeout_s=1.5,
                local_hostname="me.test",
            ),
        ),
    ],
)
def test_a_url_says_all(url, expected):
    """Scheme, credentials and options of a URL become one struct, with the scheme's port and security."""
    # compared by field: the representation hides credentials
    assert msgspec.structs.asdict(expected) == msgspec.structs.asdict(parse_url(url))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://mail.test", "smtp://, smtp\\+starttls://, smtps://"),
        ("mail.test:25", "begins with"),
        ("smtp://", "names a host"),
        ("smtp://a..b", "no host name"),
        ("smtp://mail.test:99999", "port"),
        ("smtp://mail.test:0", "port"),
        ("smtp://mail.test/folder", "no path"),
        ("smtp://me:s3cret#x@mail.test", "no path"),
        ("smtp://me@mail.test", "both a user name and a password"),
        (
            "smtp://mail.test?pool=3",
            "'pool'.*known are security, verify, connections, messages_per_connection",
        ),
        ("smtp://mail.test?connections=0", "connections in the relay's URL is a number"),
        ("smtp://mail.test?connections=many", "connections in the relay's URL is a number"),
        ("smtp://mail.test?timeout_s=0", "number of seconds"),
        ("smtp://mail.test?verify=1", "yes or no"),
        ("smtp://mail.test?verify=yes&verify=no", "twice"),
        ("smtp://mail.test?security=tls", "none or opportunistic"),
        ("smtps://mail.test?security=none", "goes with smtp:// only"),
        ("smtp://mail.test?local_hostname=a%20b", "host name"),
    ],
)
def test_a_wrong_url_is_refused_in_a_sentence(url, said):
    """What cannot be meant is refused when it is read, without the credentials in the text."""
    with pytest.raises(ValueError, match=said) as refused:
        parse_url(url)

    assert "s3cret" not in str(refused.value)


def test_credentials_do_not_show():
    """A URL that ends up in a log line or a traceback tells no secret."""
    shown = repr(parse_url("smtp://token-as-user:s3cret@mail.test"))

    assert "mail.test:25" in shown
    assert "token-as-user" not in shown
    assert "s3cret" not in shown
