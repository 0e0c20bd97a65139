"""Probes: an endpoint is called once for each trigger with a sample, and must answer each with 200.

Source: Postmark developer docs, "Webhooks API", verification, read 2026-11; the samples' contents are published
nowhere. ``ErrorCode`` stands in the body too, where the JavaScript client looks for it.
"""

import asyncio
from typing import Final

import msgspec

from core import accounts
from core.errors import NotFound
from core.poster import Answer as Heard
from core.webhooks import Webhook
from core.webhooks.probing import probe
from core.webhooks.samples import samples
from dialects.endpoint import Call
from dialects.postmark.telling import FORMAT
from dialects.postmark.triggers import KINDS, triggers_of
from dialects.refusals import Answer

_FAILED: Final = 1364
_OK: Final = 200
_UNPROCESSABLE: Final = 422
_encode: Final = msgspec.json.Encoder().encode


class Result(msgspec.Struct, rename="pascal", kw_only=True):
    """How one trigger's sample was answered; no status where there was no answer."""

    trigger_type: str
    success: bool
    status_code: int
    message: str

    @classmethod
    def of(cls, trigger: str, heard: Heard) -> "Result":
        """From what came back."""
        told = f"Remote server returned an HTTP status code of {heard.status}."
        return cls(
            trigger_type=trigger,
            success=heard.status == _OK,
            status_code=heard.status,
            message=told if heard.status else heard.error,
        )


class Verification(msgspec.Struct, rename="pascal", kw_only=True):
    """How all were answered."""

    id: int
    url: str
    success: bool
    results: list[Result]
    message: str
    error_code: int

    @classmethod
    def of(cls, webhook: Webhook, results: list[Result]) -> "Verification":
        """From the results of each; without a trigger there is nothing that could fail."""
        fine = sum(each.success for each in results)
        success = fine == len(results)
        return cls(
            id=webhook.number,
            url=webhook.url,
            success=success,
            results=results,
            message=f"{fine}/{len(results)} triggers verified successfully",
            error_code=0 if success else _FAILED,
        )

    def answer(self, status: int = _OK) -> Answer:
        """As it is told, its code once more in a header as with every failure."""
        headers = () if self.success else ((b"x-pm-apierrorcode", b"%d" % self.error_code),)
        return Answer(status, _encode(self), headers)

    def refusal(self) -> Answer:
        """That nothing was saved."""
        return self.answer(_UNPROCESSABLE)


async def verify(call: Call, webhook: Webhook) -> Verification:
    """Call an endpoint for each trigger that is switched on, for all at the same time; raises NotFound."""
    workspace = await accounts.workspace(call.core, call.caller.workspace_id)
    if workspace is None:
        raise NotFound("webhook", webhook.id)
    now = call.core.clock.now()

    async def ask(trigger: str) -> Result:
        (happening,) = samples(workspace, KINDS[trigger][:1], now, stream=webhook.stream)
        (payload,) = FORMAT.payloads(webhook, happening)
        return Result.of(trigger, await probe(call.core, FORMAT, webhook, payload))

    results = await asyncio.gather(*[ask(each) for each in triggers_of(webhook).enabled()])
    return Verification.of(webhook, results)
