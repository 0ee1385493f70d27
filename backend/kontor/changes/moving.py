"""Open work that no place has begun with is taken back, and its pieces are promised where the order goes now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from kontor.changes.delivering import phase
from kontor.changes.placing import Sourcing, take_pieces
from kontor.core.db import Session
from kontor.core.errors import Path
from kontor.fulfillment import queries
from kontor.fulfillment.canceling import WAITING, end_row
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.sourcing import Wish as SourceWish
from kontor.fulfillment.sourcing import recount, source_orders
from kontor.fulfillment.states import OPEN_STATES
from kontor.fulfillment.work import Work, settle_capacity
from kontor.inventory import allocations as stock
from kontor.orders.models import Order, OrderLine
from kontor.orders.states import OrderState

WORKED_ON = frozenset({OrderState.CONFIRMED, OrderState.IN_FULFILLMENT})


async def move_open_goods(
    db: Session, order: Order, lines: Sequence[OrderLine], goods: Mapping[UUID, int], *, path: Path, reason: str,
    now: datetime,
) -> Sourcing:  # fmt: skip
    """Choose places anew for pieces of a locked order (all of its lines are given) and promise their stock there.

    Work of places that have not begun ends; where there was any, places get the pieces at once. Raises `OutOfStock`
    naming `path` where the channel takes no order without stock.
    """
    released = await _take_back(db, order, lines, reason=reason, now=now)
    held = [row for row in await stock.of_orders(db, [order.id]) if row.fulfillment_order_id is None]
    paths = {line.id: path for line in lines}
    found = await take_pieces(db, order, lines, goods, held, paths=paths, reason=reason)
    await db.flush()
    recount(db, order, lines, await stock.of_orders(db, [order.id]), now=now)
    if released and order.state in WORKED_ON:
        await db.flush()
        await source_orders(db, [order.id], now=now, wish=SourceWish("CHANGE"))
    return found


async def _take_back(db: Session, order: Order, lines: Sequence[OrderLine], *, reason: str, now: datetime) -> bool:
    """End work that waits; its stock stays promised to the order. Whether there was any."""
    rows = await queries.lock_of_order(db, order.id, OPEN_STATES)
    waiting: list[FulfillmentOrder] = [row for row in rows if phase(row) in WAITING and not row.cancel_requested]
    if not waiting:
        return False
    work = Work(
        {order.id: order}, {order.id: list(lines)}, {row.id: row for row in waiting},
        await queries.lines_of(db, [row.id for row in waiting]), await stock.of_orders(db, [order.id]),
    )  # fmt: skip
    for row in waiting:
        counts = {line.id: line.quantity for line in work.lines[row.id]}
        slices = stock.cut(work.allocations, work.cut(row, counts))
        work.free_capacity(row, sum(counts.values()))
        end_row(db, work, row, reason, now=now)
        await db.flush()
        await stock.split_off(db, slices, None)
    await settle_capacity(db, work)
    return True
