"""Scheduled work whose day has come is opened, unless its order is held."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from kontor.core.db import Session
from kontor.core.outbox import schedule
from kontor.fulfillment.states import FulfillmentState
from kontor.fulfillment.work import load_work, step

S = FulfillmentState
LOOK_AGAIN = timedelta(minutes=15)


async def open_scheduled(db: Session, ids: Iterable[UUID], *, now: datetime) -> list[UUID]:
    """Open fulfillment orders; work of a held order is looked at again a little later. The ids that were opened."""
    work = await load_work(db, ids)
    opened = []
    for row in work.rows.values():
        if row.state is S.ON_HOLD and row.held_from is S.SCHEDULED:
            row.held_from = S.OPEN
        elif row.state is S.SCHEDULED and row.order_id in work.held:
            schedule(
                db, "fulfillment.open", {"fulfillment_order_id": row.id}, key=row.order_id, due_at=now + LOOK_AGAIN
            )
        elif row.state is S.SCHEDULED:
            step(db, row, S.OPEN, now=now)
            opened.append(row.id)
    return opened
