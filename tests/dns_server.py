"""A real DNS server on the loopback, by UDP and TCP, whose zones a test writes and whose faults it chooses."""

import asyncio
import socket
from typing import Final, Self, cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

_PLAIN_BYTES: Final = 512
_LARGEST_BYTES: Final = 65535
_SOA: Final = "ns.test. hostmaster.test. 1 3600 600 86400 {ttl}"


class DnsServer:
    """``async with DnsServer() as server``: listens on 127.0.0.1, both transports at ``server.port``.

    - ``add("example.org", "MX", "10 mx.example.org.", ttl=60)``: another record, as a zone file has its data; names
      in the data end in a dot. A long TXT is cut into strings of 255 when it is given without quotes;
    - ``clear("example.org", "MX")``: take its records of a type, or all of them, away;
    - ``failures["example.org"] = "SERVFAIL"``: answer every question for the name with this code;
    - ``silent.add("example.org")``: do not answer; ``delays["example.org"] = 0.2``: answer later, in seconds;
    - ``negative_ttl``: for how long an absence may be believed.

    A name with records of another type, or with names below it, has no data; every other one does not exist.
    ``questions`` has what was asked: name, type, transport.
    """

    def __init__(self, port: int = 0) -> None:
        """Begin with an empty zone."""
        self.port = port
        self.failures: dict[str, str] = {}
        self.silent: set[str] = set()
        self.delays: dict[str, float] = {}
        self.negative_ttl = 60
        self.questions: list[tuple[str, str, str]] = []
        self._zone: dict[tuple[str, str], tuple[int, list[str]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Where it listens, as the setting ``dns`` has it."""
        return f"127.0.0.1:{self.port}"

    def add(self, name: str, kind: str, value: str, *, ttl: int = 300) -> None:
        """Another record; the TTL is that of the whole set."""
        text = _quoted(value) if kind == "TXT" and not value.startswith('"') else value
        _, values = self._zone.get(key := (name.lower(), kind), (ttl, []))
        self._zone[key] = (ttl, [*values, text])

    def clear(self, name: str, kind: str = "") -> None:
        """Take records away."""
        for key in [key for key in self._zone if key[0] == name.lower() and kind in ("", key[1])]:
            del self._zone[key]

    def text(self, name: str) -> str:
        """The first TXT record of a name, "" where it has none."""
        _, values = self._zone.get((name.lower().rstrip("."), "TXT"), (0, [""]))
        return "".join(values[0].split('"')[1::2])

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        while True:
            self._tcp = await asyncio.start_server(self._stream, "127.0.0.1", self.port)
            port = self._tcp.sockets[0].getsockname()[1]
            datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                datagrams.bind(("127.0.0.1", port))
            except OSError:
                # somebody else has the same number for UDP
                datagrams.close()
                self._tcp.close()
                continue
            break
        self.port = port
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=datagrams)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._udp.close()
        self._tcp.close()
        for task in (tasks := list(self._tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def start(self, wire: bytes, transport: asyncio.DatagramTransport, peer: tuple[str, int]) -> None:
        """Answer a datagram, whenever that is."""

        async def reply() -> None:
            answer = await self._answer(wire, "udp")
            if answer is not None:
                transport.sendto(answer, peer)

        task = asyncio.create_task(reply())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            size = int.from_bytes(await reader.readexactly(2), "big")
            answer = await self._answer(await reader.readexactly(size), "tcp")
            if answer is not None:
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, wire: bytes, transport: str) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.questions.append((name, kind, transport))
        if name in self.silent:
            return None
        await asyncio.sleep(self.delays.get(name, 0))
        answer = self._response(query, name, kind)
        if transport == "tcp":
            return answer.to_wire(max_size=_LARGEST_BYTES)
        limit = query.payload or _PLAIN_BYTES
        whole = answer.to_wire(max_size=_LARGEST_BYTES)
        return whole if len(whole) <= limit else _cut(query)

    def _response(self, query: dns.message.Message, name: str, kind: str) -> dns.message.Message:
        answer = dns.message.make_response(query, recursion_available=True)
        code = self.failures.get(name)
        if code is not None:
            answer.set_rcode(dns.rcode.from_text(code))
            return answer
        last = self._follow(answer, name, kind)
        if (last, kind) not in self._zone:
            soa = _SOA.format(ttl=self.negative_ttl)
            answer.authority.append(dns.rrset.from_text(".", self.negative_ttl, "IN", "SOA", soa))
            answer.set_rcode(dns.rcode.NOERROR if self._exists(last) else dns.rcode.NXDOMAIN)
        return answer

    def _follow(self, answer: dns.message.Message, name: str, kind: str) -> str:
        """Add what a name has, or what it is an alias of; the last name looked at."""
        for each in dict.fromkeys((kind, "CNAME")):
            held = self._zone.get((name, each))
            if held is not None:
                answer.answer.append(dns.rrset.from_text_list(f"{name}.", held[0], "IN", each, held[1]))
                if each != kind:
                    return self._follow(answer, held[1][0].lower().rstrip("."), kind)
                break
        return name

    def _exists(self, name: str) -> bool:
        return any(held == name or held.endswith(f".{name}") for held, _ in self._zone)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own is not of this class on Python 3.11
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._server.start(data, self._transport, addr)


def _cut(query: dns.message.Message) -> bytes:
    answer = dns.message.make_response(query, recursion_available=True)
    answer.flags |= dns.flags.TC
    return answer.to_wire(max_size=_LARGEST_BYTES)


def _quoted(text: str) -> str:
    """Cut a text into the strings of at most 255 bytes that a TXT record is made of."""
    escaped = [
        text[at : at + 255].replace("\\", "\\\\").replace('"', '\\"') for at in range(0, len(text), 255)
    ]
    return " ".join(f'"{each}"' for each in escaped or [""])
