"""Collection in a store: ready, handed over against a code, or never fetched. Nothing of it is shipped elsewhere."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.core.principal import Principal
from kontor.fulfillment.answering import take_on
from kontor.fulfillment.canceling import end_and_cancel
from kontor.fulfillment.errors import WrongDeliveryType, WrongPickupCode
from kontor.fulfillment.events import FulfillmentPickedUp, FulfillmentReadyForPickup
from kontor.fulfillment.models import FulfillmentOrder, Shipment
from kontor.fulfillment.shipments import Leaving
from kontor.fulfillment.shipping import send
from kontor.fulfillment.splitting import counts_of, is_all, rest_of
from kontor.fulfillment.states import FulfillmentState
from kontor.fulfillment.telling import tell_kept
from kontor.fulfillment.values import Pieces
from kontor.fulfillment.work import (
    check_moving,
    check_state,
    count,
    load_work,
    pick_row,
    settle_capacity,
    settle_splits,
    split,
    step,
)
from kontor.orders.states import DeliveryType

S = FulfillmentState
CODE_DIGITS = 6


async def mark_ready(
    db: Session, fulfillment_order_id: UUID, *, now: datetime, principal: Principal | None = None
) -> FulfillmentOrder:
    """The goods wait for the customer, who gets a code; steps that were not reported are made up for."""
    work = await load_work(db, [fulfillment_order_id], principal=principal)
    row = pick_row(work, fulfillment_order_id, set())
    if row.delivery_type is not DeliveryType.PICKUP:
        raise WrongDeliveryType("These goods are shipped, not collected.")
    check_state(row, S.OPEN, S.ACCEPTED, S.PICKED, S.PACKED)
    check_moving(work, row)
    await tell_kept(db, work, row)
    if row.state is S.OPEN:
        take_on(db, work, row, now=now)
    if row.state in (S.ACCEPTED, S.PICKED):
        step(db, row, S.PACKED, now=now)
    for line in work.lines[row.id]:
        line.picked = line.quantity
    step(db, row, S.READY_FOR_PICKUP, now=now)
    row.pickup_code = "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))
    record(db, FulfillmentReadyForPickup(stream_id=row.order_id, fulfillment_order_id=row.id))
    return row


async def hand_over(
    db: Session,
    fulfillment_order_id: UUID,
    *,
    code: str,
    now: datetime,
    pieces: Sequence[Pieces] | None = None,
    principal: Principal | None = None,
) -> Shipment:
    """The customer takes the goods, or some of them: the others wait on. Raises `WrongPickupCode`."""
    work = await load_work(db, [fulfillment_order_id], principal=principal)
    row = pick_row(work, fulfillment_order_id, set())
    check_state(row, S.READY_FOR_PICKUP)
    check_moving(work, row)
    if not secrets.compare_digest(code.strip().encode(), (row.pickup_code or "").encode()):
        raise WrongPickupCode("This is not the code of the customer.", path=("code",))
    lines, order = work.lines[row.id], work.order_of(row)
    counts = counts_of(lines, pieces)
    taken = {line.order_line_id: counts[line.id] for line in lines if line.id in counts}
    if not is_all(lines, counts):
        rest = split(db, work, row, rest_of(lines, counts), now=now, state=row.state)
        rest.pickup_code = row.pickup_code
        await settle_splits(db, work)
    row.cancel_requested = False
    step(db, row, S.PICKED_UP, now=now)
    leaving = Leaving(order, work.order_lines[order.id], taken, row.delivery_type, now, row=row, delivered_at=now)
    await send(db, work, [leaving], delivered=True)
    event = FulfillmentPickedUp(
        stream_id=order.id,
        fulfillment_order_id=row.id,
        shipment_id=leaving.sent.id,
        amount=leaving.sent.amount,
        currency=order.currency,
    )
    record(db, event)
    await count(db, work, now=now)
    await settle_capacity(db, work)
    return leaving.sent


async def cancel_uncollected(
    db: Session, fulfillment_order_id: UUID, *, reason: str, now: datetime, principal: Principal | None = None
) -> FulfillmentOrder:
    """Nobody came: the goods go back on the shelf and the pieces are canceled."""
    work = await load_work(db, [fulfillment_order_id], principal=principal)
    row = pick_row(work, fulfillment_order_id, set())
    check_state(row, S.READY_FOR_PICKUP)
    await end_and_cancel(db, work, row, reason=reason, now=now)
    return row
