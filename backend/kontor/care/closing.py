"""Orders of which nothing is open any more: no goods on their way, no return that may still come, no money, no task."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.sets import any_of
from kontor.fulfillment.models import Shipment
from kontor.invoicing.models import OpenItem
from kontor.orders import service as orders
from kontor.orders.models import Order, OrderHold
from kontor.orders.queries import lock_orders
from kontor.orders.states import FulfillmentStatus, OrderState
from kontor.payments.models import Dispute, PaymentTransaction, Refund, TransactionState
from kontor.payments.states import DisputeState, RefundState
from kontor.returns.models import Return
from kontor.returns.queries import OPEN as OPEN_RETURNS

SETTING = "close_after_days"
AT_ONCE = 500


def days_of(channel: SalesChannel) -> int | None:
    """How many days after the last delivery a channel's orders are closed: never before goods may not come back any
    more. None where the channel's settings do not say so; then its orders stay completed."""
    said = channel.settings.get(SETTING)
    return max(said, channel.return_days) if isinstance(said, int) and not isinstance(said, bool) else None


async def close_orders(db: Session, channel: SalesChannel, *, now: datetime) -> int:
    """Close completed orders of a channel of which nothing is open any more, a few hundred at most; how many.

    Locks the orders, and looks again at what is open of them then.
    """
    days = days_of(channel)
    if days is None:
        return 0
    before = now - timedelta(days=days + 1)  # the last day is the seller's, and counts whole
    first_look = list(await db.scalars(_closable(channel.id, before).limit(AT_ONCE)))
    found = await lock_orders(db, first_look)
    if not found:
        return 0
    sure = await db.scalars(_closable(channel.id, before).where(any_of(Order.id, list(found))))
    done = [found[order_id] for order_id in sure]
    orders.close(db, done, now=now)
    await db.flush()
    return len(done)


def _closable(channel_id: UUID, before: datetime) -> Any:
    found = sa.select(Order.id).where(
        Order.state == OrderState.COMPLETED, Order.placed_at < before, Order.channel_id == channel_id,
        Order.fulfillment_status == FulfillmentStatus.DELIVERED,
    )  # fmt: skip
    return found.where(*(sa.not_(each) for each in _open(before))).order_by(Order.placed_at, Order.id)


def _open(before: datetime) -> Iterable[Any]:
    """What keeps an order from being closed."""
    late = sa.or_(Shipment.delivered_at.is_(None), Shipment.delivered_at >= before)
    for row, still in (
        (Shipment, sa.and_(Shipment.recalled_at.is_(None), late)),
        (OrderHold, OrderHold.released_at.is_(None)),
        (Return, Return.state.in_(OPEN_RETURNS)),
        (OpenItem, OpenItem.open != 0),
        (Refund, Refund.state.in_((RefundState.AWAITING_APPROVAL, RefundState.REQUESTED))),
        (PaymentTransaction, PaymentTransaction.outcome.in_((TransactionState.PENDING, TransactionState.UNKNOWN))),
        (Dispute, Dispute.state.in_((DisputeState.NEEDS_RESPONSE, DisputeState.UNDER_REVIEW))),
        (Case, Case.state != CaseState.DONE),
    ):
        yield sa.exists().where(row.order_id == Order.id, still)
