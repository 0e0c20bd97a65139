"""Words packed in blocks: they find what a plain scan finds, and hold nothing of what was taken away."""

import asyncio
import random

import pytest

from core import ids, messages, removals
from core.messages import Filter, blocks, lines
from core.messages.draft import searchable
from core.paging import PageRequest
from core.retention import letters
from core.store.database import listed, write
from core.store.statements import sql
from tests.core.post import ANN, BOB, CAT, alter, caller_in, count, draft, party, select

OF_WORDS = ("red", "Green", "BLÜE", "50% off", "under_score", "wow!", "a\\b", "")
SENDERS = ("news@sender.example", "other@sender.example")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Blocks of a few lines, a few of them at once."""
    monkeypatch.setattr(blocks, "_LINES", 3)
    monkeypatch.setattr(blocks, "_PORTION", 7)
    monkeypatch.setattr(blocks, "_AGAIN", 2)
    monkeypatch.setattr(lines, "_GROWTH", (2, 3))


async def sent(core, caller, chance, much):
    """Messages of which each says some of the words."""
    for _ in range(much):
        said = " ".join(chance.choices(OF_WORDS, k=chance.randrange(3)))
        await messages.submit(
            core,
            caller,
            draft(
                chance.choice((ANN, BOB, CAT)),
                subject=said,
                metadata={"Order": chance.choice("123")} if chance.random() < 0.5 else {},
                sender=party(chance.choice(SENDERS)),
                tag=chance.choice(("", "t")),
            ),
        )


async def scanned(core, wanted):
    """All that match, from the newest on, by a look at every message."""
    rows = await select(core, "SELECT id, subject, metadata, sender, tag FROM messages ORDER BY id DESC")
    pair = wanted.metadata and searchable(dict([wanted.metadata]))[1:-1]
    return [
        id
        for id, subject, metadata, sender, tag in rows
        if (wanted.subject is None or wanted.subject.lower() in subject.lower())
        and (pair is None or pair in metadata)
        and wanted.sender in {None, sender}
        and wanted.tag in {None, tag}
    ]


async def found(core, caller, wanted, **request):
    """Ids, whether there are more, and how many."""
    page = await messages.page(core, caller, wanted, PageRequest(limit=2, **request))
    return [each.id for each in page.items], page.more, page.total


async def check(core, caller):
    """Every page from every side and by offset is what a scan has."""
    for wanted in (
        *(Filter(subject=word) for word in (*OF_WORDS, "none", "d", "\n")),
        Filter(metadata=("order", "1")),
        Filter(metadata=("ORDER", "none")),
        Filter(metadata=("order", "2"), subject="red"),
        Filter(subject="green", tag="t"),
        Filter(subject="green", sender=SENDERS[1]),
    ):
        all_of_it = await scanned(core, wanted)
        for offset in range(len(all_of_it) + 2):
            expected = all_of_it[offset : offset + 2], len(all_of_it) > offset + 2, len(all_of_it)
            assert (wanted, expected) == (
                wanted,
                await found(core, caller, wanted, offset=offset, total=True),
            )
        for at, id in enumerate(all_of_it):
            older, newer = all_of_it[at + 1 :], all_of_it[:at]
            assert (older[:2], len(older) > 2, 0) == await found(core, caller, wanted, after=id)
            assert (newer[-2:], len(newer) > 2, 0) == await found(core, caller, wanted, before=id)
            assert len(newer) == (await found(core, caller, wanted, before=id, total=True))[2]


async def words(core):
    """What stands in blocks, all together; none is open."""
    assert [] == await select(core, "SELECT first_id FROM message_blocks WHERE words IS NULL")
    return "\n".join(
        row[0] for row in await select(core, "SELECT words FROM message_blocks ORDER BY first_id, field")
    )


async def kept(core):
    """Every line up to the last block's end stands between the ends of exactly one, which says its words."""
    rows = await select(
        core,
        "SELECT l.message_id, count(b.first_id), count(CASE WHEN b.words IS NULL OR "
        "replace(b.words, l.subject, '') <> b.words OR l.subject = '' THEN 1 END) FROM message_lines l "
        "LEFT JOIN message_blocks b ON b.workspace_id = l.workspace_id AND b.environment = l.environment "
        "AND b.field = 'subject' AND l.message_id >= b.first_id AND l.message_id <= b.last_id "
        "WHERE l.message_id <= (SELECT max(last_id) FROM message_blocks) GROUP BY l.message_id",
    )
    return len(rows), all((1, 1) == tuple(row[1:]) for row in rows)


@pytest.mark.parametrize(("seed", "near"), [(1, 1), (2, 4), (3, 0)])
async def test_blocks_find_what_a_scan_finds(core, caller, clock, monkeypatch, seed, near):
    """At every moment: copied and not, packed and not, forgotten in part, opened and packed again."""
    monkeypatch.setattr(lines, "_NEAR", near)
    chance = random.Random(seed)  # noqa: S311  # the same each time
    await sent(core, caller, chance, 14)
    clock.pass_s(600)
    await lines._copy(core)
    await check(core, caller)
    await blocks.pack(core)
    held, whole = await kept(core)
    assert (True, True) == (held >= 12, whole)
    await check(core, caller)

    await sent(core, caller, chance, 9)
    await check(core, caller)
    await lines.copy(core)
    every = [row[0] for row in await select(core, "SELECT id FROM messages ORDER BY id")]
    await write(core.db, *await letters.whole(core, [*every[:4], *chance.sample(every[4:], 3)]))
    await check(core, caller)
    await removals.request(core, caller, CAT)
    await removals.run(core)
    await check(core, caller)
    await blocks.pack(core)
    assert (await kept(core))[1]
    await check(core, caller)


async def test_others_find_nothing_of_it(core, caller, clock):
    """Neither another workspace nor the other environment."""
    await sent(core, caller, random.Random(3), 12)  # noqa: S311  # the same each time
    clock.pass_s(600)
    await lines.copy(core)
    assert 0 < await count(core, "message_blocks")
    for stranger in (await caller_in(core, "other"), await caller_in(core, environment="test")):
        assert ([], False, 0) == await found(core, stranger, Filter(subject="e"), total=True)


async def test_a_long_line_has_a_block_of_its_own(core, caller, clock):
    """Lines stand together as long as they are short together."""
    for subject in ("short", "é" * 900, "long " * 400, "short", "short", "short", "last"):
        await messages.submit(core, caller, draft(subject=subject))
    clock.pass_s(600)
    await lines.copy(core)
    rows = await select(core, "SELECT words FROM message_blocks WHERE field = 'subject' ORDER BY first_id")
    assert ["short", "é" * 900, "long " * 400, "short\nshort\nshort"] == [row[0] for row in rows]


async def test_words_of_the_forgotten_go_at_once(core, caller, clock):
    """In the same commit; the others' are there again after the next round, and a block of nobody's is not."""
    for to, said in ((ANN, "secret of ann"), (BOB, "bob"), (BOB, "bob"), (CAT, "c"), (CAT, "c"), (CAT, "c")):
        await messages.submit(core, caller, draft(to, subject=said, metadata={"who": said}))
    clock.pass_s(600)
    await lines.copy(core)
    assert "secret of ann" in await words(core)
    await removals.request(core, caller, ANN)
    await removals.run(core)
    rows = await select(core, "SELECT words FROM message_blocks ORDER BY first_id, field")
    assert [None, None, '{"who":"c"}\n{"who":"c"}\n{"who":"c"}', "c\nc\nc"] == [row[0] for row in rows]
    old = [row[0] for row in await select(core, "SELECT id FROM messages ORDER BY id")][3:]
    await write(core.db, *await letters.whole(core, old))
    await blocks.pack(core)
    assert '\n{"who":"bob"}\n{"who":"bob"}\n\nbob\nbob' == await words(core)


async def test_nothing_is_packed_while_it_is_taken_away(core, caller, clock):
    """Whoever packs waits for the end of a commit that takes lines away, and does not read what it took."""
    await sent(core, caller, random.Random(4), 6)  # noqa: S311  # the same each time
    await messages.submit(core, caller, draft(subject="secret"))
    clock.pass_s(600)
    await lines._copy(core)
    await alter(core, "UPDATE message_lines SET subject = 'secret'")
    keys = listed([row[0] for row in await select(core, "SELECT id FROM messages ORDER BY id")][:4])
    async with core.db.transaction() as work:
        await work.run(sql.lines_hold(), sql.blocks_open(ids=keys))
        packing = asyncio.create_task(blocks.pack(core))
        await asyncio.sleep(0.05)
        await work.run(sql.lines_forget(ids=keys))
    await packing
    rows = await select(core, "SELECT words FROM message_blocks WHERE field = 'subject'")
    assert ["secret\nsecret\nsecret"] == [row[0] for row in rows]


async def test_what_is_packed_meanwhile_is_taken_away(core, caller, clock, monkeypatch):
    """Whoever takes lines away waits for the end of a commit that packs them."""
    await messages.submit(core, caller, draft(ANN, subject="secret"))
    await messages.submit(core, caller, draft(BOB, subject="b"))
    await messages.submit(core, caller, draft(BOB, subject="b"))
    clock.pass_s(600)
    await lines._copy(core)
    await removals.request(core, caller, ANN)
    started, full = [], blocks._full

    def at_once(rows):
        started.append(asyncio.create_task(removals.run(core)))
        return full(rows)

    monkeypatch.setattr(blocks, "_full", at_once)
    await blocks._next(core, caller.workspace_id, "live")
    await asyncio.gather(*started)
    rows = await select(core, "SELECT words FROM message_blocks")
    assert [None, None] == [row[0] for row in rows]
    await blocks.pack(core)
    assert "b\nb" == (await words(core)).strip()


async def test_two_pack_at_once(core, caller, clock):
    """Each block is made once."""
    await sent(core, caller, random.Random(5), 12)  # noqa: S311  # the same each time
    clock.pass_s(600)
    await lines._copy(core)
    await asyncio.gather(blocks.pack(core), blocks.pack(core))
    assert (8, (12, True)) == (await count(core, "message_blocks"), await kept(core))


async def test_a_removed_workspace_is_packed_no_more(core, caller, clock):
    """What is to be forgotten is not copied once more."""
    await sent(core, caller, random.Random(6), 6)  # noqa: S311  # the same each time
    clock.pass_s(600)
    await alter(core, "UPDATE workspaces SET deleted_at = 1")
    await lines.copy(core)
    assert (6, 0) == (await count(core, "message_lines"), await count(core, "message_blocks"))


def test_ids_are_as_long_as_a_block_says():
    """Two of them stand in one text, from which each is taken by its place."""
    assert 36 == len(ids.new())
