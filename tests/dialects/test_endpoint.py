import inspect
from contextlib import nullcontext
from typing import Any, cast

import msgspec
import pytest

from core.budget import Budget
from core.core import Caller, Core
from core.errors import Forbidden, Invalid, Malformed, Mistyped, TooLarge
from dialects.endpoint import Call, Codec, Compiled, Operation, delete, get, patch, post, put
from dialects.refusals import Answer
from dialects.request import Request
from tests.dialects.asgi import request


class Body(msgspec.Struct):
    """What the handlers here take."""

    name: str = ""
    sizes: list[int] = []


class Query(msgspec.Struct):
    """What they are asked with."""

    limit: int = 20
    open: bool = False


class House:
    """As much of a core as the adapter uses."""

    def __init__(self) -> None:
        self.bodies = Budget(1000)


CORE = cast("Core", House())
CALLER = Caller(account_id="an-account")


async def guard(core: Core, request: Request) -> Caller:
    """Let everybody in."""
    return CALLER


async def everything(call: Call, body: Body, query: Query, id: str) -> dict[str, Any]:
    """Take all that a handler can take."""
    call.headers.append((b"x-own", b"1"))
    return {"caller": call.caller.account_id, "name": body.name, "limit": query.limit, "id": id}


async def nothing() -> list[int]:
    """Take nothing."""
    return [1]


def compiled(operation, admit=None, guard=guard):
    """Make an operation ready to run."""
    return Compiled(operation, guard, Codec(), admit)


async def test_a_handler_gets_what_its_parameters_name():
    """The answer is its result, encoded, with the headers that it set."""
    asked = request(b'{"name": "n"}', query="limit=5")
    answer = await compiled(post("/things/{id}/{other}", everything, status=201)).run(
        CORE, asked, {"id": "7", "other": "x"}
    )

    assert {"caller": "an-account", "name": "n", "limit": 5, "id": "7"} == msgspec.json.decode(answer.body)
    assert (201, ((b"x-own", b"1"),)) == (answer.status, answer.headers)


async def test_a_handler_may_take_nothing():
    """Then its body is not even read."""
    assert Answer(200, b"[1]") == await compiled(get("/things", nothing)).run(CORE, request(b"{"), {})


async def test_a_handler_may_answer_by_itself():
    """Its status and bytes stay as they are; the call's headers follow its own."""

    async def answer(call: Call) -> Answer:
        call.headers.append((b"x-b", b"2"))
        return Answer(418, b"tea", ((b"x-a", b"1"),))

    expected = Answer(418, b"tea", ((b"x-a", b"1"), (b"x-b", b"2")))
    assert expected == await compiled(get("/tea", answer)).run(CORE, request(), {})


@pytest.mark.parametrize("name", ["bodies", "id", "request", "core", "self"])
def test_no_parameter_may_have_another_name(name):
    """A handler that asks for what there is not stops the server from starting."""

    async def odd(**given: object) -> None:
        pass

    parameter = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY)
    odd.__signature__ = inspect.Signature([parameter])  # type: ignore[attr-defined]  # so that names are a table
    with pytest.raises(TypeError, match=rf"test_endpoint\.odd: no parameter may be called {name}"):
        compiled(get("/things/{key}", odd))


@pytest.mark.parametrize(
    ("raw", "refused", "facts"),
    [
        (b"{", Malformed, {"kind": "json"}),
        (b'{"name": "\xff"}', Malformed, {"kind": "utf8"}),
        (b'{"name": 1}', Mistyped, {"path": "$.name", "field": "name"}),
        (b'{"sizes": [1, "2"]}', Mistyped, {"path": "$.sizes[1]", "field": "sizes[1]"}),
        (b"[]", Mistyped, {"path": "$", "field": "body"}),
        (b'{"sizes": ' + b"[" * 100_000, Mistyped, {"field": "sizes[0]"}),
        (b'{"x": ' + b"[" * 100_000, Malformed, {"kind": "json"}),
    ],
    ids=["cut", "no-utf8", "type", "type-inside", "list", "deep-typed", "deep"],
)
async def test_a_body_that_does_not_fit_is_refused_with_facts(raw, refused, facts):
    """Where it is wrong, in words that a dialect can put into its own."""
    with pytest.raises(refused) as caught:
        await compiled(post("/{id}", everything)).run(CORE, request(raw, limit_bytes=10**7), {"id": "7"})

    assert facts == {name: getattr(caught.value, name) for name in facts}


@pytest.mark.parametrize("raw", [b"", b" \r\n", b"{}", b'{"unknown": [1]}'])
async def test_no_body_is_an_empty_object(raw):
    """And fields that nobody knows are passed over."""
    answer = await compiled(post("/{id}", everything)).run(CORE, request(raw), {"id": "7"})

    assert "" == msgspec.json.decode(answer.body)["name"]


@pytest.mark.parametrize(("query", "limit"), [("", 20), ("limit=", 20), ("limit=1&limit=2", 2), ("x=1", 20)])
async def test_a_query_is_read_by_its_types(query, limit):
    """The last of a repeated key wins, a blank value is none."""
    answer = await compiled(post("/{id}", everything)).run(CORE, request(query=query), {"id": "7"})

    assert limit == msgspec.json.decode(answer.body)["limit"]


@pytest.mark.parametrize("query", ["limit=x", "limit=1.5", "open=maybe"])
async def test_a_query_of_a_wrong_type_is_refused(query):
    """With the name of the parameter."""
    with pytest.raises(Mistyped) as refused:
        await compiled(post("/{id}", everything)).run(CORE, request(query=query), {"id": "7"})

    assert query.partition("=")[0] == refused.value.field


async def test_the_guard_goes_first_and_admission_second():
    """A stranger's body is neither read nor judged, and what admission told goes with a refusal."""
    seen = []

    async def strict(core: Core, request: Request) -> Caller:
        seen.append("guard")
        return CALLER

    async def admit(call: Call) -> None:
        seen.append("admit")
        call.headers.append((b"x-left", b"0"))
        raise Forbidden(kind="full")

    asked = request(b"{")
    with pytest.raises(Forbidden):
        await compiled(post("/{id}", everything), admit, strict).run(CORE, asked, {"id": "7"})

    assert ["guard", "admit"] == seen
    assert [(b"x-left", b"0")] == asked.headers_out


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b'{"name": "' + b"x" * 70_000 + b'"}', nullcontext()),
        (b'{"name": ' + b" " * 70_000, pytest.raises(Malformed)),
    ],
    ids=["taken", "refused"],
)
async def test_room_for_a_large_body_is_given_back(raw, error):
    """Whether the call went well or not."""
    held = House()
    held.bodies = Budget(10**6)
    asked = request(raw, limit_bytes=10**6, headers={"content-length": str(len(raw))})
    operation = compiled(post("/{id}", everything, limit_bytes=10**6))

    with error:
        await operation.run(cast("Core", held), asked, {"id": "7"})

    assert 0 == held.bodies._used


async def test_a_large_body_is_let_go_before_its_handler_works():
    """Else it would be held twice: as it came, and as what it says."""
    left = []

    async def look(call: Call, body: Body) -> None:
        left.append(call.request.body)

    await compiled(post("/x", look)).run(CORE, request(b'{"name": "n"}'), {})

    assert [b""] == left


async def test_an_operations_own_limit_counts():
    """A body within the default may be too large for one operation."""
    with pytest.raises(TooLarge):
        await compiled(post("/{id}", everything, limit_bytes=3)).run(CORE, request(b"{   }"), {"id": "7"})


@pytest.mark.parametrize(
    ("operation", "method", "status", "limit_bytes"),
    [
        (get("/x", nothing), "GET", 200, 1 << 20),
        (post("/x", nothing, status=202, limit_bytes=5), "POST", 202, 5),
        (patch("/x", nothing, limit_bytes=6), "PATCH", 200, 6),
        (put("/x", nothing, limit_bytes=7), "PUT", 200, 7),
        (delete("/x", nothing, status=204), "DELETE", 204, 1 << 20),
        (Operation(method="HEAD", path="/x", handler=nothing), "HEAD", 200, 1 << 20),
    ],
    ids=lambda case: case.method if isinstance(case, Operation) else "",
)
def test_a_row_says_what_it_is(operation, method, status, limit_bytes):
    """Its name is the handler's, with its module before it."""
    assert (method, "/x", status, limit_bytes) == (
        operation.method,
        operation.path,
        operation.status,
        operation.limit_bytes,
    )
    assert "test_endpoint.nothing" == operation.name


def test_mistyped_is_invalid():
    """Who has a row for what is invalid has one for what is of a wrong type."""
    assert issubclass(Mistyped, Invalid)
    assert issubclass(Malformed, Invalid)
