"""Money that is there for pieces nobody gets any more."""

from __future__ import annotations

from datetime import datetime

from kontor.core.db import Session
from kontor.core.outbox import Item
from kontor.orders import queries as orders
from kontor.payments import service as payments
from kontor.payments.models import Refund


async def refund_canceled(db: Session, item: Item, *, now: datetime) -> Refund | None:
    """Pay back what came in beyond what the order still costs, at most what the cancellation took off it.

    Once per event.
    """
    assert item.key is not None
    order = await orders.lock_order(db, item.key)
    return await payments.refund_surplus(
        db, order, now=now, most=None if item.args["whole"] else int(item.args["amount"]), reason=item.args["reason"],
        source_key=f"canceled/{item.event_id}",
    )  # fmt: skip
