import asyncio
import json
import logging
import sys

import pytest
import structlog

from gateway import logs


@pytest.fixture(autouse=True)
def _put_back():
    """Leave the process's logging as it was."""
    names = (None, *logs._TALKATIVE, *logs._MUTE)
    levels = {name: logging.getLogger(name).level for name in names}
    handlers = list(logging.getLogger().handlers)
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def lines(capsys):
    """Give a function that reads what was logged since, line by line, as JSON."""

    def read():
        captured = capsys.readouterr()
        assert "" == captured.out
        return [json.loads(line) for line in captured.err.splitlines()]

    return read


def test_a_line_is_one_json_object_on_stderr(lines):
    """Machines read one object per line, and stdout stays free for what a command prints."""
    logs.configure("info", "json")

    structlog.get_logger().info("accepted", count=2, odd=object)

    (line,) = lines()
    assert ("accepted", "info", 2, repr(object)) == (line["event"], line["level"], line["count"], line["odd"])
    assert line["timestamp"].endswith("Z")


def test_console_lines_are_for_eyes(capsys):
    """In development a line is words, not braces."""
    logs.configure("info", "console")

    structlog.get_logger().info("accepted", count=2)

    error = capsys.readouterr().err
    assert "accepted" in error
    assert "count=2" in error
    assert "{" not in error


@pytest.mark.parametrize(("level", "expected"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_lines_below_the_level_are_not_made(lines, level, expected):
    """The level cuts off our lines and those of libraries alike."""
    logs.configure(level, "json")

    for log in (structlog.get_logger(), logging.getLogger("uvicorn.error")):
        for name in ("debug", "info", "warning", "error"):
            getattr(log, name)("said")

    assert 2 * expected == len(lines())


def test_a_line_below_the_level_costs_nothing_but_its_call():
    """What would be logged is not even looked at."""

    class Dear:
        def __repr__(self):
            raise AssertionError

    logs.configure("warning", "json")

    structlog.get_logger().info("said", dear=Dear())


async def test_facts_stand_on_every_line_of_their_task_alone(lines):
    """Lines of one request can be found by its id, whichever module or library wrote them; another's are its own."""
    logs.configure("info", "json")

    async def request(name):
        logs.bind(request_id=name, dialect="d")
        await asyncio.sleep(0)
        structlog.get_logger().info("ours", dialect="said by the line itself")
        logging.getLogger("uvicorn.error").info("theirs")

    await asyncio.gather(request("r1"), request("r2"))
    structlog.get_logger().info("after")

    *told, after = lines()
    said = [("r1", "said by the line itself"), ("r1", "d"), ("r2", "said by the line itself"), ("r2", "d")]
    assert said == [(line["request_id"], line["dialect"]) for line in told]
    assert "request_id" not in after


@pytest.mark.parametrize("form", ["json", "console"])
def test_bodies_and_credentials_are_withheld(capsys, form):
    """A careless line does not spill what a caller entrusted to us."""
    logs.configure("debug", form)

    structlog.get_logger().info("careless", **dict.fromkeys(logs._UNSPOKEN, "hunter2"))

    assert "hunter2" not in capsys.readouterr().err


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_crash_is_told_with_its_traceback_and_without_its_variables(capsys, form):
    """The log gets everything about a crash but the values it was working on."""
    logs.configure("info", form)
    body = "hunter" + "2"

    try:
        int(body[:6])
    except ValueError:
        structlog.get_logger().exception("crashed")

    error = capsys.readouterr().err
    assert "ValueError: invalid literal" in error
    assert "hunter2" not in error


@pytest.mark.parametrize("name", logs._TALKATIVE)
def test_libraries_that_log_wires_are_kept_short(lines, name):
    """What a library would say of addresses and commands is not logged, even when debugging."""
    logs.configure("debug", "json")

    logging.getLogger(name).info("AUTH PLAIN hunter2")
    logging.getLogger(name).warning("trouble")

    assert ["trouble"] == [line["event"] for line in lines()]


@pytest.mark.parametrize("name", logs._MUTE)
def test_libraries_that_log_secrets_as_warnings_are_mute(lines, name):
    """Half a login that a client sent as a command is not logged as an unknown one."""
    logs.configure("debug", "json")

    logging.getLogger(name).warning("unrecognised: hunter2")

    assert [] == lines()


def test_text_that_is_no_unicode_is_still_logged(lines):
    """A line about half a surrogate pair does not fail the request it speaks of."""
    logs.configure("info", "json")

    structlog.get_logger().info("odd", subject="\ud83d")

    assert ["\ud83d"] == [line["subject"] for line in lines()]


def test_configuring_again_replaces_the_first(lines):
    """A second call counts for loggers that were in use already, and doubles nothing."""
    log = structlog.get_logger()
    logs.configure("error", "console")
    log.error("before")
    sys.stderr.flush()
    logs.configure("info", "json")
    with pytest.raises(json.JSONDecodeError):
        lines()

    log.info("ours")
    logging.getLogger("uvicorn.error").info("theirs")

    assert ["ours", "theirs"] == [line["event"] for line in lines()]
