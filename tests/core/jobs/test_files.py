"""Files by address: fetched when the message is sent, once, and kept."""

import sqlite3
from contextlib import closing

import msgspec
import pytest

from core import messages
from core.messages import Attachment, Content
from core.store.migrate import steps
from core.store.statements import sql
from gateway import assemble
from tests.core.post import ANN, BOB, Post, draft, parsed
from tests.core.test_fetch import answer, serving

FILE = bytes(range(256)) * 10


@pytest.fixture
async def site():
    """A place with one file."""
    async with serving({"/a.pdf": answer(FILE, "Content-Type: application/pdf")}) as site:
        yield site


@pytest.fixture
async def near(settings, clock, sink):
    """An office that may fetch from the loopback."""
    async with Post.open(settings, clock, sink, allow_private_targets=True) as made:
        yield made


def linked(site, path="/a.pdf", **fields):
    """A file that is somewhere else."""
    return Attachment(filename="a.pdf", url=f"http://127.0.0.1:{site.port}{path}", **fields)


async def test_a_file_is_fetched_once_and_kept(near, site):
    """A later attempt sends what the first one fetched, though the place has changed."""
    near.sink.greylisting = True
    sent = await near.send(draft(attachments=(linked(site),)))
    site.pages.clear()
    await near.later(67)

    assert (["delivered"], 1) == (await near.states(sent), len(site.heads))
    (file,) = parsed(near.sink.messages[0].content).iter_attachments()
    assert ("a.pdf", "application/pdf", FILE) == (
        file.get_filename(),
        file.get_content_type(),
        file.get_content(),
    )
    (kept,) = await messages.attachments(near.core, await near.message(sent), data=True)
    assert (FILE, len(FILE), "application/pdf") == (kept.data, kept.size_bytes, kept.content_type)
    assert near.sink.messages[0].content == await messages.source(near.core, await near.message(sent))


async def test_a_type_that_was_given_stays(near, site):
    """What the caller says of a file outweighs what its place says."""
    await near.send(draft(attachments=(linked(site, content_type="text/csv"),)))
    (file,) = parsed(near.sink.messages[0].content).iter_attachments()

    assert "text/csv" == file.get_content_type()


async def test_messages_that_share_a_file_fetch_it_once(near, site):
    """One content for twenty recipients asks the place once."""
    said = Content(subject="One", text="t", attachments=(linked(site),))
    asked = [msgspec.structs.replace(draft(f"p{n}@example.com"), content=said) for n in range(20)]
    await messages.submit_all(near.core, near.caller, asked)
    await near.settle()

    assert (20, 1) == (len(near.sink.messages), len(site.heads))
    files = [next(parsed(each.content).iter_attachments()).get_content() for each in near.sink.messages]
    assert [FILE] * 20 == files


async def test_a_file_that_is_not_there_fails_the_message(near, site):
    """Nobody gets a message without its file; the reason is told."""
    sent = await near.send(draft(ANN, BOB, attachments=(linked(site, "/nothing"),)))

    assert (["failed", "failed"], []) == (await near.states(sent), near.taken())
    assert "404" in (await near.message(sent)).deliveries[0].text


async def test_a_place_that_is_away_is_asked_again(near, site):
    """The message waits, and leaves when its file can be had."""
    site.pages["/busy"] = answer(b"", status=503)
    sent = await near.send(draft(attachments=(linked(site, "/busy"),)))
    assert ["queued"] == await near.states(sent)
    site.pages["/busy"] = answer(FILE)
    await near.later(67)

    assert ["delivered"] == await near.states(sent)


async def test_a_place_that_stays_away_fails_the_message(near, site):
    """After the hour the reason is told."""
    site.pages["/busy"] = answer(b"", status=503)
    sent = await near.send(draft(attachments=(linked(site, "/busy"),)))
    await near.later(3601)

    assert ["failed"] == await near.states(sent)
    assert (await near.message(sent)).deliveries[0].text


async def test_a_place_of_ours_is_not_reached(post, site):
    """Without the operator's leave no address leads into a private network."""
    sent = await post.send(draft(attachments=(linked(site),)))

    assert (["failed"], []) == (await post.states(sent), site.heads)


async def test_a_messages_files_have_one_limit_together(settings, clock, sink, site, monkeypatch):
    """Many files that are each small enough are refused where together they are too large to send."""
    monkeypatch.setattr(assemble, "_FILE_LIMIT_BYTES", 2 * len(FILE))
    async with Post.open(settings, clock, sink, allow_private_targets=True) as near:
        fitting, excessive = [
            await near.send(draft(attachments=(linked(site),) * number)) for number in (2, 3)
        ]
        assert (["delivered"], ["failed"]) == (await near.states(fitting), await near.states(excessive))


def test_a_fetched_file_is_found_by_its_key():
    """Keeping it does not look through every file there is."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for step in steps():
            connection.executescript(step.text)
        fetched = sql.attachment_fetched
        plan = connection.execute(f"EXPLAIN QUERY PLAN {fetched.sqlite}", [None] * len(fetched.parameters))
        assert ["SEARCH"] == [row[-1].split(" ")[0] for row in plan]
