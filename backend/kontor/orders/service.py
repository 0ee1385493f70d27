"""What is done to whole orders after they were taken: confirm, hold, reject, complete. Canceling is in fulfillment,
which knows what places have begun."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.errors import Conflict, InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.core.statemachine import transition
from kontor.orders.errors import HoldNotFound
from kontor.orders.events import HoldPlaced, HoldReleased, OrderClosed, OrderCompleted, OrderConfirmed, OrderRejected
from kontor.orders.models import Order, OrderHold
from kontor.orders.states import (
    ORDER,
    OVER,
    AuthorizeStatus,
    ChargeStatus,
    HoldKind,
    InvoiceStatus,
    OrderState,
)
from kontor.orders.statuses import authorize_status, charge_status, invoice_status


def confirm(db: Session, orders: Sequence[Order], *, now: datetime) -> None:
    """Risk and money are fine: the orders may be worked on. Those that are past it stay as they are."""
    for order in orders:
        if order.state is OrderState.RECEIVED:
            transition(db, order, OrderState.CONFIRMED, table=ORDER, now=now)
            order.updated_at = now
            record(db, OrderConfirmed(stream_id=order.id))


def reject(db: Session, order: Order, *, reason: str, now: datetime) -> None:
    """The order is refused after it was taken; its stock is released by the caller."""
    transition(db, order, OrderState.REJECTED, table=ORDER, now=now, reason=reason)
    order.updated_at = now
    record(db, OrderRejected(stream_id=order.id, reason=reason))


def complete(db: Session, orders: Sequence[Order], *, now: datetime) -> None:
    """Everything is delivered or canceled. Orders that are over stay as they are."""
    for order in orders:
        if order.state in OVER:
            continue
        transition(db, order, OrderState.COMPLETED, table=ORDER, now=now)
        order.updated_at = now
        record(db, OrderCompleted(stream_id=order.id))


def close(db: Session, orders: Sequence[Order], *, now: datetime) -> None:
    """Nothing of completed orders is open any more. Those in another state stay as they are."""
    for order in orders:
        if order.state is OrderState.COMPLETED:
            transition(db, order, OrderState.CLOSED, table=ORDER, now=now)
            order.updated_at = now
            record(db, OrderClosed(stream_id=order.id))


def place_hold(
    db: Session, order: Order, *, kind: HoldKind, reason: str, now: datetime, blocking: bool = True
) -> OrderHold:
    """Keep the order from moving for a named reason; raises `Conflict` when the order is over."""
    if order.state in OVER:
        raise Conflict(f"The order is {order.state}.", code="ORDER_ENDED", state=order.state)
    if not 1 <= len(reason.strip()) <= 500:
        raise InvalidInput("1 to 500 characters.", code="INVALID_REASON", path=("reason",))
    hold = OrderHold(
        id=new_id(),
        order_id=order.id,
        kind=kind,
        blocking=blocking,
        reason=reason.strip(),
        placed_at=now,
        placed_by=db.by,
    )
    db.add(hold)
    order.updated_at = now
    record(db, HoldPlaced(stream_id=order.id, hold_id=hold.id, kind=kind, reason=hold.reason))
    return hold


def release_hold(db: Session, order: Order, hold: OrderHold | None, *, now: datetime, note: str | None = None) -> None:
    """The reason is gone; raises `HoldNotFound` for a hold of another order or one that is released."""
    if hold is None or hold.order_id != order.id or hold.released_at is not None:
        raise HoldNotFound("There is no such open hold.", order_id=str(order.id))
    hold.released_at, hold.released_by, hold.release_note = now, db.by, (note or None) and (note or "")[:500]
    order.updated_at = now
    record(db, HoldReleased(stream_id=order.id, hold_id=hold.id, kind=hold.kind))


def report_money(db: Session, order: Order, *, owed: int, covered: int, captured: int, now: datetime) -> None:
    """What payments know, rolled up: promises and income against what is owed, minor units."""
    authorize: AuthorizeStatus = authorize_status(owed, covered)
    charge: ChargeStatus = charge_status(owed, captured)
    if (order.authorize_status, order.charge_status) != (authorize, charge):
        order.authorize_status, order.charge_status, order.updated_at = authorize, charge, now


def report_invoiced(db: Session, order: Order, *, shipped: int, invoiced: int, now: datetime) -> None:
    """What invoicing knows, rolled up: invoiced against shipped value, minor units."""
    status: InvoiceStatus = invoice_status(shipped, invoiced)
    if order.invoice_status is not status:
        order.invoice_status, order.updated_at = status, now


async def get_hold(db: Session, hold_id: UUID) -> OrderHold | None:
    """A hold by id."""
    return await db.get(OrderHold, hold_id)
