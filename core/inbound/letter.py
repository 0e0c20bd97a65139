"""What is known of a letter that came in: people, texts, header, and the files with it."""

import msgspec


class Mailbox(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody a header names. ``hash`` is what stands behind the first plus in the local part."""

    email: str
    name: str = ""
    hash: str = ""


class File(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part that is no body. ``disposition`` is ``inline``, ``attachment`` or empty, as the letter says it."""

    id: str = ""
    name: str
    content_type: str
    content_id: str = ""
    disposition: str = ""
    size_bytes: int = 0


class Head(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What lists show. A text is the header's own, decoded; its mailboxes are those that can be understood.

    ``bcc`` are the recipients of the envelope, within the workspace, that neither To nor Cc names.
    ``received_for`` are the addresses that servers on the way noted. ``spam_score`` is a scanner's, None without one.
    ``defects`` say in a sentence each what of the letter could be kept in its source alone.
    """

    sender: Mailbox = Mailbox("")
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    from_text: str = ""
    to_text: str = ""
    cc_text: str = ""
    reply_to_text: str = ""
    message_id: str = ""
    date: str = ""
    received_for: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    spam_score: float | None = None
    defects: tuple[str, ...] = ()


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The rest. ``stripped_reply`` is what an answer says above the letter that it quotes.

    ``headers`` are all fields in their order, encoded words undone, folds without their line breaks.
    """

    text: str | None = None
    html: str | None = None
    stripped_reply: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One that was read; ``contents`` are those of ``head.files``, in their order."""

    subject: str
    head: Head
    body: Body
    contents: tuple[bytes, ...] = ()
