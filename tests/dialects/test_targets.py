"""Addresses for calls: what can be called, told from what cannot."""

import pytest

from dialects.targets import SECURE, is_target


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://user:pass@127.0.0.1:8080/hook?a=b",
        "HTTPS://xn--bcher-kva.example/",
        "https://[::1]/",
    ],
)
def test_can_be_called(url):
    """Both schemes, any host, credentials too."""
    assert is_target(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "https://",
        "https:///path",
        "https://exam%70le.com/",
        "https://example.com:0/",
        "https://example.com:70000/",
        "https://example.com:x/",
        "https://exa mple.com/",
        "https://example.com/\r\nX-Injected: 1",
        "https://bücher.example/",
        "https://example.com/" + "a" * 2048,
    ],
)
def test_cannot_be_called(url):
    """No scheme, no host, no port that there is, white space, other letters, too long."""
    assert not is_target(url)


def test_only_secure():
    """Where a dialect asks for it."""
    assert is_target("https://example.com", SECURE)
    assert not is_target("http://example.com", SECURE)
