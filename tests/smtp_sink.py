"""A real SMTP server on the loopback that takes mail, keeps it, and misbehaves exactly as a test tells it to."""

import asyncio
import datetime as dt
import ssl
from collections import Counter
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Stage = Literal["connect", "mail", "rcpt", "data", "after_data_before_reply", "quit"]


class Received(NamedTuple):
    """A message that the sink answered for; ``content`` is without the dots that SMTP added."""

    mail_from: str
    rcpt_to: tuple[str, ...]
    content: bytes
    helo: str
    secured: bool


class Sink:
    """``async with Sink() as sink``: listens on 127.0.0.1, or ``host``, at ``sink.port``, in the test's loop.

    What the server does is changed by setting attributes, at any time:

    - ``replies``: reply to RCPT, by address or else by domain (``{"bob@example.com": "550 5.1.1 Unknown"}``);
    - ``mail_replies``, ``data_replies``: replies to the next MAILs and to the next messages, used up from the left;
    - ``greylisting``: each recipient's first RCPT gets 451;
    - ``drops``: how many more times the connection is cut at a stage, instead of a reply;
    - ``delays``: seconds to wait at a stage.

    What came of it is read from ``messages``, ``connections`` (accepted so far), ``commands`` (how often each stage
    was reached) and ``logins``.
    """

    def __init__(
        self,
        *,
        tls: Literal["starttls", "implicit"] | None = None,
        pem: Path | None = None,
        credentials: tuple[str, str] | None = None,
        pipelining: bool = True,
        port: int = 0,
        host: str = "127.0.0.1",
    ) -> None:
        """``pem`` is key and certificate in one file, as ``certify`` writes it."""
        self.port = port
        self._host = host
        self.messages: list[Received] = []
        self.replies: dict[str, str] = {}
        self.mail_replies: list[str] = []
        self.data_replies: list[str] = []
        self.greylisting = False
        self.drops: Counter[Stage] = Counter()
        self.delays: dict[Stage, float] = {}
        self.connections = 0
        self.commands: Counter[Stage] = Counter()
        self.logins: list[str] = []
        self._tls = tls
        self._context = _server_context(pem) if pem else None
        self._credentials = credentials
        self._pipelining = pipelining
        self._seen: set[str] = set()
        self._open: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(
            self._connection, self._host, self.port, ssl=self._context if self._tls == "implicit" else None
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Cut every connection and stop listening; the same object can be entered again, on the same port."""
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*[each.end() for each in self._open], return_exceptions=True)

    @property
    def open_connections(self) -> int:
        """How many clients are connected now."""
        return len(self._open)

    def _connection(self) -> "_Connection":
        return _Connection(
            self,
            self._open,
            hostname="sink.test",
            tls_context=self._context if self._tls == "starttls" else None,
            auth_require_tls=False,
            authenticator=self._authenticate,
            loop=asyncio.get_running_loop(),
        )

    def _authenticate(self, *given: Any) -> AuthResult:
        data = given[-1]
        self.logins.append(data.login.decode())
        fits = self._credentials == (data.login.decode(), data.password.decode())
        return AuthResult(success=fits, handled=False, message=None if fits else "535 5.7.8 Wrong password")

    async def reach(self, stage: Stage, server: Any) -> None:
        """Count a stage, wait where that was asked for, and cut the connection if it is this one's turn."""
        self.commands[stage] += 1
        await asyncio.sleep(self.delays.get(stage, 0))
        if self.drops[stage] > 0:
            self.drops[stage] -= 1
            server.cut()
            # losing the connection cancels the task that runs this
            await asyncio.Event().wait()

    async def handle_EHLO(  # noqa: N802  # aiosmtpd looks for this name
        self, server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offer what this sink is said to know."""
        del server
        session.host_name = hostname
        offered = [each for each in responses if self._credentials or not each.startswith("250-AUTH")]
        return ["250-sink.test", "250-PIPELINING", *offered[1:]] if self._pipelining else offered

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take the sender, unless told otherwise or in want of a login."""
        del options
        await self.reach("mail", server)
        if self._credentials and not session.authenticated:
            return "530 5.7.0 Authentication required"
        reply = self.mail_replies.pop(0) if self.mail_replies else "250 2.1.0 OK"
        if reply.startswith("2"):
            envelope.mail_from = address
        return reply

    async def handle_RCPT(  # noqa: N802
        self, server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        """Take the recipient, or give the reply that stands in its place."""
        await self.reach("rcpt", server)
        if self.greylisting and address not in self._seen:
            self._seen.add(address)
            return "451 4.7.1 Greylisted, try again"
        reply = self.replies.get(address) or self.replies.get(address.rpartition("@")[2]) or "250 2.1.5 OK"
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep the message, unless its reply says no."""
        reply = self.data_replies.pop(0) if self.data_replies else "250 2.0.0 Taken"
        if reply.startswith("2"):
            self.messages.append(
                Received(
                    envelope.mail_from,
                    tuple(envelope.rcpt_tos),
                    envelope.content,
                    session.host_name,
                    secured=server.transport.get_extra_info("sslcontext") is not None,
                )
            )
        await self.reach("after_data_before_reply", server)
        return reply

    async def handle_QUIT(self, server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802
        """Part in good order."""
        await self.reach("quit", server)
        return "221 2.0.0 Bye"


class _Connection(SMTP):
    def __init__(self, sink: Sink, others: set["_Connection"], **options: Any) -> None:
        super().__init__(sink, **options)
        self._sink = sink
        self._others = others

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._others.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._others.discard(self)
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        self._sink.connections += 1
        try:
            await self._sink.reach("connect", self)
            await super()._handle_client()
        finally:
            # a client that goes away cancels this task, wherever it waits
            self.cut()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        await self._sink.reach("data", self)
        await super().smtp_DATA(arg)

    def cut(self) -> None:
        """Close without a word."""
        transport: Any = self.transport
        if transport is None:
            return
        # Python 3.11.2 cannot abort a TLS transport that is closed already
        with suppress(AttributeError):
            transport.abort()

    def end(self) -> asyncio.Task[None]:
        """Close, and tell the task that ends because of it."""
        self.cut()
        task: Any = self._handler_coroutine
        task.cancel()
        return cast("asyncio.Task[None]", task)


def certify(folder: Path, host: str = "localhost") -> Path:
    """Write a new key and its self-signed certificate for ``host`` and 127.0.0.1 into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    names: list[x509.GeneralName] = [x509.DNSName(host), x509.IPAddress(IPv4Address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{host}.pem"
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def _server_context(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
