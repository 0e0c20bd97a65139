from hypothesis import given
from hypothesis import strategies as st

from core.paging import Page, PageRequest, counted


def read(rows, page):
    """Read rows, the newest first, as a store would: one more than asked for, from a cursor on."""
    if page.before is not None:
        return sorted(row for row in rows if row > int(page.before))[: page.limit + 1]
    newest = sorted(rows, reverse=True)
    if page.after is not None:
        newest = [row for row in newest if row < int(page.after)]
    return newest[page.offset :][: page.limit + 1]


@given(st.sets(st.integers(0, 1000), max_size=40), st.integers(1, 9))
def test_a_list_pages_to_its_end_and_back(rows, limit):
    """Every item once, in the same order, whichever way; ``more`` tells where it ends."""
    forth, page = [], PageRequest(limit=limit)
    while (cut := Page.of(read(rows, page), page)).more:
        forth.append(cut.items)
        page = PageRequest(limit=limit, after=str(cut.items[-1]))
    forth.append(cut.items)
    assert sorted(rows, reverse=True) == [item for each in forth for item in each]

    back, page = [], PageRequest(limit=limit, before="-1")
    while (cut := Page.of(read(rows, page), page)).more:
        back.append(cut.items)
        page = PageRequest(limit=limit, before=str(cut.items[0]))
    back.append(cut.items)
    assert sorted(rows, reverse=True) == [item for each in reversed(back) for item in each]


@given(st.sets(st.integers(0, 1000), max_size=40), st.integers(1, 9), st.integers(0, 50))
def test_an_offset_skips(rows, limit, offset):
    """A page past the end is empty and says that there is no more."""
    page = PageRequest(limit=limit, offset=offset)
    cut = Page.of(read(rows, page), page, total=len(rows))

    assert tuple(sorted(rows, reverse=True)[offset : offset + limit]) == cut.items
    assert (len(rows) > offset + limit, len(rows)) == (cut.more, cut.total)


def test_a_page_of_other_things_is_the_same_page():
    """Items change, what is known of the list does not."""
    assert Page(items=("1", "2"), more=True, total=9) == Page(items=(1, 2), more=True, total=9).map(str)


@given(st.integers(0, 30), st.integers(1, 9), st.integers(0, 40))
def test_a_last_page_says_how_many_there_are(total, limit, offset):
    """What it says is so; any other page says nothing."""
    page = PageRequest(limit=limit, offset=offset)
    found = len(read(range(total), page))
    is_last = offset < total <= offset + limit or total == offset == 0
    assert (total if is_last else None) == counted(page, found)
    for by_cursor in (PageRequest(limit=limit, after="5"), PageRequest(limit=limit, before="5")):
        assert counted(by_cursor, 0) is None
