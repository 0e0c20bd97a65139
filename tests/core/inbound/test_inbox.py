import msgspec
import pytest

from core import ids, inbound
from core.accounts import WorkspaceSettings
from core.clock import DAY
from core.errors import Conflict, Invalid, NotFound
from core.inbound import Filter, rules
from core.paging import PageRequest
from tests.core.post import alter, arrival, caller_in, count, letter_in, select

TEXT = b"From: Ann <ann@example.org>\r\nTo: help@in.example\r\nSubject: Hi 100%\r\n\r\nHello\r\n"
FILE = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\n\r\nhi\r\n--b--"


async def told(core):
    """Give the ids of the letters that whoever listens hears of, in order."""
    return [
        row[0]
        for row in await select(core, "SELECT message_id FROM events WHERE kind = 'received' ORDER BY id")
    ]


@pytest.mark.parametrize(
    ("rule", "raw", "mail_from", "blocked"),
    [
        ("Ann@Example.org", TEXT, "bounce@other.example", True),
        ("example.org", TEXT, "bounce@other.example", True),
        ("other.example", TEXT, "bounce@Other.example", True),
        ("mail.example.org", TEXT, "", False),
        ("org", TEXT, "", None),
        ("bob@example.org", TEXT, "", False),
        ("Bücher.example", TEXT, "a@xn--bcher-kva.example", True),
        ("xn--bcher-kva.example", TEXT, "a@Bücher.example", True),
        ("a@bücher.example", b"From: A@B\xc3\xbccher.example\r\n\r\nx", "", True),
        ("jürgen@example.org", "From: <Jürgen@example.org>\r\n\r\nx".encode(), "", True),
    ],
)
async def test_rules_block_senders(core, caller, rule, raw, mail_from, blocked):
    """Exactly an address or a domain, of the envelope or of From; what is blocked is kept and told to nobody."""
    if blocked is None:
        with pytest.raises(Invalid):
            await rules.create(core, caller, rule)
        return
    await rules.create(core, caller, rule)
    held = await letter_in(core, caller, raw, mail_from=mail_from)
    foreign = await letter_in(core, await caller_in(core, "other"), raw, mail_from=mail_from)

    expected = ("blocked", f"The sender matches the rule {rule}.") if blocked else ("processed", "")
    assert expected == (held.state, held.reason)
    assert "processed" == foreign.state
    assert ([foreign.id] if blocked else [held.id, foreign.id]) == await told(core)


@pytest.mark.parametrize(
    ("threshold", "score", "blocked"), [(5, 5.1, True), (5, 5, False), (0, 99, False), (5, "", False)]
)
async def test_a_threshold_blocks_spam(core, caller, threshold, score, blocked):
    """Only what a scanner gave more than the workspace bears; 0 bears everything."""
    settings = msgspec.msgpack.encode(WorkspaceSettings(inbound_spam_threshold=threshold))
    await alter(core, "UPDATE workspaces SET settings = :settings", settings=settings)
    held = await letter_in(core, caller, b"X-Spam-Score: %s\r\n" % str(score).encode() + TEXT)
    expected = ("blocked", "The spam score 5.1 is above 5.") if blocked else ("processed", "")
    assert expected == (held.state, held.reason)


async def test_rules_are_kept_in_order(core, caller):
    """As they were given, each once, whatever the case; each workspace has its own."""
    other = await caller_in(core, "other")
    made = [
        await rules.create(core, caller, each) for each in ("Spam.example", "a@b.example", "node-v20.19.com")
    ]
    await rules.create(core, other, "spam.example")
    with pytest.raises(Conflict):
        await rules.create(core, caller, "SPAM.example")
    page = await rules.page(core, caller, PageRequest(limit=2, total=True))
    assert (tuple(made[:2]), True, 3) == (page.items, page.more, page.total)
    assert tuple(made[2:]) == (await rules.page(core, caller, PageRequest(limit=2, offset=2))).items
    with pytest.raises(NotFound):
        await rules.delete(core, other, made[0].number)
    assert made[0] == await rules.delete(core, caller, made[0].number)
    with pytest.raises(NotFound):
        await rules.delete(core, caller, made[0].number)


@pytest.mark.parametrize(
    "rule", ["", "localhost", "a b.example", "@b.example", "a@b@c.example", "x\x00.example", "a." * 200]
)
async def test_what_is_no_rule(core, caller, rule):
    """Neither an address nor a domain."""
    with pytest.raises(Invalid):
        await rules.create(core, caller, rule)


async def test_a_block_can_be_passed(core, caller):
    """Once; then the letter is like any other, and whoever listens hears of it."""
    await rules.create(core, caller, "example.org")
    held = await letter_in(core, caller, TEXT)
    other = await caller_in(core, "other")
    for who, id in ((other, held.id), (caller, ids.new())):
        with pytest.raises(NotFound):
            await inbound.bypass(core, who, id)
    await inbound.bypass(core, caller, held.id)
    with pytest.raises(NotFound):
        await inbound.bypass(core, caller, held.id)
    assert ("processed", [held.id]) == ((await inbound.get(core, caller, held.id)).state, await told(core))


async def test_what_nobody_took_can_be_told_again(core, caller):
    """Only then."""
    held = await letter_in(core, caller, TEXT)
    with pytest.raises(NotFound):
        await inbound.retry(core, caller, held.id)
    await alter(core, "UPDATE inbound SET state = 'failed'")
    await inbound.retry(core, caller, held.id)
    # without a webhook nobody is left to be told
    assert ("processed", [held.id] * 2) == (
        (await inbound.get(core, caller, held.id)).state,
        await told(core),
    )


async def test_files_and_source_are_apart(core, caller):
    """A list reads neither bodies nor files; each file and the source are read by themselves."""
    held = await letter_in(core, caller, FILE)
    (shown,) = (await inbound.page(core, caller, Filter(), PageRequest())).items
    assert (None, held.head) == (shown.body, shown.head)
    assert [("part-1.png", 2)] == [(each.name, each.size_bytes) for each in shown.head.files]
    assert len({each.id for each in shown.head.files}) == 1
    assert b"hi" == await inbound.file(core, held, 0)
    assert b"Received: here\r\n" + FILE == await inbound.source(core, held)
    with pytest.raises(NotFound):
        await inbound.file(core, held, 1)
    await alter(core, "DELETE FROM inbound_sources")
    with pytest.raises(NotFound):
        await inbound.source(core, held)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [2, 1, 0]),
        ({"recipient": "HELP@in.example"}, [2, 1, 0]),
        ({"recipient": "x+t1@in.example"}, [1]),
        ({"recipient": "in.example"}, []),
        ({"sender": "Ann@example.org"}, [2, 0]),
        ({"sender": "example.org"}, []),
        ({"subject": "hI 100%"}, [2, 0]),
        ({"subject": "H%i"}, []),
        ({"mailbox_hash": "t1"}, [1]),
        ({"mailbox_hash": "T1"}, []),
        ({"tag": ""}, [2, 1, 0]),
        ({"tag": "x"}, []),
        ({"states": ("processed",)}, [1, 0]),
        ({"states": ("blocked", "failed")}, [2]),
        ({"subject": "\x00"}, []),
    ],
)
async def test_filters(core, caller, wanted, found):
    """Each narrows the list."""
    other = b"From: bob@example.net\r\nTo: help@in.example\r\nSubject: other\r\n\r\n"
    made = [
        await letter_in(core, caller, TEXT),
        await letter_in(core, caller, other, to=("x+t1@in.example",)),
    ]
    await rules.create(core, caller, "ann@example.org")
    made.append(await letter_in(core, caller, TEXT))
    await letter_in(core, await caller_in(core, "other"), TEXT)

    page = await inbound.page(core, caller, Filter(**wanted), PageRequest(total=True))
    assert [made[each].id for each in found] == [each.id for each in page.items]
    assert len(found) == page.total


async def test_pages_and_dates(core, caller):
    """By offset and by cursor, in both directions; since is inclusive, until is not."""
    made = [(await letter_in(core, caller, TEXT)).id for _ in range(5)][::-1]
    page = await inbound.page(core, caller, Filter(), PageRequest(limit=2, offset=2, total=True))
    assert (made[2:4], True, 5) == ([each.id for each in page.items], page.more, page.total)
    page = await inbound.page(core, caller, Filter(), PageRequest(limit=3, after=made[1]))
    assert (made[2:], False) == ([each.id for each in page.items], page.more)
    page = await inbound.page(core, caller, Filter(), PageRequest(limit=2, before=made[3]))
    assert (made[1:3], True) == ([each.id for each in page.items], page.more)
    with pytest.raises(NotFound):
        await inbound.page(core, await caller_in(core, "other"), Filter(), PageRequest(after=made[1]))
    now = core.clock.now()
    for wanted, expected in (
        (Filter(since=now - DAY, until=now + DAY), 5),
        (Filter(until=now - DAY), 0),
        (Filter(since=now + DAY), 0),
    ):
        page = await inbound.page(core, caller, wanted, PageRequest())
        assert expected == len(page.items)


async def test_a_letter_is_nobody_elses(core, caller):
    """An id of another workspace is like one that does not exist."""
    held = await letter_in(core, caller, TEXT)
    for who, id in ((await caller_in(core, "other"), held.id), (caller, ids.new()), (caller, "\x00")):
        with pytest.raises(NotFound):
            await inbound.get(core, who, id)


async def test_one_letter_that_cannot_be_kept_spoils_no_other(core, caller, monkeypatch):
    """Letters that share a commit are kept or refused each for itself."""
    good, bad = arrival(caller, TEXT), arrival(caller, TEXT)
    bad.id = good.id
    with pytest.raises(Exception, match=r"(?i)unique"):
        await core.inbox.add([good, bad])
    assert 0 == await count(core, "inbound")
    await core.inbox.add([good])
    assert 1 == await count(core, "inbound")


async def test_the_managed_address_is_made_once(core, caller):
    """It stays the same; each workspace has its own; without a host there is none."""
    object.__setattr__(core, "policy", msgspec.structs.replace(core.policy, inbound_host=""))
    assert "" == await inbound.address_of(core, caller.workspace_id)
    object.__setattr__(core, "policy", msgspec.structs.replace(core.policy, inbound_host="in.example"))
    address = await inbound.address_of(core, caller.workspace_id)
    other = await inbound.address_of(core, (await caller_in(core, "other")).workspace_id)
    local, _, host = address.partition("@")
    assert (32, "in.example") == (len(local), host)
    assert int(local, 16) >= 0
    assert address == await inbound.address_of(core, caller.workspace_id)
    assert address != other


async def test_a_domain_has_one_owner(core, caller):
    """Whoever was first; until it is taken away."""
    other = await caller_in(core, "other")
    await inbound.add_domain(core, caller, "*.Shop.example")
    await inbound.add_domain(core, caller, "*.shop.example")
    with pytest.raises(Conflict):
        await inbound.add_domain(core, other, "*.shop.example")
    for bad in ("", "localhost", "*", "*.", "a@b.example", "x y.example", "*.*.example", "-.example"):
        with pytest.raises(Invalid):
            await inbound.add_domain(core, caller, bad)
    assert ["*.shop.example"] == [each.name for each in await inbound.domains(core, caller)]
    with pytest.raises(NotFound):
        await inbound.remove_domain(core, other, "*.shop.example")
    await inbound.remove_domain(core, caller, "*.shop.example")
    assert await inbound.place(core, "a@b.shop.example") is None


@pytest.mark.parametrize("local", ["\x00", "\udcff", "x" * 257, "", "a\r\nb"])
async def test_addresses_that_nothing_can_keep(core, caller, local):
    """They are nobody's, whatever the domain."""
    await inbound.add_domain(core, caller, "shop.example")
    assert await inbound.place(core, f"{local}@shop.example") is None
