"""The transport that keeps mail in."""

from core.transport.capture import Capture
from core.transport.transport import Delivered, Envelope


async def test_every_recipient_is_delivered_to():
    """Captured mail counts as delivered, once for each recipient."""
    capture = Capture()
    captured = Delivered(code=250, enhanced="2.0.0", text="captured", host="capture")

    outcomes = await capture.deliver(
        Envelope(mail_from="a@example.com", rcpt_to=("b@example.com", "c@x.test")), b""
    )
    await capture.close()

    assert (captured, captured) == outcomes
