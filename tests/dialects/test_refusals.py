import pytest

from core import errors
from dialects.refusals import Key, RefusalTable, Row, text


class Narrower(errors.Malformed):
    """A refusal that some dialect adds below another."""


ROWS: dict[Key, Row] = {
    errors.Refusal: Row(400, "root"),
    (errors.Refusal, "odd"): Row(400, "root-odd"),
    errors.Invalid: Row(422, "invalid", "{field} {reason}"),
    (errors.Invalid, "header"): Row(422, "invalid-header"),
    (errors.Invalid, "json"): Row(422, "never: the class below has a row of its own"),
    errors.Malformed: Row(406, "malformed"),
    (errors.Malformed, "utf8"): Row(406, "malformed-utf8"),
    errors.NotFound: Row(404, "nothing"),
    (errors.NotFound, "message"): Row(404, "no-message"),
    LookupError: Row(503, "lookup"),
    Exception: Row(500, "crash"),
}
TABLE = RefusalTable(ROWS)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.NotFound("message"), "no-message"),
        (errors.NotFound("template"), "nothing"),
        (errors.Invalid("to", "is bad"), "invalid"),
        (errors.Invalid("to", "is bad", kind="header"), "invalid-header"),
        (errors.Invalid("to", "is bad", kind="unknown"), "invalid"),
        (errors.Malformed("cut"), "malformed"),
        (errors.Malformed("cut", kind="utf8"), "malformed-utf8"),
        (errors.Mistyped("$.to", "no"), "invalid"),
        (Narrower("cut"), "malformed"),
        (Narrower("cut", kind="utf8"), "malformed-utf8"),
        (errors.QuotaExceeded(), "root"),
        (errors.QuotaExceeded(kind="odd"), "root-odd"),
        (errors.Forbidden(kind="message"), "root"),
        (KeyError("x"), "lookup"),
        (RuntimeError("x"), "crash"),
        (KeyboardInterrupt(), "crash"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_the_narrowest_row_answers(error, expected):
    """Class by class from the error's own to the root, each first with the kind, then without."""
    assert expected == TABLE.row(error).code


@pytest.mark.parametrize("missing", [errors.Refusal, Exception])
def test_a_table_without_a_root_is_none(missing):
    """There is nothing that a table has no answer to, or the server does not start."""
    with pytest.raises(ValueError, match=f"no row for {missing.__name__}"):
        RefusalTable({key: row for key, row in ROWS.items() if key is not missing})


@pytest.mark.parametrize(
    ("words", "error", "expected"),
    [
        ("Never.", errors.Invalid("to", "is bad"), "Never."),
        ("{text}", errors.Invalid("to", "is bad"), "to: is bad"),
        ("{field} {reason} {value}.", errors.Invalid("to", "is bad", value="x"), "to is bad x."),
        ("{kind} {id}", errors.NotFound("message", "7"), "message 7"),
        ("{limit} {what}", errors.TooLarge("body", 9), "9 body"),
        ("{address} {domain}", errors.Unverified("a@b.c"), "a@b.c b.c"),
        ("{retry_after} s", errors.RateLimited(0), "1 s"),
        ("{template} {line}", errors.RenderFailed("t", "why", line=3), "t 3"),
        ("{path} {offset}", errors.Mistyped("$.to", "why"), "$.to "),
        ("{reason}", errors.Invalid("to", "{field} and {0} are no places"), "{field} and {0} are no places"),
    ],
)
def test_a_row_is_filled_with_facts(words, error, expected):
    """What a refusal does not know stays empty, and braces of a caller's own text mean nothing."""
    assert expected == text(Row(400, "x", words), error)
