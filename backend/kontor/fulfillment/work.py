"""The locked rows that a step changes: orders first, then fulfillment orders, then stock. Loaded once per batch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks
from kontor.core.errors import KontorError
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.core.principal import Principal
from kontor.core.statemachine import change_row, transition
from kontor.fulfillment import queries
from kontor.fulfillment.errors import AskedTwice, FulfillmentOrderNotFound, OrderHeld, TakenAway, WrongState
from kontor.fulfillment.events import FulfillmentOrdersCreated
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder
from kontor.fulfillment.splitting import Counts
from kontor.fulfillment.states import FULFILLMENT, FulfillmentState
from kontor.inventory import allocations as stock
from kontor.inventory.errors import StockShort
from kontor.inventory.models import Allocation, CapacityUse
from kontor.locations.models import StockLocation
from kontor.orders import progress
from kontor.orders import queries as orders
from kontor.orders.models import Order, OrderLine

R = TypeVar("R")
Place = tuple[UUID, date]
Capacity = tuple[Mapping[Place, int], Mapping[Place, int]]
"""Units and parcels that places have to release on their days, or no more where negative."""


@dataclass(slots=True)
class Work:
    """Locked orders with their lines and allocations, the fulfillment orders in question, and what was counted."""

    orders: dict[UUID, Order]
    order_lines: dict[UUID, list[OrderLine]]
    rows: dict[UUID, FulfillmentOrder]
    lines: dict[UUID, list[FulfillmentLine]]
    allocations: list[Allocation]
    held: set[UUID] = field(default_factory=set)
    changes: dict[UUID, dict[UUID, dict[str, int]]] = field(default_factory=dict)
    capacity: dict[Place, int] = field(default_factory=dict)
    parcels: dict[Place, int] = field(default_factory=dict)
    numbers: dict[UUID, int] = field(default_factory=dict)
    moved: dict[UUID, list[stock.Slice]] = field(default_factory=dict)
    new_lines: list[FulfillmentLine] = field(default_factory=list)
    of_order: dict[UUID, list[Allocation]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.know(self.allocations)

    def know(self, allocations: list[Allocation]) -> None:
        """The allocations of all orders, and those of each: a batch has hundreds, an order a few."""
        self.allocations, self.of_order = allocations, {}
        for allocation in allocations:
            self.of_order.setdefault(allocation.order_id, []).append(allocation)

    def order_of(self, row: FulfillmentOrder) -> Order:
        """The order a fulfillment order belongs to."""
        return self.orders[row.order_id]

    def line(self, row: FulfillmentOrder, line: FulfillmentLine) -> OrderLine:
        """The order line of a fulfillment line."""
        return next(each for each in self.order_lines[row.order_id] if each.id == line.order_line_id)

    def add(self, order_id: UUID, line_id: UUID, **deltas: int) -> None:
        """Remember what is added to an order line's counters."""
        counters = self.changes.setdefault(order_id, {}).setdefault(line_id, {})
        for name, delta in deltas.items():
            counters[name] = counters.get(name, 0) + delta

    def free_capacity(self, row: FulfillmentOrder, units: int) -> None:
        """Remember units that a place need not release any more."""
        if row.ship_on is not None:
            key = (row.location_id, row.ship_on)
            self.capacity[key] = self.capacity.get(key, 0) - units

    def take_capacity(self) -> Capacity:
        """What was remembered, for whoever writes it down; it is remembered no more."""
        remembered = self.capacity, self.parcels
        self.capacity, self.parcels = {}, {}
        return remembered

    def count_parcel(self, row: FulfillmentOrder, count: int) -> None:
        """Remember that a place has to release one parcel more, or one less; each fulfillment order is one."""
        if row.ship_on is not None:
            key = (row.location_id, row.ship_on)
            self.parcels[key] = self.parcels.get(key, 0) + count

    def cut(self, row: FulfillmentOrder, counts: Mapping[UUID, int]) -> list[stock.Cut]:
        """What to take out of the row's allocations for some pieces."""
        return [
            stock.Cut(line.order_line_id, counts[line.id], row.id) for line in self.lines[row.id] if counts.get(line.id)
        ]


async def load_work(db: Session, ids: Iterable[UUID], *, principal: Principal | None = None) -> Work:
    """Lock what the steps need; ids that do not exist or may not be seen are left out."""
    pairs = await queries.orders_of(db, ids, principal)
    found = await orders.lock_orders(db, pairs.values())
    rows = await queries.lock_rows(db, pairs)
    return Work(
        found,
        await orders.lines_of(db, found),
        rows,
        await queries.lines_of(db, rows),
        await stock.of_orders(db, found),
        await queries.held_orders(db, found),
        numbers=await queries.count_rows(db, FulfillmentOrder, found),
    )


async def look_at_work(db: Session, rows: Mapping[UUID, FulfillmentOrder]) -> Work:
    """The same of rows that were read already, without locks: for who only asks what a step would say."""
    found: dict[UUID, Order] = {}
    for part in chunks(sorted({row.order_id for row in rows.values()})):
        found.update({order.id: order for order in await db.scalars(sa.select(Order).where(Order.id.in_(part)))})
    return Work(
        found,
        await orders.lines_of(db, found),
        dict(rows),
        await queries.lines_of(db, rows),
        await stock.of_orders(db, found),
        await queries.held_orders(db, found),
    )


async def reload_allocations(db: Session, work: Work) -> None:
    """Read the allocations again after pieces were moved between them."""
    await db.flush()
    work.know(await stock.of_orders(db, work.orders))


def pick_row(work: Work, row_id: UUID, seen: set[UUID]) -> FulfillmentOrder:
    """The row a request names, once per call; raises `FulfillmentOrderNotFound` or `AskedTwice`."""
    row = work.rows.get(row_id)
    if row is None:
        raise FulfillmentOrderNotFound(
            "There is no such fulfillment order.", path=("fulfillmentOrderId",), fulfillment_order_id=str(row_id)
        )
    if row_id in seen:
        raise AskedTwice("A call names a fulfillment order once.", path=("fulfillmentOrderId",))
    seen.add(row_id)
    return row


def check_moving(work: Work, row: FulfillmentOrder) -> None:
    """Raise `OrderHeld` when the order has an open blocking hold."""
    if row.order_id in work.held:
        raise OrderHeld("The order is on hold; nothing of it moves.", order_id=str(row.order_id))


def check_state(row: FulfillmentOrder, *allowed: FulfillmentState) -> None:
    """Raise `WrongState` unless the row is in one of the states."""
    if row.state not in allowed:
        raise WrongState(
            f"The fulfillment order is {row.state}.", state=str(row.state), allowed=[str(state) for state in allowed]
        )


def check_kept(row: FulfillmentOrder) -> None:
    """Raise `TakenAway` when the row was taken away because no answer came in time."""
    if row.state is FulfillmentState.REJECTED and row.escalated_at is not None:
        raise TakenAway("The time to answer has passed; the work went elsewhere.", state=str(row.state))


def lost_pieces(work: Work, row: FulfillmentOrder) -> Counts:
    """Pieces by fulfillment line that no allocation stands behind any more: a count took it away."""
    held: dict[UUID, int] = {}
    for allocation in work.of_order.get(row.order_id, ()):
        if allocation.fulfillment_order_id == row.id:
            held[allocation.order_line_id] = held.get(allocation.order_line_id, 0) + allocation.quantity
    missing = {line.id: line.quantity - held.get(line.order_line_id, 0) for line in work.lines[row.id]}
    return {line_id: quantity for line_id, quantity in missing.items() if quantity > 0}


def check_stock(work: Work, row: FulfillmentOrder) -> None:
    """Raise `StockShort` when pieces of the row have lost their stock: they are about to be taken out of it."""
    missing = sum(lost_pieces(work, row).values())
    if missing:
        raise StockShort(f"{missing} pieces are not there any more.", missing=missing, fulfillment_order_id=str(row.id))


def step(db: Session, row: FulfillmentOrder, to: FulfillmentState, *, now: datetime, reason: str | None = None) -> None:
    """Move one row one state."""
    transition(db, row, to, table=FULFILLMENT, now=now, reason=reason)
    row.updated_at = now


def split(
    db: Session, work: Work, row: FulfillmentOrder, counts: Counts, *, now: datetime, state: FulfillmentState
) -> FulfillmentOrder:
    """Give some pieces of a row a fulfillment order of their own, in `state`; their allocations follow in `settle`.

    The caller makes sure that something stays behind.
    """
    order = work.order_of(row)
    other = FulfillmentOrder(
        id=new_id(), number=next_number(work, order), order_id=row.order_id, location_id=row.location_id,
        partner_id=row.partner_id, channel_id=row.channel_id, state=state, held_from=row.held_from,
        delivery_type=row.delivery_type, priority=row.priority, ship_on=row.ship_on, promised_on=row.promised_on,
        due_at=row.due_at, ship_due_at=row.ship_due_at, accepted_at=row.accepted_at, reminded_at=row.reminded_at,
        overdue_at=row.overdue_at, late_at=row.late_at, decision_id=row.decision_id, split_from_id=row.id,
        cancel_requested=row.cancel_requested, cancel_reason=row.cancel_reason, escalated_at=row.escalated_at,
        created_at=now, updated_at=now,
    )  # fmt: skip
    db.add(other)
    db.note_state(change_row("fulfillment_order", other.id, None, state, now=now, by=db.by, reason="split off"))
    work.count_parcel(other, 1)
    work.moved.setdefault(other.id, []).extend(stock.cut(work.of_order.get(row.order_id, []), work.cut(row, counts)))
    work.rows[other.id] = other
    work.lines[other.id] = [_moved(line, other, counts[line.id]) for line in work.lines[row.id] if line.id in counts]
    work.new_lines.extend(work.lines[other.id])
    work.lines[row.id] = [line for line in work.lines[row.id] if line.quantity]
    row.updated_at = now
    made = {"id": str(other.id), "location_id": str(other.location_id), "partner_id": str(other.partner_id or "")}
    record(db, FulfillmentOrdersCreated(stream_id=order.id, fulfillment_orders=(made,)))
    return other


def _moved(line: FulfillmentLine, other: FulfillmentOrder, quantity: int) -> FulfillmentLine:
    picked = max(0, line.picked - (line.quantity - quantity))
    twin = FulfillmentLine(
        id=new_id(), fulfillment_order_id=other.id, order_line_id=line.order_line_id, variant_id=line.variant_id,
        sku=line.sku, name=line.name, quantity=quantity, picked=picked,
    )  # fmt: skip
    line.quantity -= quantity
    line.picked -= picked
    return twin


def next_number(work: Work, order: Order) -> str:
    """The number of the order's next fulfillment order; the order's lock makes it unique."""
    work.numbers[order.id] = work.numbers.get(order.id, 0) + 1
    return f"{order.number}-{work.numbers[order.id]}"


async def settle_splits(db: Session, work: Work) -> None:
    """Move the allocations of what was split off; afterwards they are read again."""
    if not work.moved:
        return
    await db.flush()  # the rows before their lines
    db.add_all(work.new_lines)
    work.new_lines = []
    await db.flush()
    for row_id, slices in work.moved.items():
        await stock.split_off(db, slices, row_id)
    work.moved = {}
    await db.execute(
        sa.delete(FulfillmentLine)
        .where(FulfillmentLine.quantity == 0, FulfillmentLine.fulfillment_order_id.in_(list(work.rows)))
        .execution_options(synchronize_session=False)
    )
    await reload_allocations(db, work)


async def count(db: Session, work: Work, *, now: datetime) -> None:
    """Bring what was remembered down to the orders' counters."""
    await count_orders(db, work.orders, work.order_lines, work.changes, now=now)
    work.changes = {}


async def count_orders(
    db: Session,
    found: Mapping[UUID, Order],
    lines: Mapping[UUID, Sequence[OrderLine]],
    changes: Mapping[UUID, progress.Changes],
    *,
    now: datetime,
) -> None:
    """Add to the counters of locked orders; who has a shipment nobody has heard of is not yet called fulfilled."""
    closing = [order_id for order_id, each in changes.items() if progress.closes(lines[order_id], each)]
    untold = await _untold(db, closing)
    for order_id, each in sorted(changes.items()):
        progress.count(db, found[order_id], lines[order_id], each, now=now, announce=order_id not in untold)


async def announce_fulfilled(db: Session, work: Work, order_ids: Iterable[UUID]) -> None:
    """Shipments were told of: so are the orders of which nothing is open and nothing else can be taken back."""
    told = sorted(set(order_ids))
    untold = await _untold(db, told)
    for order_id in told:
        if order_id not in untold:
            progress.announce_fulfilled(db, work.orders[order_id], work.order_lines[order_id])


async def _untold(db: Session, order_ids: Sequence[UUID]) -> set[UUID]:
    if not order_ids:
        return set()
    await db.flush()
    return await queries.untold_orders(db, order_ids)


async def settle_capacity(db: Session, work: Work) -> None:
    """Bring what was remembered down to what the places have to release; after the stock, as every writer does."""
    await use_capacity(db, *work.take_capacity())


async def use_capacity(db: Session, units: Mapping[Place, int], parcels: Mapping[Place, int] | None = None) -> None:
    """Add to what limited places have to release on their days; places without a limit keep no count."""
    parcels = parcels or {}
    wanted = sorted(set(units) | set(parcels))
    if not wanted:
        return
    limited = set(
        await db.scalars(
            sa.select(StockLocation.id).where(
                StockLocation.id.in_({location_id for location_id, _ in wanted}),
                sa.or_(StockLocation.unit_capacity.is_not(None), StockLocation.parcel_capacity.is_not(None)),
            )
        )
    )
    rows: list[dict[str, Any]] = [
        {"location": key[0], "day": key[1], "units": units.get(key, 0), "parcels": parcels.get(key, 0)}
        for key in wanted
        if key[0] in limited
    ]
    if rows:
        await db.execute(_CAPACITY, rows)


_FLOOR = "CASE WHEN {0} + {1} > 0 THEN {0} + {1} ELSE 0 END"
_CAPACITY = sa.text(
    "INSERT INTO capacity_use (location_id, day, units, parcels) VALUES (:location, :day, "
    f"{_FLOOR.format('0', ':units')}, {_FLOOR.format('0', ':parcels')}) ON CONFLICT (location_id, day) DO UPDATE SET "
    f"units = {_FLOOR.format('capacity_use.units', ':units')}, "
    f"parcels = {_FLOOR.format('capacity_use.parcels', ':parcels')}"
).bindparams(
    sa.bindparam("location", type_=sa.Uuid()),
    sa.bindparam("day", type_=CapacityUse.day.type),
    sa.bindparam("units", type_=sa.Integer()),
    sa.bindparam("parcels", type_=sa.Integer()),
)


def one(results: Sequence[R | KontorError]) -> R:
    """The result of a call about one thing; raises its refusal."""
    (result,) = results
    if isinstance(result, KontorError):
        raise result
    return result
