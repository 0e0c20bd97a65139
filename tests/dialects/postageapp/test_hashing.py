"""The uid of calls that bring none."""

import hashlib
import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from dialects.postageapp.hashing import ContentHash

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(_TEXTS, _VALUES, max_size=5), st.booleans(), st.integers(1, 99))
def test_it_is_the_hash_of_the_canonical_arguments(arguments, ascii_only, project):
    """However the client writes its JSON: with escapes or without, in whatever order."""
    raw = msgspec.Raw(json.dumps({**arguments, "uid": "x"}, ensure_ascii=ascii_only, indent=1).encode())
    without = {name: value for name, value in arguments.items() if name != "uid"}
    canonical = {"arguments": without, "project": project}
    told = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    # DEL and what JSON may escape or not is written as our encoder does; both write the same
    assert hashlib.sha256(told).hexdigest() == ContentHash(raw).uid(project)


def test_projects_differ():
    """The same content of another project is no duplicate."""
    made = ContentHash(msgspec.Raw(b'{"content":"x"}'))
    assert made.uid(1) == made.uid(1)
    assert made.uid(1) != made.uid(2)
