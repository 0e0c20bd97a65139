"""What a templated message says: its template at the version fixed at acceptance, nested in its layouts."""

import asyncio
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from core import templates
from core.core import Caller, Core
from core.errors import RenderFailed
from core.messages import offer
from core.messages.draft import Content, TemplateUse, Value
from core.messages.message import Message, Rendering
from core.render import Options, Rendered, Source, compile_text
from core.render import render as render_source
from core.render.inlining import inlined
from core.render.references import references
from core.store.database import Database, listed, rows
from core.store.statements import sql

_MOST_PARENTS: Final = 100
# a variable may bring what would end a header line; senders' own texts are refused with it at acceptance
_BREAKS: Final = re.compile(r"[\r\n\x00]+")
_BODY: Final = msgspec.msgpack.Decoder(templates.Body)


async def render(core: Core, message: Message) -> Rendering:
    """Render a message; raises RenderFailed. Variables the call left out are filled from the template's defaults."""
    use = message.draft.template
    if use is None:
        return await asyncio.to_thread(_inline, message)
    body, syntax = await _body(core.db, use)
    template = _source(use.slug or use.name, syntax, body.said_in(message.draft.locale))
    parents = await parents_of(core.db, message.workspace_id, template)
    source = _nested(template, message.draft.content)
    variables = body.defaults | _variables(message)
    options = _options(message)
    # in a thread: a hostile template may use its whole time limit
    made = await asyncio.to_thread(
        filled, source, [template, *parents], variables, options, inline_css=message.draft.inline_css
    )
    headers = _headers(message, syntax, variables, options)
    return Rendering(subject=one_line(made.subject), html=made.html, text=made.text, headers=headers)


def filled(
    source: Source,
    parents: Sequence[Source],
    variables: dict[str, Value],
    options: Options,
    *,
    inline_css: bool,
) -> Rendered:
    """What a template says with these variables, its styles inlined where that is wanted; raises RenderFailed."""
    made = render_source(source, parents, variables, options)
    if not inline_css or not made.html:
        return made
    return msgspec.structs.replace(made, html=inlined(made.html))


def _inline(message: Message) -> Rendering:
    """A message whose own content is a template."""
    content, variables = message.draft.content, _variables(message)
    source = Source(
        name="content",
        syntax=content.syntax,
        subject=content.subject,
        html=content.html,
        text=content.text,
        css=content.css or None,
    )
    options = _options(message)
    made = filled(source, (), variables, options, inline_css=message.draft.inline_css)
    headers = _headers(message, content.syntax, variables, options)
    return Rendering(subject=one_line(made.subject), html=made.html, text=made.text, headers=headers)


def _variables(message: Message) -> dict[str, Value]:
    return message.draft.variables | offer.left_standing(message.draft)


async def preview(
    core: Core, caller: Caller, template: templates.Template, variables: dict[str, Value], options: Options
) -> Rendering:
    """What a template of the caller's would become with these variables; raises RenderFailed."""
    body = template.body.said_in(options.locale)
    source = _source(template.slug, template.syntax, body)
    parents = await parents_of(core.db, caller.workspace_id, source)
    given = body.defaults | variables
    made = await asyncio.to_thread(render_source, source, [source, *parents], given, options)
    return Rendering(subject=one_line(made.subject), html=made.html, text=made.text)


async def parents_of(db: Database, workspace_id: str, source: Source) -> list[Source]:
    """Every template that a source needs, near and far, at their newest versions; unknown ones are left out."""
    held: dict[str, Source] = {}
    wanted = references(source)
    while missing := sorted(wanted - held.keys()):
        query = sql.templates_named(workspace_id=workspace_id, names=listed(missing))
        found = [_named(template, wanted) for template in await rows(db, templates.Template, query)]
        held |= {parent.name: parent for parent in found}
        wanted = frozenset(slug for parent in found for slug in references(parent))
        if len(held) > _MOST_PARENTS:
            raise RenderFailed(source.name, "too many templates include or extend each other")
        if not found:
            break
    return list(held.values())


def template_source(template: templates.Template) -> Source:
    """A template's newest version as something to render; its name is its slug."""
    return _source(template.slug, template.syntax, template.body)


def _named(template: templates.Template, wanted: frozenset[str]) -> Source:
    """The same under the name that it was wanted by."""
    source = template_source(template)
    return msgspec.structs.replace(source, name=template.id) if template.id in wanted else source


async def _body(db: Database, use: TemplateUse) -> tuple[templates.Body, str]:
    found = await db.fetch(sql.template_body(template_id=use.id, version=use.version))
    if not found:
        raise RenderFailed(use.name, "the template is gone")
    return _BODY.decode(found[0][0]), found[0][1]


def _source(name: str, syntax: str, body: templates.Body) -> Source:
    return Source(
        name=name,
        syntax=syntax,
        subject=body.subject,
        html=body.html,
        text=body.text,
        css=body.css or None,
        layout=body.layout,
    )


def _nested(template: Source, content: Content) -> Source:
    """A call's own body goes into the template; without one, its subject wins and its stylesheet comes last."""
    if content.html is None and content.text is None:
        css = "\n".join(sheet for sheet in (template.css, content.css) if sheet) or None
        return msgspec.structs.replace(template, subject=content.subject or template.subject, css=css)
    return Source(
        name="content",
        syntax=template.syntax,
        subject=content.subject,
        html=content.html,
        text=content.text,
        css=content.css or None,
        layout=template.name,
    )


def _options(message: Message) -> Options:
    draft = message.draft
    return Options(timezone=draft.timezone or "UTC", locale=draft.locale, now=message.created_at)


def _headers(
    message: Message, syntax: str, variables: dict[str, Value], options: Options
) -> tuple[tuple[str, str], ...]:
    content = message.draft.content
    if not content.syntax:
        return content.headers
    return tuple(
        (name, one_line(compile_text(syntax, value, escape=False).render(variables, options)))
        for name, value in content.headers
    )


def one_line(text: str) -> str:
    """The same without what would end a header line."""
    return _BREAKS.sub(" ", text)
