"""Compiled texts are kept by content, within bounds."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import RenderFailed
from core.render import Options, Source, Value, compile_text, names, render
from core.render.compiled import Cache, compile_joined


def test_the_same_text_is_compiled_once() -> None:
    """Same syntax, text and escaping give the same object; any other difference another."""
    first = compile_text("tokens", "Hi {{name}}", escape=True)
    assert first is compile_text("tokens", "Hi " + "{{name}}", escape=True)
    assert first is not compile_text("tokens", "Hi {{name}}", escape=False)
    assert first is not compile_text("triple", "Hi {{name}}", escape=True)


def test_a_changed_parent_is_seen() -> None:
    """What a template includes is part of what it is kept by."""
    child = Source(name="c", syntax="twig", html="{% include 'p' %}")
    pages = [
        render(child, [Source(name="p", syntax="twig", html=html)], {}, Options()).html
        for html in ("1", "2", "1")
    ]
    assert ["1", "2", "1"] == pages


def test_names_of_pieces_cannot_be_confused() -> None:
    """Where one piece ends and the next begins makes a difference."""
    one = compile_joined("twig", "", "a", escape=True, library={"b": "c"})
    other = compile_joined("twig", "", "a", escape=True, library={"bc": ""})
    assert one is not other


@pytest.mark.parametrize(
    ("entries", "weight", "kept"),
    [(2, 1000, ["b", "c"]), (9, 2, ["b", "c"]), (9, 1000, ["a", "b", "c"]), (9, 0, [])],
)
def test_the_oldest_goes_first(entries: int, weight: int, kept: list[str]) -> None:
    """Neither the number nor the size of what is held exceeds its bound."""
    cache = Cache(entries=entries, weight=weight)
    for text in "abc":
        cache.put(text.encode(), compile_text("tokens", text, escape=False))
    assert kept == [text for text in "abc" if cache.get(text.encode()) is not None]
    assert len(kept) == len(cache)


def test_what_is_used_stays() -> None:
    """Being read makes an entry the youngest."""
    cache = Cache(entries=2, weight=1000)
    compiled = compile_text("tokens", "x", escape=False)
    cache.put(b"a", compiled)
    cache.put(b"b", compiled)
    assert compiled is cache.get(b"a")
    cache.put(b"c", compiled)
    assert (compiled, None) == (cache.get(b"a"), cache.get(b"b"))


def test_threads_do_not_disturb_each_other() -> None:
    """One compiled text, many renderings at once, each with its own variables."""
    text = "{% set t = 0 %}{% for i in 1..20 %}{% set t = t + n %}{% endfor %}{{ t }}"
    with ThreadPoolExecutor(4) as pool:
        shown = list(
            pool.map(
                lambda n: compile_text("twig", text, escape=True).render({"n": n}, Options()), range(200)
            )
        )
    assert [str(20 * n) for n in range(200)] == shown


def test_a_rendering_leaves_the_variables_alone() -> None:
    """What a template sets is gone with it."""
    variables: dict[str, Value] = {"x": 1, "l": [1, 2]}
    compiled = compile_text("twig", "{% set x = 2 %}{% set l = l|merge([3]) %}{{ l|length }}", escape=True)
    assert ("3", {"x": 1, "l": [1, 2]}) == (compiled.render(variables, Options()), variables)


def test_an_unknown_syntax_is_refused() -> None:
    """There is no syntax to fall back to."""
    with pytest.raises(RenderFailed, match='unknown template syntax "nosuch"'):
        compile_text("nosuch", "x", escape=True)
    with pytest.raises(RenderFailed, match='unknown template syntax "nosuch"'):
        names("nosuch", "x")
