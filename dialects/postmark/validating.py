"""What a template would say, and what is wrong with it, before it is made.

Source: Postmark developer docs, "Templates API", "Validate a template", the validation tests of its .NET client, and
answers that postmarker recorded, read 2026-11.
"""

import asyncio
from functools import partial
from typing import Any

import msgspec

from core import templates as nouns
from core.errors import Invalid
from core.messages.rendering import template_source
from core.render import Fault, PartReview, Source, review
from core.templates import Body
from dialects.endpoint import Call, post
from dialects.postmark import bodies, templates
from dialects.postmark.bodies import SYNTAX


class Wish(msgspec.Struct, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """Texts to look at, and what to fill them with."""

    subject: str | None = None
    html_body: str | None = None
    text_body: str | None = None
    test_render_model: dict[str, Any] | None = None
    inline_css_for_html_test_render: bool | None = None
    template_type: str | None = None
    layout_template: str | None = None

    def source(self) -> Source:
        """What is to be rendered; raises Invalid."""
        if all(each is None for each in msgspec.structs.astuple(self)):
            raise Invalid("body", "The template's data is missing.", kind="template_body")
        if self.subject is None and self.html_body is None and self.text_body is None:
            raise bodies.missing("HtmlBody", "Provide a 'Subject', 'HtmlBody' or 'TextBody'.")
        bodies.check_lengths(Body(subject=self.subject or "", html=self.html_body, text=self.text_body))
        return Source(
            name="",
            syntax=SYNTAX,
            subject=self.subject or "",
            html=self.html_body,
            text=self.text_body,
        )


class Flaw(msgspec.Struct, rename="pascal"):
    """What is wrong, and where: both numbers from one on, null where unknown."""

    message: str
    line: int | None
    character_position: int | None

    @classmethod
    def of(cls, fault: Fault) -> "Flaw":
        """From the domain's."""
        return cls(fault.reason, fault.line or None, fault.character or None)


class Part(msgspec.Struct, rename="pascal"):
    """What a text would become, null where something is wrong with it."""

    content_is_valid: bool
    validation_errors: list[Flaw]
    rendered_content: str | None

    @classmethod
    def of(cls, given: str | None, found: PartReview | None) -> "Part | None":
        """Of a part; None of one that was not given. An empty subject is as good as any."""
        if given is None:
            return None
        if found is None:
            return cls(content_is_valid=True, validation_errors=[], rendered_content="")
        return cls(
            content_is_valid=not found.faults,
            validation_errors=[Flaw.of(fault) for fault in found.faults],
            rendered_content=found.rendered,
        )


class Result(msgspec.Struct, rename="pascal", kw_only=True):
    """What is said of all parts together."""

    all_content_is_valid: bool
    html_body: Part | None
    text_body: Part | None
    subject: Part | None
    suggested_template_model: dict[str, Any]


async def validate(call: Call, body: Wish) -> Result:
    """Look at texts as if a template were made of them and sent."""
    source = body.source()
    is_layout = templates.kind_of(body.template_type) == "layout"
    layout = None
    if body.layout_template and not is_layout:
        id = await templates.layout_id(call.core, call.caller, body.layout_template)
        layout = template_source(await nouns.get(call.core, call.caller, id))
    found = await asyncio.to_thread(
        partial(
            review,
            source,
            layout=layout,
            is_layout=is_layout,
            model=body.test_render_model or {},
            inline_css=body.inline_css_for_html_test_render is not False,
        )
    )
    return Result(
        all_content_is_valid=found.is_valid,
        html_body=Part.of(body.html_body, found.html),
        text_body=Part.of(body.text_body, found.text),
        subject=Part.of(body.subject, found.subject),
        suggested_template_model=found.model,
    )


OPERATIONS = (post("/templates/validate", validate, limit_bytes=templates.LIMIT_BYTES),)
