"""Move work to another place by hand, or to whichever is cheapest."""

from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.outbox import record
from kontor.core.principal import Principal
from kontor.fulfillment.canceling import release_pieces
from kontor.fulfillment.errors import NoOtherPlace, WrongDeliveryType
from kontor.fulfillment.events import FulfillmentCanceled
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.sourcing import Sourced, Wish, source_orders
from kontor.fulfillment.states import FulfillmentState
from kontor.fulfillment.work import check_state, count, load_work, pick_row, step, use_capacity
from kontor.orders.states import DeliveryType

S = FulfillmentState
MOVABLE = (S.SCHEDULED, S.OPEN, S.ACCEPTED, S.ON_HOLD)


async def reroute(
    db: Session,
    fulfillment_order_id: UUID,
    *,
    reason: str,
    now: datetime,
    to_location_id: UUID | None = None,
    principal: Principal | None = None,
) -> tuple[FulfillmentOrder, Sourced]:
    """End the work here and give its pieces to another place; the old row and what came of the order's open pieces.

    Raises `NoOtherPlace` when nobody else (or not the place named) can serve all of the pieces: then the caller's
    transaction is to be rolled back. Goods for collection are never moved without the customer.
    """
    if not 1 <= len(reason.strip()) <= 300:
        raise InvalidInput("1 to 300 characters.", code="INVALID_REASON", path=("reason",))
    work = await load_work(db, [fulfillment_order_id], principal=principal)
    row = pick_row(work, fulfillment_order_id, set())
    check_state(row, *MOVABLE)
    if row.delivery_type is DeliveryType.PICKUP:
        raise WrongDeliveryType("Goods for collection stay at the store the customer agreed to.")
    if to_location_id == row.location_id:
        raise InvalidInput("The work is there already.", code="SAME_PLACE", path=("toLocationId",))
    order, lines = work.order_of(row), work.lines[row.id]
    cuts = work.cut(row, {line.id: line.quantity for line in lines})
    step(db, row, S.CANCELED, now=now, reason=f"moved: {reason.strip()}")
    record(db, FulfillmentCanceled(stream_id=order.id, fulfillment_order_id=row.id, reason=f"moved: {reason.strip()}"))
    work.free_capacity(row, sum(line.quantity for line in lines))
    await release_pieces(db, work, order, cuts, "moved by hand")
    count(db, work, now=now)
    await use_capacity(db, work.capacity)
    await db.flush()
    wish = Wish("REROUTE", frozenset({row.location_id}), to_location_id)
    sourced = (await source_orders(db, [order.id], now=now, wish=wish))[order.id]
    if not sourced.fulfillment_orders or sourced.missing:
        raise NoOtherPlace("No other place can serve these pieces.", missing=sourced.missing)
    return row, sourced
