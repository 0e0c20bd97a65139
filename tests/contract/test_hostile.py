import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import messages
from core.paging import PageRequest
from tests.contract.surfaces import (
    DIALECTS,
    DRIVERS,
    MAIL,
    NAMES,
    as_json,
    ask,
    refuse,
    replaced,
    sample_path,
)
from tests.dialects.driver import Ask

pytestmark = pytest.mark.parametrize("name", NAMES)
VALUES = [
    "", " ", "\x00", "a\x00b@example.org", "\r\nBcc: eve@example.org", "a@example.org\r\nBcc: eve@example.org",
    "\u2028", "\ufeff", "\x85", "\x1b[31m", "\U0001f389" * 500, "x" * 100_000, "@", "a@", "@b", "a@b@c",
    "<", "<>", '"', "a@\u212a.example", "a@xn--.example", "a@" + "b." * 200 + "c", "=?utf-8?B?AA==?=",
    "{{", "{{{", "{%", "{{ name }}", "[[", "<script>", "%s%n", "../../etc/passwd", "null",
    0, -1, 2**31, 2**63, 2**64, 10**40, 1.5, 1e308, True, False, None,
    [], [[]], [None], [""], [0], {}, {"": ""}, {"a": None}, [{}] * 60,
]  # fmt: skip  # one a line would be a page
SEGMENTS = [
    "x", "%00", "%ff", "%2F", "%25", "%ED%A0%80", "..", "-1", "0", "9" * 40, "%20", "x" * 5000, "%F0%9F%8E%89",
    "0190d3b8-5b3e-7000-8000-000000000000", "msg_01JC9VGP9Y0000000000000000", "a@b", "{id}",
]  # fmt: skip
QUERIES = [
    "", "?", "?&=&", "?limit=x", "?limit=-1", "?limit=999999999999999999999", "?limit=0&offset=-1",
    "?count=x&offset=x", "?count=1&offset=99999999999999999999", "?page=0", "?page=99999999999999999999&perPage=1",
    "?after=%00", "?after=%ff", "?before=x&after=y", "?cursor=%F0", "?fromdate=%00&todate=x", "?tag=%00", "?q=%00",
    "?status=%00&type=x", "?recipient=%00&count=1&offset=0", "?subject=%00&count=1&offset=0",
    "?metadata_%00=%00&count=1&offset=0",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def judge(name, answer, case):
    """Whatever was asked, it was answered and was not the server's fault."""
    assert answer.status_code < 500, (case, answer.text)
    if answer.status_code >= 400:
        refuse(name, answer)


async def test_no_value_in_a_mail_breaks_anything(house, name):
    """Each text of the canonical mail is replaced by each value; what is accepted can be delivered."""
    key = await house.key(name)
    wanted = DRIVERS[name].send(key, MAIL)
    for field in (MAIL.sender, MAIL.to, MAIL.subject, MAIL.html):
        for value in VALUES:
            body = json.dumps(replaced(wanted.json, field, value)).encode()
            judge(name, await ask(house, name, as_json(wanted, body), key), (field, value))

    await house.settle()
    request = PageRequest(limit=1000)
    for message in (await messages.page(house.core, await house.caller(), messages.Filter(), request)).items:
        head = (await messages.source(house.core, message)).partition(b"\r\n\r\n")[0]
        assert b"\r\nbcc" not in head.lower()
        assert b"\n" not in head.replace(b"\r\n", b"")


async def test_no_path_or_query_breaks_anything(house, name):
    """Every operation with strange texts in its path and behind it."""
    key = await house.key(name)
    body = {"api_key": key}
    for operation in DIALECTS[name].operations:
        paths = {sample_path(operation, segment) for segment in SEGMENTS}
        for path in [*sorted(paths), *(sample_path(operation) + query for query in QUERIES)]:
            given = body if operation.method not in ("GET", "DELETE") else None
            wanted = Ask(method=operation.method, path=path, json=given)
            judge(name, await ask(house, name, wanted, key), (operation.method, path))


@pytest.mark.parametrize("engine", ["sqlite"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(held=JSON, field=st.sampled_from([MAIL.sender, MAIL.to, MAIL.subject, MAIL.html]))
async def test_any_json_is_answered(house, name, held, field):
    """Random JSON in every place of a mail is taken or refused."""
    key = await house.key(name)
    wanted = DRIVERS[name].send(key, MAIL)
    body = json.dumps(replaced(wanted.json, field, held)).encode()

    judge(name, await ask(house, name, as_json(wanted, body), key), held)
