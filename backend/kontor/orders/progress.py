"""What happens to an order's pieces elsewhere, reported down to its counters, state and statuses.

The packages that execute (fulfillment, returns) call `count` with an order they have locked; they never write a
counter themselves.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.core.statemachine import transition
from kontor.orders.events import OrderCanceled, OrderDelivered, OrderFulfilled
from kontor.orders.models import Order, OrderLine
from kontor.orders.states import ORDER, FulfillmentStatus, OrderState, ReturnStatus
from kontor.orders.statuses import fulfillment_status, return_status

COUNTERS = frozenset({"canceled", "allocated", "backordered", "shipped", "delivered", "returned", "refunded"})
Changes = Mapping[UUID, Mapping[str, int]]
"""Order line id to counter name to what is added (negative: taken off)."""


def count(
    db: Session,
    order: Order,
    lines: Sequence[OrderLine],
    changes: Changes,
    *,
    now: datetime,
    open_returns: int | None = None,
    announce: bool = True,
) -> None:
    """Add to the counters of a locked order's lines (all of its lines are given), then roll the order up.

    Records OrderFulfilled when the last open piece is shipped or canceled, OrderDelivered when the last shipped one
    arrives, and OrderCanceled when nothing is left. The database refuses counters that do not add up. Who does not
    know of `open_returns` leaves an announced return as it is. Without `announce` OrderFulfilled is left to
    `announce_fulfilled`: a shipment of the order can still be taken back, and the money of what is promised for it is
    given back with that event.
    """
    before = order.fulfillment_status
    was_open = sum(line.open_quantity for line in lines)
    for line in lines:
        for name, delta in changes.get(line.id, {}).items():
            if name not in COUNTERS:
                raise ValueError(f"{name} is no counter")
            setattr(line, name, getattr(line, name) + delta)
    order.fulfillment_status = fulfillment_status(lines)
    if open_returns is None:
        open_returns = int(order.return_status is ReturnStatus.REQUESTED)
    order.return_status = return_status(lines, open_returns=open_returns)
    order.updated_at = now
    if was_open and announce:
        announce_fulfilled(db, order, lines)
    _roll_up(db, order, before=before, now=now)


def closes(lines: Sequence[OrderLine], changes: Changes) -> bool:
    """Whether the changes ship or cancel the last open piece."""
    was_open = sum(line.open_quantity for line in lines)
    closed = sum(each.get("shipped", 0) + each.get("canceled", 0) for each in changes.values())
    return 0 < was_open <= closed


def announce_fulfilled(db: Session, order: Order, lines: Sequence[OrderLine]) -> None:
    """Record OrderFulfilled if nothing is open any more."""
    if order.fulfillment_status is not FulfillmentStatus.CANCELED and not sum(line.open_quantity for line in lines):
        record(db, OrderFulfilled(stream_id=order.id))


def _roll_up(db: Session, order: Order, *, before: FulfillmentStatus, now: datetime) -> None:
    status = order.fulfillment_status
    if status is FulfillmentStatus.DELIVERED and before is not FulfillmentStatus.DELIVERED:
        record(db, OrderDelivered(stream_id=order.id))
    if status is FulfillmentStatus.CANCELED and order.state in (
        OrderState.RECEIVED,
        OrderState.CONFIRMED,
        OrderState.IN_FULFILLMENT,
    ):
        transition(db, order, OrderState.CANCELED, table=ORDER, now=now, reason="nothing is left")
        record(db, OrderCanceled(stream_id=order.id, reason="nothing is left"))


def start_work(db: Session, order: Order, *, now: datetime) -> None:
    """Work was given to a place: the order is in fulfillment."""
    if order.state is OrderState.CONFIRMED:
        transition(db, order, OrderState.IN_FULFILLMENT, table=ORDER, now=now)
