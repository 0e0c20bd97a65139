"""Who a request comes from, behind any chain of proxies."""

import pytest
from starlette.requests import Request

from gateway.proxies import Proxies

OURS = Proxies(["10.0.0.0/8", "2001:db8::1"])


def asked(peer, *forwarded):
    """A request from a peer, with lines of X-Forwarded-For."""
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return Request({"type": "http", "headers": headers, "client": None if peer is None else (peer, 1)})


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "expected"),
    [
        (Proxies(), "10.0.0.1", ("192.0.2.9",), "10.0.0.1"),
        (OURS, "192.0.2.1", ("192.0.2.9",), "192.0.2.1"),
        (OURS, "10.0.0.1", (), "10.0.0.1"),
        (OURS, "10.0.0.1", ("192.0.2.9",), "192.0.2.9"),
        (OURS, "2001:db8::1", ("2001:db8::9",), "2001:db8::9"),
        # what stands before the first stranger is what the stranger wrote
        (OURS, "10.0.0.1", ("1.1.1.1, 192.0.2.9, 10.9.9.9",), "192.0.2.9"),
        (OURS, "10.0.0.1", ("1.1.1.1", "192.0.2.9"), "192.0.2.9"),
        (OURS, "10.0.0.1", ("192.0.2.9, nonsense",), "10.0.0.1"),
        (OURS, "10.0.0.1", ("10.0.0.2, 10.0.0.3",), "10.0.0.2"),
        (OURS, "testclient", ("192.0.2.9",), "testclient"),
        (OURS, None, ("192.0.2.9",), ""),
    ],
)
def test_the_client(proxies, peer, forwarded, expected):
    """The first from the end that is no proxy of ours."""
    assert expected == proxies.client(asked(peer, *forwarded))
