"""Money that is there for pieces nobody gets any more."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.outbox import Item
from kontor.orders import queries as orders
from kontor.payments import queries as payment_queries
from kontor.payments import service as payments
from kontor.payments.models import Refund
from kontor.payments.reporting import dues_of, settings_of
from kontor.payments.states import RefundState


async def refund_canceled(db: Session, item: Item, *, now: datetime) -> Refund | None:
    """Pay back what came in beyond what the order still costs, at most what the cancellation took off it.

    Promises that were not collected are not refunded: they are given back when the order is settled. Once per event.
    """
    assert item.key is not None
    order = await orders.lock_order(db, item.key)
    dues = (await dues_of(db, [order], await settings_of(db, [order])))[order.id]
    captured = sum(each.captured for each in (await payment_queries.lock_payments(db, [order.id]))[order.id])
    beyond = captured - await _granted(db, order.id) - dues.owed
    whole = bool(item.args["whole"])
    amount = beyond if whole else min(beyond, int(item.args["amount"]))
    if amount <= (0 if whole else dues.slack):
        return None
    return await payments.request_refund(
        db, order, now=now, kind=payments.RefundKind.CANCELLATION, amount=amount, reason=item.args["reason"],
        source_key=f"canceled/{item.event_id}",
    )  # fmt: skip


async def _granted(db: Session, order_id: UUID) -> int:
    """What was granted for canceled pieces, whether it is paid out yet or not."""
    given_up = (RefundState.CANCELED,)
    granted = sa.select(sa.func.coalesce(sa.func.sum(Refund.amount), 0)).where(
        Refund.order_id == order_id,
        Refund.kind == payments.RefundKind.CANCELLATION.value,
        Refund.state.not_in(given_up),
    )
    return int(await db.scalar(granted) or 0)
