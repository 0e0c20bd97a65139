"""Where else a person may be found: one row for each table, in the order in which they are gone through."""

from typing import Final

import msgspec

from core.store.statements import Statement, sql


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that go whole, or lose the address.

    ``found`` takes workspace_id, email, before and count, and gives ids; it finds nothing once ``erase`` was run,
    whose statements take ``ids``.
    """

    found: Statement
    erase: tuple[Statement, ...]


# what webhooks were told of it, or are about to be
TOLD: Final = (
    sql.outbox_of_subjects_forget,
    sql.outbox_of_subjects_again,
    sql.dispatches_of_subjects_hold,
    sql.dispatch_attempts_of_subjects_forget,
    sql.dispatches_of_subjects_forget,
)

TRACES: Final = (
    Trace(found=sql.traces_bounces, erase=(sql.bounce_dumps_forget, sql.bounces_forget)),
    Trace(found=sql.traces_contacts, erase=(*TOLD, sql.contacts_forget)),
    Trace(found=sql.traces_changes, erase=(*TOLD, sql.changes_veil)),
    Trace(
        found=sql.traces_inbound,
        erase=(
            *TOLD,
            sql.inbound_files_forget,
            sql.inbound_sources_forget,
            sql.events_forget,
            sql.inbound_forget,
        ),
    ),
)
