"""Move work to another place by hand, or to whichever is cheapest."""

from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.principal import Principal
from kontor.fulfillment.canceling import end_and_cancel, end_row, release_pieces
from kontor.fulfillment.errors import NoOtherPlace, WrongDeliveryType
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.sourcing import Sourced, SourceOutcome, Wish, source_orders
from kontor.fulfillment.states import FulfillmentState
from kontor.fulfillment.work import check_state, count, load_work, pick_row
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
    transaction is to be rolled back. Goods for collection are never moved without the customer. Pieces that were asked
    to be canceled are canceled, not moved.
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
    if row.cancel_requested:
        await end_and_cancel(db, work, row, reason=row.cancel_reason or "canceled", now=now)
        return row, Sourced(SourceOutcome.ALL)
    order, lines = work.order_of(row), work.lines[row.id]
    cuts = work.cut(row, {line.id: line.quantity for line in lines})
    end_row(db, work, row, f"moved: {reason.strip()}", now=now)
    work.free_capacity(row, sum(line.quantity for line in lines))
    await release_pieces(db, work, order, cuts, "moved by hand")
    await count(db, work, now=now)
    await db.flush()
    # The capacity of both places is written after all stock is moved: whoever writes it before waits crosswise.
    wish = Wish("REROUTE", frozenset({row.location_id}), to_location_id, work.take_capacity())
    sourced = (await source_orders(db, [order.id], now=now, wish=wish))[order.id]
    missing = sum(max(0, line.quantity - sourced.given.get(line.order_line_id, 0)) for line in lines)
    if missing:
        raise NoOtherPlace("No other place can serve these pieces.", missing=missing)
    return row, sourced
