"""A message: asked for as a draft, accepted, kept with its deliveries, read back."""

from core.messages.draft import (
    Attachment,
    Content,
    Draft,
    OptOut,
    Party,
    Rehearsal,
    Tag,
    TemplateUse,
    Value,
    is_storable,
)
from core.messages.intake import Intake, recall, submit, submit_all
from core.messages.message import Batch, Delivery, Message, Rendering, StoredAttachment, standing
from core.messages.reading import (
    Filter,
    attachment,
    attachments,
    batch_by_uid,
    batches,
    get,
    of_batch,
    page,
    source,
)
from core.messages.schedule import cancel, reschedule
from core.messages.submission import Claim, NewBatch, Receipt, Submission
from core.messages.summary import Summary, states, summaries
from core.tracking.choice import TrackLinks

__all__ = [
    "Attachment",
    "Batch",
    "Claim",
    "Content",
    "Delivery",
    "Draft",
    "Filter",
    "Intake",
    "Message",
    "NewBatch",
    "OptOut",
    "Party",
    "Receipt",
    "Rehearsal",
    "Rendering",
    "StoredAttachment",
    "Submission",
    "Summary",
    "Tag",
    "TemplateUse",
    "TrackLinks",
    "Value",
    "attachment",
    "attachments",
    "batch_by_uid",
    "batches",
    "cancel",
    "get",
    "is_storable",
    "of_batch",
    "page",
    "recall",
    "reschedule",
    "source",
    "standing",
    "states",
    "submit",
    "submit_all",
    "summaries",
]
