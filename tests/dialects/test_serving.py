from typing import Any, cast

import pytest

from core.core import Caller, Core
from core.errors import Forbidden, NotFound, Refusal
from core.store.database import StoreUnavailable
from dialects.dialect import Dialect, Group, Marks
from dialects.endpoint import Call, get
from dialects.refusals import Answer, RefusalTable, Row, text
from dialects.request import ClientGone, Request
from dialects.serving import Served, Surface
from tests.dialects.asgi import gone, kept, scope

CORE = cast("Core", None)
TABLE = RefusalTable(
    {Refusal: Row(400, "no", "{text}"), NotFound: Row(404, "none"), Exception: Row(500, "crash", "Sorry.")}
)


def tell(error: BaseException, request: Request | None) -> Answer:
    """Tell an error as a line of text."""
    row = TABLE.row(error)
    return Answer(
        row.status, f"{row.code}: {text(row, error)}".encode(), ((b"x-row", str(row.code).encode()),)
    )


async def guard(core: Core, request: Request) -> Caller:
    """Let everybody in."""
    return Caller(account_id="")


async def well(call: Call) -> str:
    """Go well."""
    return "well"


async def refusing(call: Call) -> str:
    """Set a header, then refuse."""
    call.headers.append((b"x-early", b"1"))
    raise Forbidden("Not you.")


async def silent() -> Answer:
    """Have nothing to say."""
    return Answer(204, b"")


async def crashing() -> str:
    """Crash."""
    raise RuntimeError("secret")


async def down() -> str:
    """Find no store."""
    raise StoreUnavailable("secret")


async def left() -> str:
    """Find nobody to answer."""
    raise ClientGone


async def serve(path: str, **more: Any) -> tuple[Served, list[dict[str, Any]]]:
    """Serve a request with a dialect of these operations."""
    rows = (get("/well", well), get("/refusing", refusing), get("/crashing", crashing), get("/down", down))
    dialect = Dialect(
        name="made",
        groups=(Group(guard, (*rows, get("/left", left), get("/silent", silent))),),
        tell=tell,
        hosts=(),
        marks=Marks(),
        keys=(),
        sample="",
        request_id=lambda given: f"r_{given}",
        **more,
    )
    sent, send = kept()
    served = await Surface(dialect).serve(CORE, scope("GET"), gone, send, path, "7")
    return served, sent


@pytest.mark.parametrize(
    ("path", "served", "body"),
    [
        ("/well", Served("test_serving.well", 200), b'"well"'),
        ("/refusing", Served("test_serving.refusing", 400), b"no: Not you."),
        ("/crashing", Served("test_serving.crashing", 500), b"crash: Sorry."),
        ("/down", Served("test_serving.down", 500), b"crash: Sorry."),
        ("/nowhere", Served("none", 404), b"none: No such path."),
    ],
)
async def test_everything_is_answered_in_the_dialects_words(path, served, body):
    """With the length of the body and the request's id in the dialect's form."""
    told, sent = await serve(path)

    assert served == told
    assert ["http.response.start", "http.response.body"] == [each["type"] for each in sent]
    assert (served.status, body) == (sent[0]["status"], sent[1]["body"])
    headers = dict(sent[0]["headers"])
    assert b"%d" % len(body) == headers[b"content-length"]
    assert b"r_7" == headers[b"x-request-id"]
    assert b"application/json; charset=utf-8" == headers[b"content-type"]


async def test_what_is_empty_has_no_length():
    """RFC 9110 8.6: no Content-Length with 204, and no type of what is not there."""
    told, sent = await serve("/silent")

    assert (Served("test_serving.silent", 204), b"") == (told, sent[1]["body"])
    assert {b"x-request-id"} == dict(sent[0]["headers"]).keys()


async def test_a_refusal_carries_what_the_call_had_set():
    """A header of a call that went wrong later stands beside the refusal's own."""
    _, sent = await serve("/refusing")

    assert {(b"x-early", b"1"), (b"x-row", b"no")} <= set(sent[0]["headers"])


async def test_nobody_is_answered_where_nobody_is():
    """The log says 499."""
    assert (Served("test_serving.left", 499), []) == await serve("/left")


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Forbidden("Better."), 400),
        (NotFound("method"), 404),
        (RuntimeError("secret"), 500),
        (StoreUnavailable("x"), 500),
    ],
)
@pytest.mark.parametrize("returned", [True, False])
async def test_a_dialect_may_know_better_why_there_is_nothing(outcome, status, returned):
    """It returns another refusal, or raises one; its crash is a crash. A path that exists is none of its business."""

    async def unmatched(core: Core, request: Request, refusal: Refusal) -> Refusal:
        assert "path" == refusal.kind
        if returned and isinstance(outcome, Refusal):
            return outcome
        raise outcome

    told, _ = await serve("/nowhere", unmatched=unmatched)

    assert Served("none", status) == told
    assert Served("test_serving.refusing", 400) == (await serve("/refusing", unmatched=unmatched))[0]
