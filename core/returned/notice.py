"""What a letter that came back says: a verdict for each recipient it speaks of, and marks of the letter it is about."""

from typing import Literal

import msgspec

from core.diagnosis import Kind

Fields = tuple[tuple[str, str], ...]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one recipient.

    ``failed``: never delivered; ``delayed``: still tried; ``complained``: called spam by its reader; ``returned``:
    delivered, or not known, and something came back, ``kind`` says what. ``recipients`` are the names of the same one
    from the first sender's on, none where the letter names nobody.
    """

    action: Literal["failed", "delayed", "complained", "returned"]
    kind: Kind
    recipients: tuple[str, ...] = ()
    code: int = 0
    enhanced: str = ""
    text: str = ""
    host: str = ""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that was understood. Without verdicts there is nothing to do about it.

    ``original`` are header fields of the letter it is about, as far as they came back; ``senders`` are addresses that
    the letter was sent from, as the notice tells them.
    """

    verdicts: tuple[Verdict, ...] = ()
    original: Fields = ()
    senders: tuple[str, ...] = ()
