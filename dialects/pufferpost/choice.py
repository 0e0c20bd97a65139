"""What a message says: a template at its newest version, or its own content, but one of them.

Source: PufferPost guide "Sending email", read 2026-11; the refusal of both at once by the provider's Symfony bridge.
"""

from typing import Final

import msgspec

from core import templates
from core.errors import NotFound
from core.messages import Draft, TemplateUse
from dialects.endpoint import Call
from dialects.pufferpost.errors import SendRefused
from dialects.pufferpost.mail import Email
from dialects.pufferpost.wire import held

SYNTAX: Final = "twig"


class Choices:
    """Templates looked up for one call, each once."""

    def __init__(self, call: Call) -> None:
        """Nothing is looked up yet."""
        self._call = call
        self._found: dict[str, TemplateUse] = {}

    async def settle(self, wanted: Email, draft: Draft) -> Draft:
        """The draft as it can be accepted; raises SendRefused."""
        if wanted.templated and wanted.inline:
            raise SendRefused(kind="template_and_content")
        if not wanted.templated and not wanted.inline:
            raise SendRefused(kind="template_required")
        sandbox = self._call.caller.environment == "test"
        use = await self._use(wanted.template_id or wanted.template or "") if wanted.templated else None
        return msgspec.structs.replace(draft, template=use, sandbox=sandbox)

    async def _use(self, named: str) -> TemplateUse:
        if named not in self._found:
            self._found[named] = await self._look_up(named)
        return self._found[named]

    async def _look_up(self, named: str) -> TemplateUse:
        try:
            found = await find(self._call, named)
        except NotFound as error:
            raise SendRefused(named, kind="template_not_found") from error
        if not found.body.published:
            raise SendRefused(named, kind="template_has_no_version")
        return TemplateUse(id=found.id, version=found.version, name=found.name, slug=found.slug)


async def find(call: Call, named: str) -> templates.Template:
    """A template by id or slug; raises NotFound("template"), also for one in another provider's syntax."""
    found = await templates.find(call.core, call.caller, held("tpl", named) or named)
    if found.syntax != SYNTAX:
        raise NotFound("template", named)
    return found
