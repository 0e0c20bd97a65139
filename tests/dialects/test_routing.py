from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotAllowed, NotFound
from dialects.routing import Paths, Table

ROWS = (
    ("GET", "/emails", "list"),
    ("POST", "/emails", "send"),
    ("GET", "/emails/{id}", "get"),
    ("POST", "/emails/batch", "batch"),
    ("GET", "/emails/{id}/files/{file}", "file"),
    ("GET", "/emails/batch/latest", "latest"),
    ("GET", "/{any}/files/last", "last"),
    ("GET", "/{any}/{key}/end", "end"),
    ("GET", "/Templates/{Key}/Copy", "copy"),
)
SEGMENT = st.text(min_size=1, max_size=8).filter(lambda text: text.isprintable() and not text.startswith("{"))


def table(**paths):
    """Give the table of a provider with these habits."""
    return Table(Paths(**paths), ROWS)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/emails", ("list", {})),
        ("POST", "/emails", ("send", {})),
        ("GET", "/emails/", ("list", {})),
        ("GET", "//emails", ("list", {})),
        ("GET", "///emails//", ("list", {})),
        ("GET", "/emails/x", ("get", {"id": "x"})),
        ("POST", "/emails/batch", ("batch", {})),
        ("GET", "/emails/batch/latest", ("latest", {})),
        ("GET", "/emails/7/files/9", ("file", {"id": "7", "file": "9"})),
        ("GET", "/emails/7/files/last", ("file", {"id": "7", "file": "last"})),
        ("GET", "/emails/batch/files/9", ("file", {"id": "batch", "file": "9"})),
        ("GET", "/other/files/last", ("last", {"any": "other"})),
        ("GET", "/emails/7/end", ("end", {"any": "emails", "key": "7"})),
        ("GET", "/emails/a%20b", ("get", {"id": "a b"})),
        ("GET", "/emails/a%2Fb", ("get", {"id": "a/b"})),
        ("GET", "/emails/%252F", ("get", {"id": "%2F"})),
        ("GET", "/emails/a+b", ("get", {"id": "a+b"})),
        ("GET", "/emails/%C3%BC", ("get", {"id": "ü"})),
        ("GET", "/emails/%FF", ("get", {"id": "\ufffd"})),
        ("GET", "/emails/..", ("get", {"id": ".."})),
    ],
)
def test_paths_are_found(method, path, expected):
    """Literal segments win, a wrong branch is left again, a value is decoded once and after it was cut."""
    assert expected == table().find(method, path)


@pytest.mark.parametrize(
    "path",
    ["/", "", "/email", "/emails/x/files", "/emails//files/9", "/emails/x/files/9/", "/emails//", "/EMAILS"],
)
def test_other_paths_are_unknown(path):
    """A placeholder takes a segment with something in it, and a path ends where its operation does."""
    with pytest.raises(NotFound) as refused:
        table(trailing_slash=False).find("GET", path)

    assert ("path", path) == (refused.value.kind, refused.value.id)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/emails", ("GET", "POST")),
        ("PUT", "/emails/7/files/9", ("GET",)),
        ("get", "/emails", ("GET", "POST")),
        # the literal is the more exact one: that the placeholder would take the method says nothing
        ("GET", "/emails/batch", ("POST",)),
    ],
)
def test_a_path_without_the_method_names_those_it_has(method, path, allowed):
    """The methods come in the order of the alphabet."""
    with pytest.raises(NotAllowed) as refused:
        table().find(method, path)

    assert (method, allowed) == (refused.value.method, refused.value.allowed)


def test_a_thing_named_like_an_operation():
    """Where the provider's paths are found by method, a literal hides the placeholder for its own methods alone."""
    found = table(by_method=True)
    assert ("get", {"id": "batch"}) == found.find("GET", "/emails/batch")
    assert ("batch", {}) == found.find("POST", "/emails/batch")
    with pytest.raises(NotAllowed) as refused:
        found.find("DELETE", "/emails/batch")
    assert ("GET", "POST") == refused.value.allowed


def test_case_is_folded_where_the_provider_does_so():
    """Of the path's own words, never of what a placeholder holds."""
    assert ("list", {}) == table(fold_case=True).find("GET", "/EMails")
    assert ("copy", {"Key": "AbC"}) == table(fold_case=True).find("GET", "/templateS/AbC/COPY")
    assert ("copy", {"Key": "AbC"}) == table().find("GET", "/Templates/AbC/Copy")


@pytest.mark.parametrize("other", ["/emails/{other}", "/emails/{id}"])
def test_two_operations_cannot_share_a_place(other):
    """Whatever their placeholders are called."""
    with pytest.raises(ValueError, match="two operations answer GET"):
        Table(Paths(), (*ROWS, ("GET", other, "twice")))


@given(SEGMENT, SEGMENT)
def test_any_value_arrives_as_it_was_quoted(first, second):
    """What a client puts into a path, slashes and percent signs included, the handler gets."""
    found = table().find("GET", f"/emails/{quote('_' + first, safe='')}/files/{quote(second, safe='')}")

    assert ("file", {"id": "_" + first, "file": second}) == found


@given(st.text(alphabet="/ab%{}.", max_size=12), st.booleans())
def test_a_canonical_path_stays_as_it_is(path, trailing_slash):
    """Bringing a path into its form twice changes nothing more, and adds no slash."""
    paths = Paths(trailing_slash=trailing_slash)
    once = paths.canonical("/" + path)

    assert once == paths.canonical(once)
    assert not once.startswith("//")
