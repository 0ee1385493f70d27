"""Goods on their way: announced, moved to another day, received, given up. Backordered pieces are bound to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.inventory import allocations
from kontor.inventory.allocating import lock_inbound, lock_levels, movement_row, write_movements
from kontor.inventory.counting import MAX_QUANTITY, article_of, place_of
from kontor.inventory.errors import InboundClosed, InboundNotFound
from kontor.inventory.events import BackorderFilled, BackorderRescheduled
from kontor.inventory.figures import Promised, Stage, give_way
from kontor.inventory.models import Allocation, InboundStock, MovementKind, StockLevel
from kontor.inventory.promises import (
    ORDERS,
    change_lines,
    lines_of,
    record_arrivals,
    record_released,
    with_orders_locked,
)
from kontor.inventory.queries import find_articles, find_places, visible_to

Taken = tuple[Allocation, int]
"""Pieces of an allocation."""


@dataclass(frozen=True, slots=True)
class InboundInput:
    """Goods that will come to a place; `reference` is the purchase order or transfer that names them there."""

    location: str
    sku: str
    reference: str
    quantity: int
    expected_on: date
    sellable: bool = True


async def announce_inbound(db: Session, goods: InboundInput) -> InboundStock:
    """Expect goods, or change what was announced under the same reference: quantity, day, sellable or not.

    A new day is told to the orders bound to them. Fewer pieces than are promised take the promise from the least
    important orders. Raises `UnknownStockKey`, `InvalidInput`, `InboundClosed`.
    """
    place = place_of(await find_places(db, {goods.location}), goods.location)
    variant_id = article_of(await find_articles(db, {goods.sku}), goods.sku)
    if not 0 < goods.quantity <= MAX_QUANTITY:
        raise InvalidInput("Some pieces are expected.", code="INVALID_QUANTITY", path=("quantity",))
    if not 0 < len(goods.reference) <= 80 or not goods.reference.isprintable():
        raise InvalidInput("A reference has 1 to 80 characters.", code="INVALID_REFERENCE", path=("reference",))
    known = await db.scalar(
        sa.select(InboundStock.id).where(
            InboundStock.location_id == place.id,
            InboundStock.variant_id == variant_id,
            InboundStock.reference == goods.reference,
        )
    )
    if known is not None:
        return await _change(db, known, goods)
    row = InboundStock(
        id=new_id(), location_id=place.id, variant_id=variant_id, reference=goods.reference, quantity=goods.quantity,
        received=0, allocated=0, expected_on=goods.expected_on, sellable=goods.sellable, closed=False,
        created_at=db.now, updated_at=db.now,
    )  # fmt: skip
    db.add(row)
    await db.flush()
    if goods.sellable:
        await record_arrivals(db, {(place.id, variant_id): goods.quantity})
    return row


async def _change(db: Session, inbound_id: UUID, goods: InboundInput) -> InboundStock:
    row, bound = await _lock(db, inbound_id)
    if row.closed:
        raise InboundClosed(f"Nothing more is expected under {row.reference}.", path=("reference",))
    if goods.quantity < row.received:
        raise InvalidInput(
            f"{row.received} pieces have come already.",
            code="INVALID_QUANTITY",
            path=("quantity",),
            received=row.received,
        )
    await _release(db, row, bound, row.received + row.allocated - goods.quantity, why="INBOUND_REDUCED")
    more = goods.quantity - row.quantity if row.sellable else goods.quantity - row.received
    row.quantity, row.sellable = goods.quantity, goods.sellable
    if row.expected_on != goods.expected_on:
        old, row.expected_on = row.expected_on, goods.expected_on
        for (order_id, location_id), lines in lines_of((each, each.quantity) for each in bound).items():
            moved = BackorderRescheduled(
                stream_id=order_id, location_id=location_id, lines=lines,
                was_expected_on=old.isoformat(), expected_on=row.expected_on.isoformat(),
            )  # fmt: skip
            record(db, moved)
    row.closed = row.quantity == row.received
    row.updated_at = db.now
    await db.flush()
    if row.sellable and more > 0:
        await record_arrivals(db, {(row.location_id, row.variant_id): more})
    return row


async def receive_inbound(
    db: Session, inbound_id: UUID, quantity: int, *, final: bool = False, reason: str | None = None
) -> InboundStock:
    """Book pieces that have come. Orders bound to them get them, by priority, then order date; the rest is free.

    More than announced is booked as well. `final` gives up what has not come. Raises `InboundNotFound`,
    `InboundClosed`, `InvalidInput`.
    """
    if not 0 < quantity <= MAX_QUANTITY:
        raise InvalidInput("Some pieces have come.", code="INVALID_QUANTITY", path=("quantity",))
    row, bound = await _lock(db, inbound_id)
    if row.closed:
        raise InboundClosed(f"Nothing more is expected under {row.reference}.", path=("id",))
    taken = await _first_served(db, bound, quantity)
    filled = sum(count for _, count in taken)
    key = (row.location_id, row.variant_id)
    await allocations.apply(db, {key: (quantity, filled, 0)})
    # What was counted before cannot know of these pieces.
    await db.execute(
        sa.update(StockLevel)
        .where(StockLevel.location_id == key[0], StockLevel.variant_id == key[1], StockLevel.as_of < db.now)
        .values(as_of=db.now)
        .execution_options(synchronize_session=False)
    )
    row.received += quantity
    row.allocated -= filled
    row.quantity = max(row.quantity, row.received)
    row.closed = row.received == row.quantity
    row.updated_at = db.now
    await db.flush()
    await _unbind(db, taken)
    await change_lines(db, [(each, count, -count) for each, count in taken])
    movements = [
        movement_row(
            db, key, MovementKind.RECEIVE, on_hand=quantity, reason=(reason or row.reference).replace("\0", "")[:300]
        )
    ]
    movements += [
        movement_row(db, key, MovementKind.ALLOCATE, allocated=count, order=(each.order_id, each.order_line_id))
        for each, count in taken
    ]
    await write_movements(db, movements)
    for (order_id, location_id), lines in lines_of(taken).items():
        record(db, BackorderFilled(stream_id=order_id, location_id=location_id, lines=lines))
    if quantity > filled:
        await record_arrivals(db, {key: quantity - filled})
    if final and not row.closed:
        await _close(db, row, await _bound(db, row.id), "INBOUND_CLOSED")
    return row


async def close_inbound(db: Session, inbound_id: UUID, *, reason: str = "INBOUND_CLOSED") -> InboundStock:
    """Nothing more comes: what orders were promised of it is unallocated again. Raises `InboundNotFound`.

    Closing twice changes nothing.
    """
    row, bound = await _lock(db, inbound_id)
    if not row.closed:
        await _close(db, row, bound, reason.replace("\0", "").strip()[:200] or "INBOUND_CLOSED")
    return row


async def _close(db: Session, row: InboundStock, bound: Sequence[Allocation], why: str) -> None:
    await _release(db, row, bound, row.allocated, why=why)
    row.closed, row.updated_at = True, db.now
    await db.flush()


async def _lock(db: Session, inbound_id: UUID) -> tuple[InboundStock, list[Allocation]]:
    """Expected goods with the orders bound to them, all locked: orders, then the level, then the goods."""
    place = (
        await db.execute(
            sa.select(InboundStock.location_id, InboundStock.variant_id).where(
                InboundStock.id == inbound_id, visible_to(db.principal, InboundStock.location_id)
            )
        )
    ).first()
    if place is None:
        raise InboundNotFound("There are no such expected goods.", path=("id",))
    key = (place.location_id, place.variant_id)
    await allocations.ensure_levels(db, [key])

    async def read() -> tuple[tuple[InboundStock, list[Allocation]], Iterable[UUID]]:
        await lock_levels(db, [key])
        row = (await lock_inbound(db, [inbound_id]))[inbound_id]
        bound = await _bound(db, inbound_id)
        return (row, bound), [each.order_id for each in bound]

    return await with_orders_locked(db, read)


async def _bound(db: Session, inbound_id: UUID) -> list[Allocation]:
    rows = await db.scalars(
        sa.select(Allocation)
        .where(Allocation.inbound_id == inbound_id)
        .order_by(Allocation.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def _first_served(db: Session, bound: Sequence[Allocation], quantity: int) -> list[Taken]:
    """Who gets the pieces that came: the highest priority, then who ordered first."""
    placed = {}
    for part in chunks(sorted({each.order_id for each in bound})):
        rows = await db.execute(sa.select(ORDERS.c.id, ORDERS.c.placed_at).where(ORDERS.c.id.in_(part)))
        placed.update({row.id: row.placed_at for row in rows})
    line = sorted(bound, key=lambda each: (-each.priority, placed.get(each.order_id, each.created_at), each.id))
    taken: list[Taken] = []
    for each in line:
        count = min(quantity, each.quantity)
        if count:
            taken.append((each, count))
            quantity -= count
    return taken


async def _unbind(db: Session, taken: Sequence[Taken]) -> None:
    """Turn pieces bound to expected goods into pieces on hand; a row of which only a part came is split."""
    whole = [each.id for each, count in taken if count == each.quantity]
    for part in chunks(whole):
        await db.execute(
            sa.update(Allocation)
            .where(Allocation.id.in_(part))
            .values(inbound_id=None)
            .execution_options(synchronize_session=False)
        )
    partly = [(each, count) for each, count in taken if count < each.quantity]
    for each, count in partly:
        db.add(
            Allocation(
                id=new_id(), order_id=each.order_id, order_line_id=each.order_line_id, variant_id=each.variant_id,
                location_id=each.location_id, inbound_id=None, fulfillment_order_id=each.fulfillment_order_id,
                channel_id=each.channel_id, quantity=count, from_reservation=0, priority=each.priority,
                promised_on=each.promised_on, created_at=each.created_at,
            )
        )  # fmt: skip
    await _shorten(db, partly)


async def _shorten(db: Session, parts: Sequence[Taken]) -> None:
    for each, count in parts:
        change = sa.update(Allocation).where(Allocation.id == each.id).values(quantity=Allocation.quantity - count)
        await db.execute(change.execution_options(synchronize_session=False))


async def _release(db: Session, row: InboundStock, bound: Sequence[Allocation], missing: int, *, why: str) -> None:
    """Take promises of goods that will not come, from the least important orders first."""
    if missing <= 0:
        return
    promises = [
        Promised(each.quantity, Stage.PROMISED, each.priority, each.promised_on, each.created_at) for each in bound
    ]
    taken = [(bound[index], count) for index, count in give_way(promises, missing)]
    for part in chunks([each.id for each, count in taken if count == each.quantity]):
        await db.execute(
            sa.delete(Allocation).where(Allocation.id.in_(part)).execution_options(synchronize_session=False)
        )
    await _shorten(db, [(each, count) for each, count in taken if count < each.quantity])
    row.allocated -= sum(count for _, count in taken)
    await db.flush()
    await change_lines(db, [(each, 0, -count) for each, count in taken])
    record_released(db, taken, reason=why)
