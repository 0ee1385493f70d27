"""A personal sentence to the customer, told with the message that follows from what somebody does to an order."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.notifications import queries
from kontor.notifications.models import CustomerNote
from kontor.notifications.selection import goes_out

LONGEST_NOTE = 1000


def checked_note(text: str | None) -> str:
    """The sentence without blanks around it; empty for none. Raises `InvalidInput` for a long one."""
    note = (text or "").strip()
    if len(note) > LONGEST_NOTE:
        raise InvalidInput(f"At most {LONGEST_NOTE} characters.", code="INVALID_TEXT", path=("noteToCustomer",))
    return note


async def keep_note(
    db: Session, order_id: UUID, template: str | None, subject_id: UUID, note: str, *, now: datetime
) -> None:
    """Have the message of this template about this thing tell the sentence, too; without a sentence nothing is kept.

    Raises `InvalidInput` when no message will bear it: None as template, a channel that does not send it, or an order
    without a mail address.
    """
    if not note:
        return
    if template is None or not await is_told(db, order_id, template):
        raise InvalidInput(
            "The customer gets no message that could tell this.", code="NOTE_WITHOUT_MESSAGE", path=("noteToCustomer",)
        )
    db.add(
        CustomerNote(
            subject_id=subject_id, template=template, order_id=order_id, text=note, created_at=now, created_by=db.by
        )
    )
    await db.flush()


async def is_told(db: Session, order_id: UUID, template: str) -> bool:
    """Whether an order's customer gets messages of this template: there is an address, and the channel sends them."""
    order = (await queries.orders_by_id(db, [order_id]))[order_id]
    channel = (await queries.channels_by_id(db, {order.channel_id}))[order.channel_id]
    return bool(order.email) and goes_out(template, channel.settings)


async def notes_about(db: Session, subject_ids: Collection[UUID]) -> dict[tuple[UUID, str], str]:
    """The sentences by the thing they are about and the template of their message."""
    if not subject_ids:
        return {}
    rows = await db.execute(
        sa.select(CustomerNote.subject_id, CustomerNote.template, CustomerNote.text).where(
            CustomerNote.subject_id.in_(subject_ids)
        )
    )
    return {(row.subject_id, row.template): row.text for row in rows}
