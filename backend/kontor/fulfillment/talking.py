"""What a place and the company write to each other about a fulfillment order."""

from uuid import UUID

from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.core.principal import Principal
from kontor.fulfillment.events import FulfillmentMessageWritten
from kontor.fulfillment.models import FulfillmentMessage, FulfillmentOrder
from kontor.fulfillment.work import load_work, pick_row

LONGEST = 2000


async def write_message(
    db: Session, fulfillment_order_id: UUID, text: str, *, principal: Principal
) -> FulfillmentOrder:
    """Add to the talk; raises `FulfillmentOrderNotFound`, or `InvalidInput` for no text or more than 2,000 letters."""
    said = text.replace("\0", "").strip()
    if not 1 <= len(said) <= LONGEST:
        raise InvalidInput(f"1 to {LONGEST} characters.", code="INVALID_TEXT", path=("text",), max=LONGEST)
    work = await load_work(db, [fulfillment_order_id], principal=principal)
    row = pick_row(work, fulfillment_order_id, set())
    from_place = principal.partner_id is not None or principal.location_ids is not None
    message = FulfillmentMessage(
        id=new_id(), fulfillment_order_id=row.id, text=said, from_place=from_place,
        by=(principal.name or str(principal.kind))[:200], at=db.now,
    )  # fmt: skip
    db.add(message)
    row.updated_at = db.now
    event = FulfillmentMessageWritten(
        stream_id=row.order_id, fulfillment_order_id=row.id, message_id=message.id, from_place=from_place
    )
    record(db, event)
    return row
