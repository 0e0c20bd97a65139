"""Style elements written into what they select, by a process that hostile HTML may kill."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import RenderFailed
from core.render import inlining
from core.render.inlining import inlined

STYLED = "<style>p{color:red}</style><p>x</p>"
TYPE = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "x">'
DONE = '<style>p{color:red}</style><p style="color: red;">x</p>'


@pytest.mark.parametrize("html", ["", "<p>x</p>", "<P CLASS=a>&nbsp;<br/>", "no html é"])
def test_what_has_no_styles_stays_as_it_is(html: str) -> None:
    """Byte for byte."""
    assert html == inlined(html)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (STYLED, DONE),
        (
            "<html><head><style>p{top:1px}</style></head><body><p style='left:1px'>é</p></body></html>",
            '<html><head><style>p{top:1px}</style></head><body><p style="top: 1px;left: 1px">é</p></body></html>',
        ),
        (
            f"{TYPE}\n<html><style>p{{top:0}}</style><p>x</html>",
            f'{TYPE}<html><head><style>p{{top:0}}</style></head><body><p style="top: 0;">x</p></body></html>',
        ),
        (
            "<style>p{top:0}</style><!--[if !mso]><!-- --><p>x</p><!--<![endif]-->",
            '<style>p{top:0}</style><!--[if !mso]><!-- --><p style="top: 0;">x</p><!--<![endif]-->',
        ),
        # what only holds at times stays in its element
        (
            "<style>@media print{p{color:red}}</style><p>x</p>",
            "<style>@media print{p{color:red}}</style><p>x</p>",
        ),
        # words for later are no markup
        (
            '<style>a{top:0}</style><a href="{{{ pm:unsubscribe_url }}}">{{{ pm:unsubscribe }}}</a>',
            '<style>a{top:0}</style><a href="{{{ pm:unsubscribe_url }}}" style="top: 0;">{{{ pm:unsubscribe }}}</a>',
        ),
        # nothing is fetched, neither from the disk nor from the net
        (
            '<style>p{color:red}</style><link rel="stylesheet" href="file:///etc/passwd"><p>x</p>',
            '<style>p{color:red}</style><link rel="stylesheet" href="file:///etc/passwd"><p style="color: red;">x</p>',
        ),
    ],
)
def test_styles_are_inlined(html: str, expected: str) -> None:
    """A document stays one, a piece of one stays a piece; an element's own style wins."""
    assert expected == inlined(html)


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<style>p{color:red}</style>" + "<div>" * 300_000, id="deep"),
        pytest.param(
            "<style>p{color:red}</style><p>"
            + "".join(f"<b id={at}>" for at in range(9_000))
            + "<p>x" * 9_000,
            id="eighty million elements",
        ),
        pytest.param("<style>" + "* *{color:red}" * 9_000 + "</style>" + "<p>x</p>" * 9_000, id="many rules"),
        pytest.param("<style>p{}</style>\ud800", id="half a character"),
    ],
)
def test_html_that_kills_is_refused(html: str) -> None:
    """And the next body is inlined as ever."""
    with pytest.raises(RenderFailed):
        inlined(html)
    assert DONE == inlined(STYLED)


def test_a_killed_process_is_replaced() -> None:
    """Whatever ended it, the body at hand is done by another."""
    assert DONE == inlined(STYLED)
    held = inlining._HELPER._process
    assert held is not None
    os.kill(held.pid, signal.SIGKILL)
    assert DONE == inlined(STYLED)


def test_threads_take_turns() -> None:
    """Each gets what is its own."""
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda at: inlined(f"<style>p{{top:{at}px}}</style><p>"), range(40)))
    assert [f'<style>p{{top:{at}px}}</style><p style="top: {at}px;"></p>' for at in range(40)] == made


def test_a_process_that_cannot_start_is_no_fault_of_the_html(tmp_path, monkeypatch) -> None:
    """That is trouble of ours, which passes; a mail is not failed for it."""
    broken = tmp_path / "child.py"
    broken.write_text("raise SystemExit(3)")
    monkeypatch.setattr(inlining, "_CHILD", broken)
    monkeypatch.setattr(inlining, "_HELPER", type(inlining._HELPER)())
    with pytest.raises(ChildProcessError, match="cannot be started"):
        inlined(STYLED)
