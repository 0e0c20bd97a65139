"""Who a request comes from: the peer, or whom a trusted proxy names."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from starlette.requests import Request


class Proxies:
    """The proxies in front of this server."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        """``trusted`` are addresses and networks."""
        self._networks = tuple(ip_network(each) for each in trusted)

    def client(self, request: Request) -> str:
        """The client's address, empty where it is not known.

        X-Forwarded-For is read from its end, where each proxy adds its own peer: the first one that is no proxy of
        ours is the client, and what stands before it is whatever the client wrote there.
        """
        peer = request.client.host if request.client is not None else ""
        if not self._is_trusted(peer):
            return peer
        named = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        for address in reversed([each.strip() for each in named]):
            if not _is_address(address):
                return peer
            peer = address
            if not self._is_trusted(address):
                return peer
        return peer

    def _is_trusted(self, address: str) -> bool:
        if not self._networks or not _is_address(address):
            return False
        at = ip_address(address)
        return any(at in network for network in self._networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
