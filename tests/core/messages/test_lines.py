"""Searches for words: the same answer however much is copied, nothing of what is forgotten; and how much was sent."""

import asyncio

import pytest

from core import messages, removals, retention, stats
from core.clock import DAY
from core.messages import Filter, TemplateUse, blocks, lines
from core.paging import PageRequest
from tests.core.post import ANN, BOB, alter, caller_in, count, draft, party, select

WORDS = (
    {"sender": "Other@sender.example"},
    {"sender": "nobody@sender.example"},
    {"sender": "news@sender.example", "stream": "broadcast"},
    {"subject": "SALE"},
    {"subject": "100%"},
    {"subject": "é", "tag": "t"},
    {"metadata": ("key", "a")},
    {"metadata": ("KEY", "none")},
    {"subject": "sale", "sender": "news@sender.example"},
    {"subject": "sale", "template_id": "t1"},
    {"subject": ""},
    {"subject": "sale\x00"},
    {"subject": "sale", "metadata": ("key", "a b")},
    {"subject": "none", "metadata": ("key", "a b")},
)


@pytest.fixture
async def twelve(core, caller):
    """Messages with words of every kind, the newest first."""
    kinds = (
        draft(ANN, subject="100% Sale!", metadata={"Key": "a", "k2": "x"}, stream="broadcast"),
        draft(BOB, subject="sale", metadata={"key": "a b"}, template=TemplateUse(id="t1", version=1)),
        draft(ANN, BOB, subject="CAFÉ", tag="t", sender=party("other@sender.example")),
        draft(ANN, subject="none of it"),
    )
    made = [(await messages.submit(core, caller, each)).id for each in kinds * 3]
    return made[::-1]


async def answers(core, caller):
    """What every filter finds: pages from both sides, by offset, and the count."""
    told = []
    for wanted in WORDS:
        found = await page(core, caller, wanted, limit=100, total=True)
        told.append((wanted, found))
        for id in found[0]:
            told += [await page(core, caller, wanted, limit=2, **{way: id}) for way in ("after", "before")]
        told += [await page(core, caller, wanted, limit=2, offset=offset, total=True) for offset in range(4)]
    return told


async def page(core, caller, wanted, **request):
    """Ids, whether there is more, and the total."""
    found = await messages.page(core, caller, Filter(**wanted), PageRequest(**request))
    return [each.id for each in found.items], found.more, found.total


async def test_the_answer_is_the_same_however_much_is_copied(core, caller, clock, twelve, monkeypatch):
    """Nothing, some, and all of it: a page that begins in one part ends in the other."""
    monkeypatch.setattr(lines, "_PORTION", 1)
    monkeypatch.setattr(blocks, "_LINES", 2)
    expected = await answers(core, caller)
    assert 12 > len(expected[0][1][0]) > 0
    assert expected == await answers(core, caller)
    for up_to in reversed(twelve):
        mark = await lines._mark(core)
        await lines._portion(core, mark, up_to)
        await blocks.pack(core)
        assert expected == await answers(core, caller)
    for stranger in (await caller_in(core, "other"), await caller_in(core, environment="test")):
        assert not [
            each for each in await answers(core, stranger) if each[0] and not isinstance(each[0], dict)
        ]
    clock.pass_s(600)
    await lines.copy(core)
    assert (12, 12) == (await count(core, "message_lines"), await count(core, "messages"))


async def test_what_is_young_is_not_copied_yet(core, caller, clock, twelve):
    """A commit may still be under way whose ids are older; two at once copy and count everything once."""
    await lines.copy(core)
    assert 0 == await count(core, "message_lines")
    clock.pass_s(600)
    await asyncio.gather(lines.copy(core), lines.copy(core))
    await lines.copy(core)
    volume = await stats.volume(core, caller)
    assert (12, 15, 15) == (await count(core, "message_lines"), volume.today, volume.overall)


async def test_volume_is_the_same_before_and_after(core, caller, clock, twelve):
    """Counted one by one, counted in part, summed; and it stays when the messages are forgotten."""
    await lines._portion(core, "", twelve[6])
    for _ in range(2):
        for who, expected in ((caller, 15), (await caller_in(core, "other"), 0)):
            volume = await stats.volume(core, who, workspace_id=who.workspace_id)
            assert (expected, expected, expected) == (volume.today, volume.this_month, volume.overall)
        assert 0 == (await stats.volume(core, await caller_in(core, environment="test"))).overall
        await stats.fold(core)
    clock.pass_s(600)
    await lines.copy(core)
    clock.pass_s(800 * DAY / 1_000_000)
    await alter(core, "DELETE FROM jobs")
    await retention.run(core)
    volume = await stats.volume(core, caller)
    assert (0, 0, 0, 15) == (
        await count(core, "messages"), await count(core, "message_lines"), volume.today, volume.overall,
    )  # fmt: skip  # two at a time


async def test_words_of_a_forgotten_person_are_gone(core, caller, clock, twelve):
    """Those of mail that nobody else has; while somebody is being forgotten, nothing is copied."""
    clock.pass_s(600)
    removal = await removals.request(core, caller, ANN)
    await lines.copy(core)
    assert 0 == await count(core, "message_lines")
    await alter(core, "DELETE FROM removals")
    await lines.copy(core)
    removal = await removals.request(core, caller, ANN)
    await removals.run(core)

    assert "done" == (await removals.get(core, caller, removal.number)).state
    left = {row[0] for row in await select(core, "SELECT subject FROM message_lines")}
    assert ({"", "sale", "café"}, 12) == (left, await count(core, "message_lines"))
    assert {"", '{"key":"a b"}'} == {
        row[0] for row in await select(core, "SELECT metadata FROM message_lines")
    }
    assert ([], False, 0) == await page(core, caller, {"subject": "100%"}, total=True)
