"""What can be asked for, and in what form it can be kept and found."""

import pytest

from core.messages import is_storable
from core.messages.draft import searchable
from tests.core.post import ANN, BOB, CAT, draft


def nested(levels):
    """A list in a list in a list."""
    value: list[object] = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, "x", None, True, 1.5, {}]}, True),
        ((1 << 64) - 1, True),
        (1 << 64, False),
        (-(1 << 63), True),
        (-(1 << 63) - 1, False),
        (nested(50), True),
        (nested(5000), False),
    ],
)
def test_which_variables_can_be_kept(value, expected):
    """Whole numbers of 64 bits, and no deeper than they can be read again."""
    assert expected == is_storable({"a": value})


def test_recipients_stand_in_order():
    """To, then copies, then blind copies: the positions by which everything later speaks of them."""
    asked = draft(ANN, cc=[BOB], bcc=[CAT])

    assert [("to", ANN), ("cc", BOB), ("bcc", CAT)] == [
        (role, party.email) for role, party in asked.recipients()
    ]


def test_metadata_is_found_by_its_pairs():
    """One pair stands in the text of many as it stands alone, and a part of a value does not."""
    text = searchable({"Key": "a", "other": 'q"\\'})

    assert searchable({"KEY": "a"})[1:-1] in text
    assert searchable({"other": 'q"\\'})[1:-1] in text
    assert searchable({"key": "aa"})[1:-1] not in text
    assert "" == searchable({})
