"""Messages read back: by page, by filter, and never past the caller's own workspace and environment."""

import asyncio

import msgspec
import pytest

from core import addresses, events, messages, suppressions
from core.errors import NotFound
from core.messages import Attachment, Content, Filter, NewBatch, TemplateUse, reading
from core.mime import Letter, Part, build
from core.paging import PageRequest
from tests.core.post import ANN, BOB, CAT, SENDER, accepted, alter, caller_in, draft, parsed, party

ALL = Filter()
PLAN = Attachment(filename="plan.pdf", content_type="application/pdf", data=bytes(range(256)) * 99)


async def sent(core, caller, *drafts):
    """The ids of what was submitted, in order."""
    return [(await messages.submit(core, caller, each)).id for each in drafts]


async def ids(core, caller, wanted=ALL, **request):
    """A page's ids, whether there is more, and the total."""
    page = await messages.page(core, caller, wanted, PageRequest(**request))
    return [each.id for each in page.items], page.more, page.total


async def found(core, caller, **wanted):
    """The ids of all that a filter lets through."""
    return (await ids(core, caller, Filter(**wanted), limit=100))[0]


@pytest.fixture
async def ten(core, caller):
    """Ten messages, the newest first."""
    return (await sent(core, caller, *[draft(subject=str(n)) for n in range(10)]))[::-1]


async def test_pages_by_cursor_walk_to_the_end_and_back(core, caller, ten):
    """From the newest to the oldest and back again, no message is missed and none comes twice."""
    forth, cursor, more = [], None, True
    while more:
        page, more, _ = await ids(core, caller, limit=3, after=cursor)
        forth.append(page)
        cursor = page[-1]
    assert [ten[0:3], ten[3:6], ten[6:9], ten[9:]] == forth

    back, cursor, more = [], ten[-1], True
    while more:
        page, more, _ = await ids(core, caller, limit=3, before=cursor)
        back.append(page)
        cursor = page[0]
    assert [ten[6:9], ten[3:6], ten[0:3]] == back


@pytest.mark.parametrize(
    ("request_", "expected", "more"),
    [
        ({"limit": 4}, slice(0, 4), True),
        ({"limit": 10}, slice(0, 10), False),
        ({"limit": 3, "offset": 8}, slice(8, 10), False),
        ({"limit": 3, "offset": 2}, slice(2, 5), True),
        ({"limit": 3, "offset": 99}, slice(99, 99), False),
    ],
)
async def test_pages_by_offset(core, caller, ten, request_, expected, more):
    """Any part of the list, with the count of all whatever the part."""
    assert (ten[expected], more, 10) == await ids(core, caller, total=True, **request_)


@pytest.mark.parametrize("where", ["after", "before"])
@pytest.mark.parametrize("cursor", ["nonsense", "", "0189d2a5-0000-7000-8000-000000000000", "\x00"])
async def test_a_cursor_that_names_nothing_is_refused(core, caller, ten, where, cursor):
    """It is told, not taken for the beginning."""
    with pytest.raises(NotFound) as refused:
        await ids(core, caller, **{where: cursor})

    assert "cursor" == refused.value.kind


async def test_others_see_nothing(core, caller, ten):
    """Another workspace, and the other environment of the same one: no list, no message, no cursor, no batch."""
    await messages.submit_all(core, caller, [draft()], batch=NewBatch(uid="u"))
    for other in (await caller_in(core, "other"), await caller_in(core, environment="test")):
        assert ([], False, 0) == await ids(core, other, total=True)
        assert [] == await messages.batches(core, other, since=0)
        assert 0 == sum([1 async for _ in messages.summaries(core, other, since=0)])
        for call in (
            messages.get(core, other, ten[0]),
            messages.cancel(core, other, ten[0]),
            messages.reschedule(core, other, ten[0], 1 << 60),
            messages.batch_by_uid(core, other, "u"),
            ids(core, other, after=ten[0]),
        ):
            with pytest.raises(NotFound):
                await call


async def test_filters(core, caller):
    """Each narrows the list by itself, and together they narrow it further."""
    moments = [core.clock.now()]
    a, b, c = [
        (await sent(core, caller, each))[0]
        for each in (
            draft(ANN, subject="100% Sale!", tag="t", metadata={"Key": "a b", "k2": "x"}, stream="broadcast"),
            draft(BOB, cc=["Ann Other <ANN@example.com>"], subject="Sale", metadata={"key": "a"}),
            draft(
                CAT, bcc=[BOB], sender=party("Other@Sender.example"), template=TemplateUse(id="t1", version=1)
            ),
        )
    ]
    moments.append(core.clock.now())

    for wanted, expected in (
        ({}, [c, b, a]),
        ({"recipient": "Ann@Example.com"}, [b, a]),
        ({"recipient": BOB}, [c, b]),
        ({"recipient": "example.com"}, []),
        ({"sender": "other@sender.example"}, [c]),
        ({"sender": SENDER.upper()}, [b, a]),
        ({"tag": "t"}, [a]),
        ({"tag": "T"}, []),
        ({"stream": "broadcast"}, [a]),
        ({"subject": "sale"}, [b, a]),
        ({"subject": "0% s"}, [a]),
        ({"subject": "1_0"}, []),
        ({"subject": "!"}, [a]),
        ({"metadata": ("KEY", "a")}, [b]),
        ({"metadata": ("key", "a b")}, [a]),
        ({"metadata": ("k2", "x")}, [a]),
        ({"metadata": ("k2", "X")}, []),
        ({"template_id": "t1"}, [c]),
        ({"recipient": ANN, "tag": "t"}, [a]),
        ({"recipient": BOB, "tag": "t"}, []),
        ({"since": moments[0] - 1000, "until": moments[1] + 1000}, [c, b, a]),
        ({"since": moments[1] + 1000}, []),
        ({"until": moments[0] - 1000}, []),
    ):
        assert (wanted, expected) == (wanted, await found(core, caller, **wanted))


async def test_a_subject_is_found_whatever_the_case_of_its_letters(core, caller):
    """Letters beyond ASCII have two cases too."""
    expected = await sent(core, caller, draft(subject="ÄRGER in ΑΘΗΝΑ"))

    for text in ("ärger", "Ärger", "αθηνα"):
        assert (text, expected) == (text, await found(core, caller, subject=text))


async def test_states_of_the_filter_are_those_of_standing(core, caller):
    """A message is found under the state it is told to be in, whatever its recipients' states are."""
    odd = ["queued", "deferred", "delivered", "suppressed", "failed", "bounced", "complained"]
    pairs = [(one, two) for one in odd for two in odd]
    held: dict[str, set[str]] = {}
    for one, two in pairs:
        (made,) = await sent(core, caller, draft(ANN, BOB))
        for position, state in enumerate((one, two)):
            await alter(
                core,
                "UPDATE deliveries SET state = :state WHERE message_id = :id AND position = :position",
                state=state,
                id=made,
                position=position,
            )
        held.setdefault(messages.standing(await messages.get(core, caller, made)), set()).add(made)
    late = core.clock.now() + 10**12
    canceled, waiting = await sent(core, caller, draft(send_at=late), draft(send_at=late))
    await messages.cancel(core, caller, canceled)
    held |= {"canceled": {canceled}, "scheduled": {waiting}}

    assert {*odd, "canceled", "scheduled"} == held.keys()
    for state, expected in held.items():
        assert (state, expected) == (state, set(await found(core, caller, states=(state,))))
    assert held["bounced"] | held["failed"] == set(await found(core, caller, states=("bounced", "failed")))
    assert [] == await found(core, caller, states=())


async def test_a_filter_and_a_cursor_go_together(core, caller):
    """A page begins after its cursor among what the filter lets through."""
    made = await sent(core, caller, *[draft(tag="ab"[n % 2]) for n in range(8)])
    evens = made[::2][::-1]

    assert (evens[1:3], True, 0) == await ids(core, caller, Filter(tag="a"), limit=2, after=evens[0])
    assert (evens[1:3], True, 0) == await ids(core, caller, Filter(tag="a"), limit=2, before=evens[3])


async def test_the_source_is_the_letter_that_was_asked_for(core, caller):
    """Built from what is kept, it is the same bytes as from what was given."""
    files = (
        Attachment(filename="ä.pdf", content_type="application/pdf", data=bytes(range(256)) * 999),
        Attachment(filename="l.png", content_type="image/png", content_id="logo", data=b"\x89PNG"),
    )
    asked = draft(
        "Ann <ann@example.com>",
        subject="Grüße",
        html='<img src="cid:logo">',
        headers=(("X-Own", "ü"),),
        attachments=files,
        id_headers=("X-Id",),
    )
    receipt = await messages.submit(core, caller, asked)
    message = await messages.get(core, caller, receipt.id)

    expected = Letter(
        message_id=f"<{receipt.id}@babelpost.local>",
        date=receipt.created_at,
        sender=addresses.parse(SENDER),
        to=(addresses.parse("Ann <ann@example.com>"),),
        subject="Grüße",
        headers=(("X-Own", "ü"), ("X-Id", receipt.id)),
        text="Hello, you.",
        html='<img src="cid:logo">',
        parts=tuple(
            Part(
                filename=f.filename, content_type=f.content_type, content_id=f.content_id, data=f.data or b""
            )
            for f in files
        ),
        boundary=receipt.id.replace("-", ""),
    )
    assert build(expected) == await messages.source(core, message) == await messages.source(core, message)
    assert files[0].data == next(parsed(build(expected)).iter_attachments()).get_content()


async def test_summaries_count_by_outcome(core, caller):
    """A batch is one call, and so is a message that came alone."""
    await messages.submit_all(core, caller, [draft(ANN, BOB), draft(CAT)], batch=NewBatch(uid="u"))
    (alone,) = await sent(core, caller, draft(ANN))
    await alter(core, "UPDATE deliveries SET state = 'bounced' WHERE email = :email", email=BOB)
    told = [(each.uid, each.states) async for each in messages.summaries(core, caller, since=0)]

    assert [("u", {"queued": 2, "bounced": 1}), (alone, {"queued": 1})] == told
    batch = await messages.batch_by_uid(core, caller, "u")
    assert {"queued": 2, "bounced": 1} == await messages.states(core, batch)


@pytest.mark.parametrize("portion_bytes", [1, 1 << 20])
async def test_a_list_has_everything_but_bodies(post, monkeypatch, portion_bytes):
    """Subjects as sent, names of files, recipients; the bodies stay where they are, however a page is portioned."""
    monkeypatch.setattr(reading, "_PORTION_BYTES", portion_bytes)
    said = Content(subject="{{n}}", html="<b>{{n}}</b>", text="{{n}}", syntax="triple", attachments=(PLAN,))
    asked = [msgspec.structs.replace(draft(), content=said, variables={"n": str(n)}) for n in range(3)]
    await messages.submit_all(post.core, post.caller, asked, batch=NewBatch(uid="u"))
    await post.send(draft(html="<i>alone</i>", attachments=(PLAN,)))
    page = await messages.page(post.core, post.caller, ALL, PageRequest())
    batch = await messages.batch_by_uid(post.core, post.caller, "u")
    of_batch = await messages.of_batch(post.core, batch.id)

    assert ["Hello", "2", "1", "0"] == [each.shown_subject for each in page.items]
    assert ["0", "1", "2"] == [each.shown_subject for each in of_batch]
    for held in (*page.items, *of_batch):
        assert (None, None) == (held.html, held.text)
        assert ["plan.pdf"] == [each.filename for each in held.draft.content.attachments]
        assert ["delivered"] == [each.state for each in held.deliveries]
        whole = await messages.get(post.core, post.caller, held.id)
        assert whole.html
        assert await messages.source(post.core, whole) == await messages.source(post.core, held)


async def test_a_source_waits_for_room(core, caller):
    """What is built from a message counts among the bodies in work, its files too."""
    (id_,) = await sent(core, caller, draft(attachments=(PLAN,)))
    message = await messages.get(core, caller, id_)
    taken = await core.bodies.take(1 << 60)
    room = 3 * PLAN.size_bytes
    core.bodies.give(room)
    task = asyncio.create_task(messages.source(core, message))
    await asyncio.sleep(0.05)
    assert not task.done()

    core.bodies.give(taken - room)
    assert PLAN.data == next(parsed(await task).iter_attachments()).get_content()


async def test_one_file_is_read_by_its_place(core, caller):
    """With its data, also where several messages share it; without where it is yet to be fetched; else NotFound."""
    files = (Attachment(filename="a", data=b"1"), Attachment(filename="b", url="https://files.example/b"))
    content = Content(subject="s", text="t", attachments=files)
    drafts = [msgspec.structs.replace(draft(ANN), content=content) for _ in range(2)]
    for receipt in await accepted(core, caller, drafts):
        message = await messages.get(core, caller, receipt.id)
        found = [await messages.attachment(core, message, each) for each in (0, 1)]

        assert [("a", b"1"), ("b", None)] == [(each.filename, each.data) for each in found]
        with pytest.raises(NotFound):
            await messages.attachment(core, message, 2)


async def test_the_last_events_come_first(core, caller):
    """As many as are asked for; with room for all, they are those that are read from the oldest on."""
    receipt = await messages.submit(core, caller, draft(ANN, send_at=core.clock.now() + 10**9))
    await messages.reschedule(core, caller, receipt.id, core.clock.now() + 2 * 10**9)
    message = await messages.get(core, caller, receipt.id)
    every = await events.of_message(core, message)

    assert 1 < len(every)
    assert every[::-1] == await events.latest(core, message, most=10)
    assert every[-1:] == await events.latest(core, message, most=1)


async def test_a_recipient_is_found_whatever_became_of_the_mail(post):
    """Before it is tried, while it waits or is parted, when it is done or called off, and where it went elsewhere."""
    await suppressions.suppress(post.core, post.caller, ANN)
    later = post.clock.now() + 3_600_000_000
    post.sink.replies = {BOB: "451 4.2.0 Later"}
    wanted = [
        draft(CAT),
        draft(CAT, BOB),
        draft(CAT, send_at=later),
        draft(BOB, cc=(CAT,), send_at=later),
        draft(CAT, sandbox=True),
        draft(CAT, sandbox=True, send_at=later),
        draft(CAT, redirect_to=(BOB,)),
        draft(CAT, redirect_to=(BOB,), send_at=later),
        draft(ANN, CAT, send_at=later),
        draft(CAT, send_at=later),
    ]
    keys = await sent(post.core, post.caller, *wanted, draft(BOB), draft(BOB, send_at=later))
    newest = keys[9::-1]
    assert newest == await found(post.core, post.caller, recipient=CAT.upper())
    await messages.cancel(post.core, post.caller, keys[9])
    await post.settle()
    assert newest == await found(post.core, post.caller, recipient=CAT)
    await post.later(3601)
    assert newest == await found(post.core, post.caller, recipient=CAT)
    assert [] == await found(post.core, post.caller, recipient="nobody@example.org")


async def test_every_standing_is_found_by_its_way(post):
    """What waits, what ended well and what did not: alone and together, with the count, forth and back."""
    core, caller = post.core, post.caller
    post.sink.replies[BOB] = "550 5.1.1 unknown"
    post.sink.replies[CAT] = "451 4.7.1 later"
    await suppressions.suppress(core, caller, "sup@example.com")
    later = core.clock.now() + 3600_000_000
    made = [
        await post.send(each)
        for each in (
            draft(ANN), draft(ANN, BOB), draft(BOB, "sup@example.com"), draft(CAT), draft("sup@example.com"),
            draft(ANN, send_at=later), draft("dan@example.com", send_at=later), draft(BOB, cc=[BOB]),
            draft(ANN, tag="t"),
        )
    ]  # fmt: skip  # one a line says no more
    await messages.cancel(core, caller, made[6])
    stands = {id: messages.standing(await post.message(id)) for id in made}
    assert {"delivered", "bounced", "deferred", "suppressed", "scheduled", "canceled"} == set(stands.values())

    for states in (
        ("delivered",), ("bounced",), ("deferred",), ("suppressed",), ("scheduled",), ("canceled",), ("queued",),
        ("queued", "scheduled"), ("bounced", "suppressed", "complained"), ("delivered", "bounced"), ("failed",),
    ):  # fmt: skip  # likewise
        expected = [id for id in reversed(made) if stands[id] in states]
        request = {"limit": 100, "total": True}
        assert (expected, False, len(expected)) == await ids(core, caller, Filter(states=states), **request)
        for cursor in expected:
            newer = expected[: expected.index(cursor)]
            assert newer == (await ids(core, caller, Filter(states=states), before=cursor))[0]
            older = expected[expected.index(cursor) + 1 :]
            assert older == (await ids(core, caller, Filter(states=states), after=cursor))[0]
    assert [made[8]] == await found(core, caller, tag="t", states=("delivered",))
    assert [made[8]] == await found(core, caller, tag="t", recipient=ANN)
    assert [made[1]] == await found(core, caller, recipient=ANN, states=("bounced",))
    assert [] == await found(core, await caller_in(core, "other"), states=("bounced", "suppressed"))


async def test_counts_end_where_nobody_can_page(core, caller, ten, monkeypatch):
    """A list that is longer is told to be as long as anybody may read."""
    monkeypatch.setattr(reading, "MOST_COUNTED", 4)
    for wanted in (ALL, Filter(stream="outbound"), Filter(recipient=ANN), Filter(states=("queued",))):
        assert 4 == (await ids(core, caller, wanted, limit=2, total=True))[2]
