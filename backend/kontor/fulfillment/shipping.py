"""Pick, pack and ship. What is shipped in part leaves the rest as work of its own; batches, a result per request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kontor.core.db import Session
from kontor.core.errors import InvalidInput, KontorError
from kontor.core.outbox import record, schedule
from kontor.core.principal import Principal
from kontor.fulfillment.answering import take_on
from kontor.fulfillment.errors import WrongDeliveryType
from kontor.fulfillment.events import FulfillmentOrderShipped
from kontor.fulfillment.models import FulfillmentOrder, Shipment
from kontor.fulfillment.parcels import ParcelInput, attach, check_parcels, number_parcels, write_parcels
from kontor.fulfillment.queries import parcels_of
from kontor.fulfillment.shipments import Leaving, book_shipments
from kontor.fulfillment.splitting import counts_of, is_all, rest_of
from kontor.fulfillment.states import FulfillmentState
from kontor.fulfillment.telling import tell_kept
from kontor.fulfillment.values import Pieces
from kontor.fulfillment.work import (
    Work,
    check_moving,
    check_state,
    check_stock,
    count,
    load_work,
    one,
    pick_row,
    settle_capacity,
    settle_splits,
    split,
    step,
)
from kontor.inventory import allocations as stock
from kontor.orders.states import DeliveryType

S = FulfillmentState
RECALL_WINDOW = timedelta(seconds=60)
CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Shipping:
    """Goods left a place: all pieces or some, in parcels; `shipped_at` None means now."""

    fulfillment_order_id: UUID
    pieces: tuple[Pieces, ...] | None = None
    parcels: tuple[ParcelInput, ...] = ()
    shipped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class How:
    """How a batch is shipped: whether it can be recalled for a minute, and whether shipping also answers open work."""

    recallable: bool = False
    accepts_open: bool = False


async def pick(
    db: Session,
    fulfillment_order_id: UUID,
    pieces: Sequence[Pieces] | None,
    *,
    now: datetime,
    principal: Principal | None = None,
) -> FulfillmentOrder:
    """Pieces were taken from the shelf (None: all that were missing); with the last one the row is PICKED."""
    work = await load_work(db, [fulfillment_order_id], principal=principal)
    row = pick_row(work, fulfillment_order_id, set())
    check_state(row, S.ACCEPTED)
    check_moving(work, row)
    lines = work.lines[row.id]
    counts = counts_of(lines, pieces)
    for line in lines:
        line.picked = line.quantity if pieces is None else min(line.quantity, line.picked + counts.get(line.id, 0))
    row.updated_at = now
    if all(line.picked == line.quantity for line in lines):
        step(db, row, S.PICKED, now=now)
    return row


async def pack(
    db: Session,
    fulfillment_order_id: UUID,
    parcels: Sequence[ParcelInput],
    *,
    now: datetime,
    principal: Principal | None = None,
) -> FulfillmentOrder:
    """Everything is in parcels; without a word about parcels it is one."""
    work = await load_work(db, [fulfillment_order_id], principal=principal)
    row = pick_row(work, fulfillment_order_id, set())
    check_state(row, S.ACCEPTED, S.PICKED)
    check_moving(work, row)
    lines = work.lines[row.id]
    check_parcels(lines, parcels)
    for line in lines:
        line.picked = line.quantity
    step(db, row, S.PACKED, now=now)
    write_parcels(db, row, lines, parcels, now=now)
    await number_parcels(db, [row.id])
    return row


async def ship(
    db: Session, request: Shipping, *, now: datetime, how: How, principal: Principal | None = None
) -> Shipment:
    """Ship one; raises what `ship_all` answers."""
    return one(await ship_all(db, [request], now=now, how=how, principal=principal))


async def ship_all(
    db: Session, requests: Sequence[Shipping], *, now: datetime, how: How, principal: Principal | None = None
) -> list[Shipment | KontorError]:
    """Goods left: the shipment, or the refusal, of each request in its position.

    Allocations become movements, counters and statuses follow, amounts are frozen. Of a recallable shipment nobody
    hears until the window has passed.
    """
    work = await load_work(db, [each.fulfillment_order_id for each in requests], principal=principal)
    seen: set[UUID] = set()
    results: list[KontorError | None] = []
    going: dict[int, Leaving] = {}
    for index, each in enumerate(requests):
        try:
            row = pick_row(work, each.fulfillment_order_id, seen)
            going[index] = check_leaving(work, row, each, how, now=now)
            results.append(None)
        except KontorError as refusal:
            results.append(refusal)
    for index, leaving in going.items():
        if leaving.row is not None:
            await tell_kept(db, work, leaving.row)
        _detach_rest(db, work, leaving, requests[index], how, now=now)
    await settle_splits(db, work)
    await send(db, work, list(going.values()))
    await _parcels(db, work, {index: (requests[index], leaving) for index, leaving in going.items()}, now=now)
    for leaving in going.values():
        _tell(db, leaving, how, now=now)
    await count(db, work, now=now)
    await settle_capacity(db, work)
    await number_parcels(db, [leaving.row.id for leaving in going.values() if leaving.row is not None])
    return [refusal or going[index].sent for index, refusal in enumerate(results)]


def check_leaving(work: Work, row: FulfillmentOrder, request: Shipping, how: How, *, now: datetime) -> Leaving:
    """What would leave; raises why it cannot. Nothing is changed."""
    allowed = (S.ACCEPTED, S.PICKED, S.PACKED)
    check_state(row, *((S.OPEN, *allowed) if how.accepts_open else allowed))
    check_moving(work, row)
    if row.delivery_type is DeliveryType.PICKUP:
        raise WrongDeliveryType("Goods for collection are handed over, not shipped.")
    lines, order = work.lines[row.id], work.order_of(row)
    counts = counts_of(lines, request.pieces)
    check_parcels(lines, request.parcels, counts)
    check_stock(work, row)
    shipped_at = request.shipped_at or now
    if shipped_at > now + CLOCKS_DIFFER or shipped_at < order.placed_at:
        raise InvalidInput(
            "Goods leave after the order was placed and not in the future.",
            code="INVALID_SHIPPED_AT",
            path=("shippedAt",),
        )
    pieces = {line.order_line_id: counts[line.id] for line in lines if line.id in counts}
    return Leaving(order, work.order_lines[order.id], pieces, row.delivery_type, min(shipped_at, now), row=row)


def _detach_rest(db: Session, work: Work, leaving: Leaving, request: Shipping, how: How, *, now: datetime) -> None:
    row = leaving.row
    assert row is not None
    if row.state is S.OPEN:
        take_on(db, work, row, now=now)
    lines = work.lines[row.id]
    counts = counts_of(lines, request.pieces)
    if not is_all(lines, counts):
        # What a parcel of the rest holds is not known: it is packed again.
        state = S.PICKED if row.state is S.PACKED else row.state
        split(db, work, row, rest_of(lines, counts), now=now, state=state)
    row.cancel_requested = False
    row.recallable_until = now + RECALL_WINDOW if how.recallable else None
    step(db, row, S.SHIPPED, now=now)


async def send(db: Session, work: Work, leaving: Sequence[Leaving], *, delivered: bool = False) -> None:
    """Write shipments, take the goods off the shelf and remember the counters."""
    if not leaving:
        return
    await book_shipments(db, leaving)
    cuts = [
        stock.Cut(line_id, quantity, each.row.id)
        for each in leaving
        if each.row is not None
        for line_id, quantity in each.pieces.items()
    ]
    await stock.ship(db, stock.cut(work.allocations, cuts))
    for each in leaving:
        for line_id, quantity in each.pieces.items():
            arrived = quantity if delivered else 0
            work.add(each.order.id, line_id, allocated=-quantity, shipped=quantity, delivered=arrived)


async def _parcels(db: Session, work: Work, going: Mapping[int, tuple[Shipping, Leaving]], *, now: datetime) -> None:
    rows = [leaving.row for _, leaving in going.values() if leaving.row is not None]
    packed = await parcels_of(db, [row.id for row in rows])
    for request, leaving in going.values():
        row = leaving.row
        assert row is not None
        attach(db, row, work.lines[row.id], packed[row.id], request.parcels, shipment=leaving.sent, now=now)
    await db.flush()


def _tell(db: Session, leaving: Leaving, how: How, *, now: datetime) -> None:
    if how.recallable:
        args = {"shipment_id": leaving.sent.id}
        schedule(
            db, "fulfillment.announce_shipment", args, key=leaving.order.id, due_at=now + RECALL_WINDOW,
            unique_key=announcement(leaving.sent.id),
        )  # fmt: skip
        return
    assert leaving.row is not None
    tell_shipped(db, leaving.row, leaving.sent, leaving.order.currency)


def announcement(shipment_id: UUID) -> str:
    """The name of the timer after which everybody hears of a shipment."""
    return f"announce/{shipment_id}"


def tell_shipped(db: Session, row: FulfillmentOrder, shipment: Shipment, currency: str) -> None:
    """Record that goods left."""
    event = FulfillmentOrderShipped(
        stream_id=row.order_id,
        fulfillment_order_id=row.id,
        shipment_id=shipment.id,
        amount=shipment.amount,
        currency=currency,
    )
    record(db, event)
