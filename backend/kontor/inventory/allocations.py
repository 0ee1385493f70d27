"""What becomes of promised stock: given to a fulfillment order, shipped, taken back, or released.

Every function works on allocations of locked orders: the order's row is the lock over its allocations, so these
statements never wait for one another; stock rows are changed in key order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks
from kontor.core.ids import new_id
from kontor.inventory.allocating import Key, movement_row, write_movements
from kontor.inventory.errors import StockShort
from kontor.inventory.models import Allocation, InboundStock, MovementKind, Reservation, StockLevel

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""The moment of a level nobody has counted."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Pieces of an order line to take out of its allocations; a place or fulfillment order narrows which."""

    order_line_id: UUID
    quantity: int
    fulfillment_order_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """What was taken out of one allocation."""

    allocation: Allocation
    quantity: int
    from_reservation: int

    @property
    def key(self) -> Key:
        return (self.allocation.location_id, self.allocation.variant_id)

    @property
    def backordered(self) -> bool:
        return self.allocation.inbound_id is not None


async def of_orders(db: Session, order_ids: Iterable[UUID]) -> list[Allocation]:
    """Every allocation of the orders, oldest first."""
    found: list[Allocation] = []
    for part in chunks(sorted(set(order_ids))):
        found.extend(
            await db.scalars(
                sa.select(Allocation)
                .where(Allocation.order_id.in_(part))
                .order_by(Allocation.created_at, Allocation.id)
                .execution_options(populate_existing=True)
            )
        )
    return found


def cut(allocations: Sequence[Allocation], cuts: Iterable[Cut]) -> list[Slice]:
    """Choose which allocations give: backordered ones first, then the youngest. Raises `StockShort` when too few."""
    left: dict[int, int] = {}
    kept: dict[int, int] = {}
    of: dict[tuple[UUID, UUID | None], list[Allocation]] = {}
    for row in allocations:
        left[id(row)], kept[id(row)] = row.quantity, row.from_reservation
        of.setdefault((row.order_line_id, row.fulfillment_order_id), []).append(row)
    slices: list[Slice] = []
    for wish in cuts:
        rest = wish.quantity
        own = of.get((wish.order_line_id, wish.fulfillment_order_id), [])
        for row in sorted(own, key=lambda row: (row.inbound_id is None, -row.created_at.timestamp())):
            part = min(rest, left[id(row)])
            if part:
                free = left[id(row)] - kept[id(row)]
                reserved = max(0, part - free)
                left[id(row)] -= part
                kept[id(row)] -= reserved
                slices.append(Slice(row, part, reserved))
                rest -= part
        if rest:
            raise StockShort(
                f"{rest} pieces of the line are not allocated there.", line=str(wish.order_line_id), missing=rest
            )
    return slices


async def release(db: Session, slices: Sequence[Slice], *, reason: str) -> None:
    """Give promised stock back; what came out of a reservation goes back into it."""
    changes: dict[Key, list[int]] = {}
    for part in slices:
        if not part.backordered:
            sums = changes.setdefault(part.key, [0, 0, 0])
            sums[1] -= part.quantity
            sums[2] += part.from_reservation
    await apply(db, changes)
    await _return_reservations(db, slices)
    await _change_inbound(db, slices)
    await _shrink(db, slices)
    await write_movements(
        db,
        [
            movement_row(
                db, part.key, MovementKind.RELEASE, allocated=-part.quantity, reserved=part.from_reservation,
                order=(part.allocation.order_id, part.allocation.order_line_id), reason=reason,
            )
            for part in slices
            if not part.backordered
        ],
    )  # fmt: skip


async def ship(db: Session, slices: Sequence[Slice]) -> None:
    """Goods leave: on hand and allocated fall together."""
    changes: dict[Key, list[int]] = {}
    for part in slices:
        sums = changes.setdefault(part.key, [0, 0, 0])
        sums[0] -= part.quantity
        sums[1] -= part.quantity
    await apply(db, changes)
    await _shrink(db, slices)
    await write_movements(
        db,
        [
            movement_row(
                db, part.key, MovementKind.SHIP, on_hand=-part.quantity, allocated=-part.quantity,
                order=(part.allocation.order_id, part.allocation.order_line_id),
            )
            for part in slices
        ],
    )  # fmt: skip


async def unship(db: Session, order_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """A recalled shipment: goods are back at their place and promised to the same fulfillment order.

    `rows` hold order_line_id, variant_id, location_id, fulfillment_order_id, channel_id, quantity, priority.
    """
    changes: dict[Key, list[int]] = {}
    movements = []
    for row in rows:
        key = (row["location_id"], row["variant_id"])
        sums = changes.setdefault(key, [0, 0, 0])
        sums[0] += row["quantity"]
        sums[1] += row["quantity"]
        db.add(
            Allocation(
                id=new_id(), order_id=order_id, order_line_id=row["order_line_id"], variant_id=row["variant_id"],
                location_id=row["location_id"], fulfillment_order_id=row["fulfillment_order_id"],
                channel_id=row["channel_id"], quantity=row["quantity"], from_reservation=0, priority=row["priority"],
                created_at=db.now,
            )
        )  # fmt: skip
        movements.append(
            movement_row(
                db, key, MovementKind.UNSHIP, on_hand=row["quantity"], allocated=row["quantity"],
                order=(order_id, row["order_line_id"]),
            )
        )  # fmt: skip
    await apply(db, changes)
    await write_movements(db, movements)


class GivenBack(NamedTuple):
    """Pieces of a line that a place serves after all; `found` of them had been taken off its shelf."""

    order_line_id: UUID
    variant_id: UUID
    quantity: int
    found: int


class Holder(Protocol):
    """Work at a place that stock is promised to."""

    id: UUID
    order_id: UUID
    location_id: UUID
    channel_id: UUID
    priority: int


async def give_back(db: Session, holder: Holder, rows: Sequence[GivenBack]) -> None:
    """A refusal taken back: the pieces are promised to the same work again; the caller holds the locks and checked."""
    changes: dict[Key, list[int]] = {}
    movements = []
    for row in rows:
        key = (holder.location_id, row.variant_id)
        sums = changes.setdefault(key, [0, 0, 0])
        sums[0] += row.found
        sums[1] += row.quantity
        db.add(
            Allocation(
                id=new_id(), order_id=holder.order_id, order_line_id=row.order_line_id, variant_id=row.variant_id,
                location_id=holder.location_id, fulfillment_order_id=holder.id, channel_id=holder.channel_id,
                quantity=row.quantity, from_reservation=0, priority=holder.priority, created_at=db.now,
            )
        )  # fmt: skip
        order = (holder.order_id, row.order_line_id)
        if row.found:
            why = "refusal taken back"
            movements.append(movement_row(db, key, MovementKind.ADJUST, on_hand=row.found, order=order, reason=why))
        movements.append(movement_row(db, key, MovementKind.ALLOCATE, allocated=row.quantity, order=order))
    await apply(db, changes)
    await write_movements(db, movements)


async def restock(db: Session, rows: Sequence[tuple[Key, int, UUID, UUID]], *, reason: str) -> None:
    """Returned pieces can be sold again: (key, quantity, order, line) each."""
    changes: dict[Key, list[int]] = {}
    for key, quantity, _, _ in rows:
        changes.setdefault(key, [0, 0, 0])[0] += quantity
    await ensure_levels(db, changes)
    await apply(db, changes)
    await write_movements(
        db,
        [
            movement_row(db, key, MovementKind.RETURN, on_hand=quantity, order=(order_id, line_id), reason=reason)
            for key, quantity, order_id, line_id in rows
        ],
    )


async def ensure_levels(db: Session, keys: Iterable[Key]) -> None:
    """Make the rows exist, with nothing in them; any figure is newer than that."""
    wanted = sorted(set(keys))
    known: set[Key] = set()
    for part in chunks(wanted, 400):
        rows = await db.execute(
            sa.select(StockLevel.location_id, StockLevel.variant_id).where(
                sa.tuple_(StockLevel.location_id, StockLevel.variant_id).in_(part)
            )
        )
        known.update((row.location_id, row.variant_id) for row in rows)
    for key in wanted:
        if key not in known:
            await db.execute(
                sa.text(
                    "INSERT INTO stock_level (location_id, variant_id, on_hand, allocated, reserved, safety, as_of, "
                    "updated_at) VALUES (:location, :variant, 0, 0, 0, 0, :never, :now) "
                    "ON CONFLICT (location_id, variant_id) DO NOTHING"
                ).bindparams(
                    sa.bindparam("location", type_=sa.Uuid()),
                    sa.bindparam("variant", type_=sa.Uuid()),
                    sa.bindparam("never", type_=StockLevel.as_of.type),
                    sa.bindparam("now", type_=StockLevel.as_of.type),
                ),
                {"location": key[0], "variant": key[1], "never": NEVER, "now": db.now},
            )


_APPLY_PG = sa.text(
    "UPDATE stock_level AS s SET on_hand = s.on_hand + d.on_hand, allocated = s.allocated + d.allocated, "
    "reserved = s.reserved + d.reserved, updated_at = :now FROM (SELECT * FROM unnest(CAST(:locations AS uuid[]), "
    "CAST(:variants AS uuid[]), CAST(:on_hand AS int[]), CAST(:allocated AS int[]), CAST(:reserved AS int[])) "
    "AS u(location_id, variant_id, on_hand, allocated, reserved)) AS d "
    "WHERE s.location_id = d.location_id AND s.variant_id = d.variant_id"
)
_LOCK_PG = sa.text(
    "SELECT 1 FROM stock_level WHERE (location_id, variant_id) IN (SELECT * FROM unnest(CAST(:locations AS uuid[]), "
    "CAST(:variants AS uuid[]))) ORDER BY location_id, variant_id FOR UPDATE"
)
_APPLY_SQLITE = (
    "UPDATE stock_level SET on_hand = on_hand + ?, allocated = allocated + ?, reserved = reserved + ?, updated_at = ? "
    "WHERE location_id = ? AND variant_id = ?"
)


async def apply(db: Session, changes: Mapping[Key, Sequence[int]]) -> None:
    """Add (on hand, allocated, reserved) to levels, rows locked in key order first."""
    if not changes:
        return
    keys = sorted(changes)
    if db.sqlite:
        connection = await db.connection()
        stamp = db.now.replace(tzinfo=None).isoformat(" ", "microseconds")
        rows = [(*changes[key], stamp, key[0].hex, key[1].hex) for key in keys]
        await connection.exec_driver_sql(_APPLY_SQLITE, rows)
        return
    places = {"locations": [key[0] for key in keys], "variants": [key[1] for key in keys]}
    if len(keys) > 1:
        await db.execute(_LOCK_PG, places)
    columns = list(zip(*[changes[key] for key in keys], strict=True))
    await db.execute(
        _APPLY_PG,
        {
            **places,
            "now": db.now,
            "on_hand": list(columns[0]),
            "allocated": list(columns[1]),
            "reserved": list(columns[2]),
        },
    )


async def _return_reservations(db: Session, slices: Sequence[Slice]) -> None:
    back: dict[tuple[UUID, UUID, UUID], int] = {}
    for part in slices:
        if part.from_reservation:
            key = (*part.key, part.allocation.channel_id)
            back[key] = back.get(key, 0) + part.from_reservation
    for (location_id, variant_id, channel_id), quantity in sorted(back.items()):
        quota = sa.select(Reservation.id).where(
            Reservation.location_id == location_id,
            Reservation.variant_id == variant_id,
            Reservation.channel_id == channel_id,
            Reservation.reference == "",
        )
        await db.execute(
            sa.update(Reservation)
            .where(Reservation.id == quota.scalar_subquery())
            .values(quantity=Reservation.quantity + quantity)
        )


async def _change_inbound(db: Session, slices: Sequence[Slice]) -> None:
    sums: dict[UUID, int] = {}
    for part in slices:
        if part.allocation.inbound_id is not None:
            sums[part.allocation.inbound_id] = sums.get(part.allocation.inbound_id, 0) + part.quantity
    for inbound_id, quantity in sorted(sums.items()):
        await db.execute(
            sa.update(InboundStock)
            .where(InboundStock.id == inbound_id)
            .values(allocated=InboundStock.allocated - quantity, updated_at=db.now)
        )


async def _shrink(db: Session, slices: Sequence[Slice]) -> None:
    """Take the pieces off their allocations; a row that is used up goes."""
    taken: dict[UUID, list[int]] = {}
    rows: dict[UUID, Allocation] = {}
    for part in slices:
        sums = taken.setdefault(part.allocation.id, [0, 0])
        sums[0] += part.quantity
        sums[1] += part.from_reservation
        rows[part.allocation.id] = part.allocation
    gone = [row_id for row_id, (quantity, _) in taken.items() if rows[row_id].quantity == quantity]
    for chunk in chunks(gone):
        await db.execute(
            sa.delete(Allocation).where(Allocation.id.in_(chunk)).execution_options(synchronize_session=False)
        )
    for row_id, (quantity, reserved) in taken.items():
        if row_id not in gone:
            # What was given out of the reservation leaves with the goods; the row must never claim more than it has.
            left = rows[row_id].quantity - quantity
            await db.execute(
                sa.update(Allocation)
                .where(Allocation.id == row_id)
                .values(quantity=left, from_reservation=min(left, rows[row_id].from_reservation - reserved))
                .execution_options(synchronize_session=False)
            )


async def give_to_fulfillment(db: Session, given: Mapping[UUID, UUID]) -> None:
    """Bind whole allocations to fulfillment orders: {allocation: fulfillment order}."""
    by_order: dict[UUID, list[UUID]] = {}
    for allocation_id, fulfillment_order_id in given.items():
        by_order.setdefault(fulfillment_order_id, []).append(allocation_id)
    if db.sqlite:
        for fulfillment_order_id, ids in by_order.items():
            await db.execute(
                sa.update(Allocation)
                .where(Allocation.id.in_(ids))
                .values(fulfillment_order_id=fulfillment_order_id)
                .execution_options(synchronize_session=False)
            )
        return
    await db.execute(
        sa.text(
            "UPDATE allocation AS a SET fulfillment_order_id = d.fulfillment_order_id "
            "FROM unnest(CAST(:ids AS uuid[]), CAST(:orders AS uuid[])) AS d(id, fulfillment_order_id) "
            "WHERE a.id = d.id"
        ),
        {"ids": list(given), "orders": list(given.values())},
    )


async def split_off(db: Session, slices: Sequence[Slice], fulfillment_order_id: UUID | None) -> None:
    """Move slices into allocations of their own, bound to another fulfillment order or to none."""
    await _shrink(db, slices)
    for part in slices:
        old = part.allocation
        db.add(
            Allocation(
                id=new_id(), order_id=old.order_id, order_line_id=old.order_line_id, variant_id=old.variant_id,
                location_id=old.location_id, inbound_id=old.inbound_id, fulfillment_order_id=fulfillment_order_id,
                channel_id=old.channel_id, quantity=part.quantity, from_reservation=part.from_reservation,
                priority=old.priority, promised_on=old.promised_on, created_at=old.created_at,
            )
        )  # fmt: skip
    await db.flush()
