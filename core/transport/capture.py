"""The way out that lets nothing out: what it is given stays readable in the store, and nowhere else."""

from typing import Final

from core.transport.transport import Delivered, Envelope, Outcome

_CAPTURED: Final = Delivered(code=250, enhanced="2.0.0", text="captured", host="capture")


class Capture:
    """Takes every message for every recipient, and opens no connection."""

    async def deliver(self, envelope: Envelope, mime: bytes) -> tuple[Outcome, ...]:  # noqa: ARG002  # kept elsewhere
        """Say that all recipients have it."""
        return (_CAPTURED,) * len(envelope.rcpt_to)

    async def close(self) -> None:
        """Nothing is open."""
