"""One stream of log lines, ours and our libraries', each with the request or job it belongs to."""

import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, Literal

import msgspec
import structlog

# one variable for all facts costs a third of structlog's one variable for each, and every request pays it
_FACTS: ContextVar[Mapping[str, str]] = ContextVar("facts", default={})  # noqa: B039  # replaced, never changed

# what a line may never carry, whoever wrote it
_UNSPOKEN = frozenset(
    {"api_key", "authorization", "body", "headers", "html", "key", "password", "secret", "text", "token"}
)

# at INFO httpx logs whole addresses, tokens included
_TALKATIVE = ("httpcore", "httpx")
# aiosmtpd logs the commands of its clients, and a line it does not know as a warning: that may be half a login
_MUTE = ("mail.log",)


def configure(level: Literal["debug", "info", "warning", "error"], form: Literal["json", "console"]) -> None:
    """Send every line of this process from ``level`` on to stderr; safe to repeat.

    Start uvicorn with ``log_config=None`` and ``access_log=False``: its own lines then come here, and its
    access lines, which would show query strings, are not made.
    """
    severity = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            _add_facts,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _withhold,
            *_renderers(form),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(severity),
        logger_factory=structlog.WriteLoggerFactory(file=_Stderr()),  # type: ignore[arg-type]  # write and flush do
        # a logger kept from before would not notice a second call
        cache_logger_on_first_use=False,
    )
    _adopt(severity)


def bind(**facts: str) -> None:
    """Put facts (request_id, dialect) on every line that this task writes from now on."""
    _FACTS.set(facts)


class _Stderr:
    """Whatever stderr is at the time of the line, for one that was replaced since may be closed."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


class _Adopter(logging.Handler):
    """Hands what libraries log through the standard library to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info
        )


def _adopt(severity: int) -> None:
    root = logging.getLogger()
    if not any(isinstance(handler, _Adopter) for handler in root.handlers):
        root.addHandler(_Adopter())
    root.setLevel(severity)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(severity, logging.WARNING))
    for name in _MUTE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _renderers(form: Literal["json", "console"]) -> tuple[structlog.typing.Processor, ...]:
    if form == "json":
        return (structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_encode))
    # the plain traceback shows no local variables, which may hold a body
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    return (console,)


def _add_facts(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in _FACTS.get().items():
        event.setdefault(name, value)
    return event


def _withhold(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in _UNSPOKEN & event.keys():
        event[name] = "…"
    return event


def _encode(event: object, **_options: object) -> str:
    try:
        return msgspec.json.encode(event, enc_hook=repr).decode()
    except UnicodeEncodeError:  # half a surrogate pair, which a client can put into JSON
        return json.dumps(event, default=repr)
