"""What an operator may decide: each setting with its meaning, an example, its limits and its default."""

import ipaddress
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

_Seconds = Annotated[int, Meta(ge=1)]
# more days would be a moment before time began
_CENTURY = 36_525
# written like this in a URL: scheme, then a host or, for SQLite, a path
_DATABASE = r"\A(sqlite:///.+|postgres(ql)?://.+)\Z"
_RELAY = r"\A(smtp(s|\+starttls)?://[^/?\s]+/?(\?\S*)?)?\Z"
_OPTIONAL_HOST = r"\A([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)?\Z"
_WAY = r"\A[a-z0-9][a-z0-9_-]*\Z"
_IP = r"\A[0-9A-Fa-f:.]+\Z"
_PUBLIC_URL = r"\A(https?://[^/?#\s]+(/[^?#\s]*)?)?\Z"
_NAME_SERVER = r"\A([0-9.]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?\Z"
# an address or network; which of them it is, and whether it is one, ipaddress says
_NETWORK = r"\A[0-9A-Fa-f.:]+(/[0-9]{1,3})?\Z"
_ADDRESS = r"\A[^@\s]+@[^@\s]+\Z"
_ADDRESS_OR_NONE = r"\A(?:[^@\s]+@[^@\s]+)?\Z"
_HOST_OR_NONE = r"\A([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)?\Z"
# mechanisms of RFC 7208 5, without the "all" at the end
_SPF = r"\A((a|mx|include:|ip4:|ip6:|exists:)\S*( +(a|mx|include:|ip4:|ip6:|exists:)\S*)*)?\Z"
_HOST_NAME = r"\A[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\Z"


def _about(meaning: str, example: str, *, secret: bool = False, **limits: Any) -> Meta:
    return Meta(description=meaning, examples=[example], extra={"secret": secret}, **limits)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every decision, checked. Annotations carry the meaning, an example and the limits of each."""

    host: Annotated[
        str, _about("address to listen on, this machine alone unless set", "192.0.2.10", min_length=1)
    ] = "127.0.0.1"
    port: Annotated[
        int, _about("TCP port of the HTTP listener; 0 picks a free one", "8025", ge=0, le=65535)
    ] = 8025
    console_open: Annotated[
        bool,
        _about(
            "show the console under `/_/console` without a password to whoever asks by a name of this machine, where "
            "`host` is its own address alone; `babelpost dev` does",
            "true",
        ),
    ] = False
    console_password: Annotated[
        str,
        _about(
            "show the console under `/_/console` to whoever gives this password (HTTP Basic, any user name; behind "
            "TLS); empty: to nobody",
            "correct horse battery staple",
            secret=True,
        ),
    ] = ""
    smtp_port: Annotated[
        int, _about("TCP port of the SMTP submission listener; 0 picks a free one", "1025", ge=0, le=65535)
    ] = 1025
    smtp_submission: Annotated[
        bool, _about("take mail by SMTP too; `false` leaves the SMTP port closed", "false")
    ] = True
    smtps_port: Annotated[
        Annotated[int, Meta(ge=0, le=65535)] | None,
        _about(
            "TCP port of a second SMTP submission listener with TLS from the start; unset: none; 0 picks a free one",
            "465",
        ),
    ] = None
    smtp_tls_certificate: Annotated[
        str,
        _about(
            "PEM file with the certificate and its chain for SMTP in; read again when it changes and on SIGHUP",
            "/etc/letsencrypt/live/mail.example.com/fullchain.pem",
        ),
    ] = ""
    smtp_tls_key: Annotated[
        str,
        _about(
            "PEM file with the certificate's key; empty: it is in the certificate's file",
            "/etc/letsencrypt/live/mail.example.com/privkey.pem",
        ),
    ] = ""
    smtp_require_tls: Annotated[
        bool | None,
        _about("take logins by SMTP over TLS only; unset: unless `host` is this machine's own", "true"),
    ] = None
    inbound_smtp: Annotated[
        bool,
        _about("take mail from other servers (MX); `false` leaves the port for it closed", "false"),
    ] = True
    inbound_smtp_port: Annotated[
        int,
        _about(
            "TCP port of the listener for mail from other servers; 0 picks a free one", "25", ge=0, le=65535
        ),
    ] = 2525
    inbound_most_bytes: Annotated[
        int, _about("size of the largest message taken from other servers", "52428800", ge=64 * 1024)
    ] = 50 * 1024 * 1024
    public_url: Annotated[
        str,
        _about(
            "address that clients use, for links in mail and answers; empty: the listener's own",
            "https://mail.example.com",
            pattern=_PUBLIC_URL,
        ),
    ] = ""
    tracking_url: Annotated[
        str,
        _about(
            "address that pixels and tracked links stand under, led to this server; empty: that of `public_url`",
            "https://links.example.com",
            pattern=_PUBLIC_URL,
        ),
    ] = ""
    trusted_proxies: Annotated[
        tuple[Annotated[str, Meta(pattern=_NETWORK)], ...],
        _about(
            "proxies in front of this server, by address or network, whose X-Forwarded-For is believed",
            '["10.0.0.0/8", "2001:db8::1"]',
        ),
    ] = ()
    database: Annotated[
        str,
        _about(
            "where everything is kept: a SQLite file for one process, or PostgreSQL for several",
            "postgresql://babelpost@db.example.com/babelpost",
            secret=True,
            pattern=_DATABASE,
        ),
    ] = "sqlite:///var/babelpost.db"
    postgres_pool: Annotated[
        int, _about("connections to PostgreSQL, most at once per process", "10", ge=2, le=1000)
    ] = 10
    transport: Annotated[
        Literal["relay", "mx", "capture"],
        _about(
            "`relay` hands mail to an SMTP server, `mx` to the recipients' own servers, `capture` keeps it and sends "
            "nothing",
            "capture",
        ),
    ] = "relay"
    route: Annotated[
        tuple[str, ...],
        _about(
            "ways out in their order, in place of `transport`: the next is tried where one cannot be reached at all; "
            "`relay`, `mx`, `capture` and the names in `relays`. `babelpost queue route` chooses others for a "
            "workspace or a stream",
            '["mx"]',
        ),
    ] = ()
    relays: Annotated[
        dict[Annotated[str, Meta(pattern=_WAY)], Annotated[str, Meta(pattern=_RELAY)]],
        _about(
            "further relays by name, for routes",
            '{ backup = "smtp://user:password@smtp.example.net:587" }',
            secret=True,
        ),
    ] = {}
    mx_port: Annotated[
        int, _about("TCP port of the recipients' servers, for transport `mx`", "25", ge=1, le=65535)
    ] = 25
    mx_hostname: Annotated[
        str,
        _about(
            "name that this machine gives the recipients' servers (EHLO); empty: its own",
            "mail.example.com",
            pattern=_OPTIONAL_HOST,
        ),
    ] = ""
    mx_sources: Annotated[
        tuple[Annotated[str, Meta(pattern=_IP)], ...],
        _about(
            "addresses of this machine to send from, one for each of IPv4 and IPv6, for transport `mx`; none: any",
            '["192.0.2.25"]',
            max_length=2,
        ),
    ] = ()
    relay: Annotated[
        str,
        _about(
            "SMTP server that takes the mail, needed by transport `relay`; `smtp+starttls://` insists on STARTTLS, "
            "`smtps://` is TLS from the start; options follow as `?connections=20&verify=no`, and are `security` "
            "(`none`, `opportunistic`; with `smtp://`), `verify`, `connections`, `messages_per_connection`, "
            "`timeout_s`, `local_hostname`",
            "smtp://user:password@smtp.example.com:587",
            secret=True,
            pattern=_RELAY,
        ),
    ] = ""
    dns: Annotated[
        tuple[Annotated[str, Meta(pattern=_NAME_SERVER)], ...],
        _about(
            "name servers to ask, by address and port, in this order; none: those of the system",
            '["192.0.2.53:53"]',
        ),
    ] = ()
    message_host: Annotated[
        str,
        _about("domain at the right of the Message-IDs made here", "mail.example.com", pattern=_HOST_NAME),
    ] = "babelpost.local"
    return_host: Annotated[
        str,
        _about(
            "host that bounces come back to, with an MX record for this server; empty: to the sender",
            "bounces.example.com",
            pattern=_HOST_OR_NONE,
        ),
    ] = ""
    tracking_host: Annotated[
        str,
        _about(
            "host that customers' own tracking domains are aliases of; empty: none are offered",
            "links.example.com",
            pattern=_HOST_OR_NONE,
        ),
    ] = ""
    inbound_host: Annotated[
        str,
        _about(
            "host of the listener for incoming mail, as MX records name it, and domain of the address that each "
            "workspace has for mail to it; empty: neither is offered",
            "mx.example.com",
            pattern=_HOST_OR_NONE,
        ),
    ] = ""
    complaint_addresses: Annotated[
        tuple[Annotated[str, Meta(pattern=_ADDRESS)], ...],
        _about(
            "addresses that feedback loops report complaints to, beside `abuse@` and `fbl@` at `return_host`",
            '["fbl@example.com"]',
        ),
    ] = ()
    notice_sender: Annotated[
        str,
        _about(
            "address that this server's own mail comes from, which asks whether an account may send from an "
            "address; empty: `no-reply@` and `message_host`",
            "mail@example.com",
            pattern=_ADDRESS_OR_NONE,
        ),
    ] = ""
    spf: Annotated[
        str,
        _about(
            "what a sender's SPF record has to name for mail from here; empty: "
            "`include:` and `return_host`, else `a:` and `message_host`",
            "include:spf.example.com",
            pattern=_SPF,
        ),
    ] = ""
    sender_policy: Annotated[
        Literal["verified", "any"],
        _about("`verified` asks for a verified domain or a confirmed sender, `any` for none", "verified"),
    ] = "verified"
    dkim_secret: Annotated[
        str,
        _about(
            "secret that new DKIM keys are sealed with in the store; without it later, mail of their domains waits",
            "64 characters from openssl rand -hex 32",
            secret=True,
        ),
    ] = ""
    show_tokens: Annotated[
        bool,
        _about(
            "keep Postmark's server tokens readable in the store, to show them again and again, also where no "
            "`dkim_secret` seals them; `babelpost dev` does, whose keys stand in a file beside it",
            "true",
        ),
    ] = False
    key_pepper: Annotated[
        str,
        _about(
            "secret mixed into the stored hash of every key; a change makes all keys made before it unknown",
            "64 characters from openssl rand -hex 32",
            secret=True,
        ),
    ] = ""
    dialects: Annotated[
        tuple[str, ...] | None, _about("dialects to serve; unset: all of them", '["resend", "postmark"]')
    ] = None
    hosts: Annotated[
        dict[str, tuple[str, ...]],
        _about(
            "further host names by dialect, beside the provider's own", '{ postmark = ["pm.example.com"] }'
        ),
    ] = {}
    rate_limits: Annotated[
        dict[str, Annotated[int, Meta(ge=0)]],
        _about(
            "requests per window by dialect, in place of the provider's own figure; 0: no limit",
            "{ resend = 0 }",
        ),
    ] = {}
    most_templates: Annotated[
        int, _about("active templates that a Postmark server may have", "300", ge=1, le=10_000)
    ] = 100
    worker_concurrency: Annotated[int, _about("jobs in work at once per process", "50", ge=1, le=10_000)] = 50
    claim_batch: Annotated[int, _about("jobs taken from the queue at once", "100", ge=1, le=10_000)] = 100
    lease_s: Annotated[
        int, _about("seconds after which the work of a worker that died is given to another", "60", ge=1)
    ] = 60
    retry_schedule_s: Annotated[
        tuple[_Seconds, ...],
        _about(
            "seconds to wait after each temporary failure of a delivery; the last one repeats",
            "[60, 300, 900]",
            min_length=1,
        ),
    ] = (60, 300, 900, 3600, 3 * 3600, 6 * 3600)
    give_up_after_s: Annotated[
        int,
        _about("seconds after which a delivery that only failed temporarily fails", "345600", ge=0),
    ] = 4 * 24 * 3600
    keep_bodies_days: Annotated[
        int,
        _about(
            "days after which what a message said is forgotten, files too; 0: for ever",
            "45",
            ge=0,
            le=_CENTURY,
        ),
    ] = 45
    keep_events_days: Annotated[
        int,
        _about("days after which events and bounces are forgotten; 0: for ever", "365", ge=0, le=_CENTURY),
    ] = 365
    keep_messages_days: Annotated[
        int,
        _about(
            "days after which a message is forgotten, its events and bodies with it; 0: for ever",
            "365",
            ge=0,
            le=_CENTURY,
        ),
    ] = 365
    delayed_after_s: Annotated[
        int,
        _about(
            "seconds after which a delivery that is still being tried is told once to be late; 0: never",
            "14400",
            ge=0,
        ),
    ] = 4 * 3600
    destination_concurrency: Annotated[
        int,
        _about(
            "messages in work at once per process to one recipient domain, with transport `mx`",
            "10",
            ge=1,
            le=10_000,
        ),
    ] = 10
    destination_per_minute: Annotated[
        int,
        _about(
            "messages a minute per process to one recipient domain, with transport `mx`; 0: any number",
            "600",
            ge=0,
        ),
    ] = 0
    destination_backoff_s: Annotated[
        tuple[_Seconds, ...],
        _about(
            "seconds for which a recipient domain is let be after each time in a row that none of its servers could be "
            "reached, with transport `mx`; the last one repeats",
            "[60, 300]",
            min_length=1,
        ),
    ] = (60, 120, 300, 900, 1800, 3600)
    in_flight_body_bytes: Annotated[
        int,
        _about(
            "bytes of request bodies held in memory at once, and as many of letters from other servers; more wait "
            "their turn",
            "67108864",
            ge=1024 * 1024,
        ),
    ] = 64 * 1024 * 1024
    webhook_concurrency: Annotated[
        int, _about("calls to one webhook's endpoint at the same time", "10", ge=1, le=100)
    ] = 10
    probe_webhooks: Annotated[
        bool,
        _about(
            "call a webhook's endpoint with samples before it is taken, as Postmark does; its SDKs' own tests expect "
            "that any is taken",
            "true",
        ),
    ] = False
    allow_private_targets: Annotated[
        bool,
        _about(
            "let attachment addresses, webhooks and recipients' mail servers be in private networks", "true"
        ),
    ] = False
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], _about("least severe line that is logged", "info")
    ] = "info"
    log_format: Annotated[
        Literal["json", "console"], _about("`json` for machines, `console` for eyes", "json")
    ] = "json"

    @property
    def ways(self) -> tuple[str, ...]:
        """Tell the ways out of mail that nothing else was chosen for."""
        return self.route or (self.transport,)

    @property
    def url(self) -> str:
        """Tell the address of this server, without a slash at its end."""
        if self.public_url:
            return self.public_url.rstrip("/")
        return f"http://{self._reachable}:{self.port}"

    @property
    def smtp_url(self) -> str:
        """Tell where mail is taken, empty where it is not."""
        return f"smtp://{self._reachable}:{self.smtp_port}" if self.smtp_submission else ""

    @property
    def smtps_url(self) -> str:
        """Tell where mail is taken with TLS from the start, empty where it is not."""
        wanted = self.smtp_submission and self.smtps_port is not None
        return f"smtps://{self._reachable}:{self.smtps_port}" if wanted else ""

    @property
    def is_smtp_encrypted(self) -> bool:
        """Tell whether a login by SMTP needs TLS."""
        return self.smtp_require_tls if self.smtp_require_tls is not None else not self.is_local

    @property
    def is_local(self) -> bool:
        """Tell whether no other machine can reach this server."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def console_url(self) -> str:
        """Tell where the console is, empty where there is none."""
        shown = self.console_password or (self.console_open and self.is_local)
        return f"{self.url}/_/console" if shown else ""

    @property
    def inbound_smtp_url(self) -> str:
        """Tell where mail from other servers is taken, empty where it is not."""
        return f"smtp://{self._reachable}:{self.inbound_smtp_port}" if self.inbound_smtp else ""

    @property
    def _reachable(self) -> str:
        # a wildcard is no address to connect to
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  # compared, not bound
        return f"[{host}]" if ":" in host else host

    def __repr__(self) -> str:
        """Show what is set, with a row of dots for a secret."""
        shown = (f"{name}={_masked(name, getattr(self, name))}" for name in self.__struct_fields__)
        return f"Settings({', '.join(shown)})"


# every setting's type with what was said about it, and that alone
HINTS: dict[str, Any] = get_type_hints(Settings, include_extras=True)
INFO: dict[str, Meta] = {name: get_args(hint)[1] for name, hint in HINTS.items()}


def _masked(name: str, value: object) -> str:
    return "'…'" if value and (INFO[name].extra or {}).get("secret") else repr(value)
