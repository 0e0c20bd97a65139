"""What the queue and every way out agree on: an envelope goes in, one outcome for each recipient comes back.

An outcome is a value and no exception: whether to try again is the queue's decision, and it decides on values.
"""

from typing import Protocol

import msgspec


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """Who a message is from and for, as SMTP is told; an empty ``mail_from`` is the null sender (RFC 5321, 4.5.5).

    ``reported``: we read what comes back, and want to be told of each recipient by the name that we gave (RFC 3461).
    """

    mail_from: str
    rcpt_to: tuple[str, ...]
    reported: bool = False


class Delivered(msgspec.Struct, frozen=True, kw_only=True, tag="delivered"):
    """Another server has answered for the message: ``code`` is its 2xx reply, ``enhanced`` the RFC 3463 code in it."""

    code: int
    enhanced: str = ""
    text: str = ""
    host: str = ""


class Deferred(msgspec.Struct, frozen=True, kw_only=True, tag="deferred"):
    """Not delivered for now; a later attempt may go well. ``code`` is 0 where no server replied.

    ``unreached``: no conversation about the message began, so that nobody can have taken it, and any other message
    would have fared the same.
    """

    code: int
    enhanced: str = ""
    text: str = ""
    host: str = ""
    unreached: bool = False


class Bounced(msgspec.Struct, frozen=True, kw_only=True, tag="bounced"):
    """Refused for good: the same message to the same recipient would be refused again.

    ``of_all``: the sender or the message was refused, which says nothing of this recipient's address.
    """

    code: int
    enhanced: str = ""
    text: str = ""
    host: str = ""
    of_all: bool = False


Outcome = Delivered | Deferred | Bounced


class Transport(Protocol):
    """Carries finished messages out. One instance serves the whole process and many deliveries at once."""

    async def deliver(self, envelope: Envelope, mime: bytes) -> tuple[Outcome, ...]:
        """Try once to hand a message over; tell what became of each of ``rcpt_to``, in their order.

        The caller guarantees: addresses are ASCII, bare (no display name, no angle brackets) and without
        controls; ``mime`` is complete, 7-bit, signed if it shall be, its lines at most 998 octets and ended
        by CRLF. It decides about later attempts and never offers a recipient again that was not Deferred.

        An implementation answers for every recipient, raises for nothing that a network or a server does
        (those are Deferred), changes no octet of a ``mime`` that is as promised, keeps neither argument
        after its return, and puts into ``text`` nothing that only the operator may know. It says Delivered
        only on a reply of the other side. Where it cannot know whether a message was taken, it says Deferred:
        twice is better than never. When cancelled it leaves no connection behind that others could be given.
        """
        ...

    async def close(self) -> None:
        """Let go of all connections. The caller has let every ``deliver`` end, and begins no other."""
        ...
