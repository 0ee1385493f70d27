"""Orders that stay where they are: no planning moves them, unless their place refuses what it was given."""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks, in_key_order
from kontor.core.errors import Conflict, InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.orders.errors import RoutingNotLocked
from kontor.orders.events import RoutingLocked, RoutingUnlocked
from kontor.orders.models import Order
from kontor.orders.states import OVER
from kontor.routing.models import RoutingLock


async def lock_routing(db: Session, order: Order, *, reason: str) -> RoutingLock:
    """Keep a locked row's order where it is; a second lock changes the reason. Raises `Conflict` when it is over."""
    if order.state in OVER:
        raise Conflict(f"The order is {order.state}.", code="ORDER_ENDED", state=order.state)
    if not 1 <= len(reason.strip()) <= 300:
        raise InvalidInput("1 to 300 characters.", code="INVALID_REASON", path=("reason",))
    row = await _find(db, order.id)
    if row is None:
        row = RoutingLock(id=new_id(), order_id=order.id)
        db.add(row)
    elif row.reason == reason.strip():
        return row
    row.reason, row.locked_at, row.locked_by = reason.strip(), db.now, db.by
    order.updated_at = db.now
    record(db, RoutingLocked(stream_id=order.id, reason=row.reason))
    return row


async def unlock_routing(db: Session, order: Order) -> None:
    """The order may be moved again; raises `RoutingNotLocked`."""
    row = await _find(db, order.id)
    if row is None:
        raise RoutingNotLocked("The order is not locked.", order_id=str(order.id))
    await db.delete(row)
    order.updated_at = db.now
    record(db, RoutingUnlocked(stream_id=order.id))


async def _find(db: Session, order_id: UUID) -> RoutingLock | None:
    found: RoutingLock | None = await db.scalar(sa.select(RoutingLock).where(RoutingLock.order_id == order_id))
    return found


async def locked_orders(db: Session, order_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the orders that are to stay where they are."""
    found: set[UUID] = set()
    for part in chunks(in_key_order(order_ids)):
        found.update(await db.scalars(sa.select(RoutingLock.order_id).where(RoutingLock.order_id.in_(part))))
    return found
