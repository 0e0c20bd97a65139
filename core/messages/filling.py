"""Templates filled at acceptance, for callers who are told at once what is wrong with them.

What is accepted then says what it will say, whatever becomes of its template.
"""

import asyncio
from functools import partial

import msgspec

from core import templates
from core.core import Caller, Core
from core.messages.draft import Value
from core.messages.message import Rendering
from core.messages.rendering import filled, one_line, parents_of, template_source
from core.render import Options, Source


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A template's newest version with everything it needs, to be filled any number of times."""

    source: Source
    parents: tuple[Source, ...]
    body: templates.Body


async def prepare(core: Core, caller: Caller, template: templates.Template) -> Prepared:
    """Read what a template of the caller's needs; raises RenderFailed."""
    source = template_source(template)
    parents = await parents_of(core.db, caller.workspace_id, source)
    return Prepared(source=source, parents=tuple(parents), body=template.body)


async def fill(
    prepared: Prepared, variables: dict[str, Value], options: Options, *, inline_css: bool = False
) -> Rendering:
    """What it says with these variables; raises RenderFailed. In a thread: a hostile one may use all its time."""
    return await asyncio.to_thread(partial(_fill, prepared, variables, options, inline_css=inline_css))


def _fill(
    prepared: Prepared, variables: dict[str, Value], options: Options, *, inline_css: bool
) -> Rendering:
    given = prepared.body.defaults | variables
    made = filled(prepared.source, prepared.parents, given, options, inline_css=inline_css)
    return Rendering(subject=one_line(made.subject), html=made.html, text=made.text)
