"""Promise stock to order lines, and give it back: set-based, on rows locked in key order.

Callers plan on an unlocked read. `lock_and_check` then locks the chosen rows in the order (location, variant) and says
which picks no longer hold; `allocate` writes what was checked. Both run in the caller's transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks
from kontor.core.ids import new_id
from kontor.core.sets import any_pair_of
from kontor.inventory.models import Allocation, InboundStock, MovementKind, Reservation, StockLevel, StockMovement

Key = tuple[UUID, UUID]
"""(location, variant)."""


@dataclass(frozen=True, slots=True)
class Pick:
    """Pieces of a variant for one order line from one place; `inbound_id` names expected goods."""

    order_id: UUID
    order_line_id: UUID
    channel_id: UUID
    location_id: UUID
    variant_id: UUID
    quantity: int
    from_reservation: int = 0
    inbound_id: UUID | None = None
    priority: int = 0
    promised_on: date | None = None

    @property
    def key(self) -> Key:
        return (self.location_id, self.variant_id)


async def lock_levels(db: Session, keys: Iterable[Key]) -> dict[Key, Any]:
    """Stock rows locked in key order, fresh from the database: plain rows with the columns of StockLevel."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    columns = (StockLevel.location_id, StockLevel.variant_id)
    counters = (StockLevel.on_hand, StockLevel.allocated, StockLevel.reserved, StockLevel.safety)
    rows = await db.execute(
        sa.select(*columns, *counters, StockLevel.paused_safety)
        .where(any_pair_of(db, columns, wanted))
        .order_by(*columns)
        .with_for_update(of=StockLevel)
    )
    return {(row[0], row[1]): row for row in rows}


async def lock_reservations(db: Session, keys: Iterable[tuple[UUID, UUID, UUID]]) -> list[Reservation]:
    """Quotas by (location, variant, channel) with anything left, locked in the order of their ids."""
    found: list[Reservation] = []
    for part in chunks(sorted(set(keys)), 300):
        rows = await db.scalars(
            sa.select(Reservation)
            .where(
                sa.tuple_(Reservation.location_id, Reservation.variant_id, Reservation.channel_id).in_(part),
                Reservation.reference == "",
                Reservation.quantity > 0,
            )
            .order_by(Reservation.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        found.extend(rows)
    return found


async def lock_inbound(db: Session, ids: Iterable[UUID]) -> dict[UUID, InboundStock]:
    """Expected goods locked in the order of their ids."""
    found: dict[UUID, InboundStock] = {}
    for part in chunks(sorted(set(ids))):
        rows = await db.scalars(
            sa.select(InboundStock)
            .where(InboundStock.id.in_(part))
            .order_by(InboundStock.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        found.update({row.id: row for row in rows})
    return found


async def try_allocate(db: Session, picks: Sequence[Pick], *, freed: Mapping[Key, int] | None = None) -> bool:
    """Lock the rows of `picks` and allocate all of them, or nothing: False when one no longer holds.

    `freed` are pieces that are still reserved and that the caller gives up in this transaction, so they count as free.
    The locks stay until the transaction ends, so a plan made again on fresh figures converges.
    """
    stock = [pick for pick in picks if pick.inbound_id is None]
    levels = await lock_levels(db, [pick.key for pick in stock])
    wanted = [pick for pick in stock if pick.from_reservation]
    reservations = (
        await lock_reservations(db, [(pick.location_id, pick.variant_id, pick.channel_id) for pick in wanted])
        if wanted
        else []
    )
    inbound = await lock_inbound(db, [pick.inbound_id for pick in picks if pick.inbound_id])
    if not (_holds(levels, reservations, stock, freed or {}) and _inbound_holds(inbound, picks)):
        return False
    await _write(db, picks, reservations)
    return True


def _holds(
    levels: Mapping[Key, Any], reservations: Sequence[Reservation], picks: Sequence[Pick], freed: Mapping[Key, int]
) -> bool:
    kept: dict[tuple[UUID, UUID, UUID], int] = {}
    for row in reservations:
        quota = (row.location_id, row.variant_id, row.channel_id)
        kept[quota] = kept.get(quota, 0) + row.quantity
    taken: dict[Key, list[int]] = {}
    for pick in picks:
        sums = taken.setdefault(pick.key, [0, 0])
        sums[0] += pick.quantity
        sums[1] += pick.from_reservation
        own = (pick.location_id, pick.variant_id, pick.channel_id)
        if pick.from_reservation:
            kept[own] = kept.get(own, 0) - pick.from_reservation
            if kept[own] < 0:
                return False
    for key, (quantity, reserved) in taken.items():
        level = levels.get(key)
        if level is None or level.allocated + quantity > level.on_hand:
            return False
        kept_for_others = level.reserved - freed.get(key, 0)
        free = max(0, level.on_hand - level.allocated - kept_for_others - level.safety)
        if quantity - reserved > free:
            return False
    return True


def _inbound_holds(inbound: Mapping[UUID, InboundStock], picks: Sequence[Pick]) -> bool:
    wanted: dict[UUID, int] = {}
    for pick in picks:
        if pick.inbound_id:
            wanted[pick.inbound_id] = wanted.get(pick.inbound_id, 0) + pick.quantity
    for inbound_id, quantity in wanted.items():
        row = inbound.get(inbound_id)
        if row is None or row.closed or not row.sellable or row.quantity - row.received - row.allocated < quantity:
            return False
    return True


_LEVELS_PG = sa.text(
    "UPDATE stock_level AS s SET allocated = s.allocated + d.quantity, reserved = s.reserved - d.reserved, "
    "updated_at = :now FROM unnest(CAST(:locations AS uuid[]), CAST(:variants AS uuid[]), CAST(:quantities AS int[]), "
    "CAST(:reserved AS int[])) AS d(location_id, variant_id, quantity, reserved) "
    "WHERE s.location_id = d.location_id AND s.variant_id = d.variant_id"
)
_LEVELS_SQLITE = (
    "UPDATE stock_level SET allocated = allocated + ?, reserved = reserved - ?, updated_at = ? "
    "WHERE location_id = ? AND variant_id = ?"
)
_ALLOCATION = (
    "id", "order_id", "order_line_id", "variant_id", "location_id", "inbound_id", "channel_id", "quantity",
    "from_reservation", "priority", "promised_on", "created_at",
)  # fmt: skip
_MOVEMENT = (
    "id", "location_id", "variant_id", "kind", "on_hand", "allocated", "reserved", "order_id", "order_line_id",
    "reason", "at", "by",
)  # fmt: skip


async def change_levels(db: Session, changes: Mapping[Key, tuple[int, int]]) -> None:
    """Add (allocated, reserved taken) to levels; one statement."""
    if not changes:
        return
    keys = sorted(changes)
    if db.sqlite:
        connection = await db.connection()
        stamp = db.now.replace(tzinfo=None).isoformat(" ", "microseconds")
        rows = [(changes[key][0], changes[key][1], stamp, key[0].hex, key[1].hex) for key in keys]
        await connection.exec_driver_sql(_LEVELS_SQLITE, rows)
        return
    await db.execute(
        _LEVELS_PG,
        {
            "now": db.now,
            "locations": [key[0] for key in keys],
            "variants": [key[1] for key in keys],
            "quantities": [changes[key][0] for key in keys],
            "reserved": [changes[key][1] for key in keys],
        },
    )


async def _write(db: Session, picks: Sequence[Pick], reservations: Sequence[Reservation]) -> None:
    changes: dict[Key, tuple[int, int]] = {}
    for pick in picks:
        if pick.inbound_id is None:
            old = changes.get(pick.key, (0, 0))
            changes[pick.key] = (old[0] + pick.quantity, old[1] + pick.from_reservation)
    await change_levels(db, changes)
    _take_reservations(reservations, picks)
    for inbound_id, quantity in _inbound_sums(picks).items():
        await db.execute(
            sa.update(InboundStock)
            .where(InboundStock.id == inbound_id)
            .values(allocated=InboundStock.allocated + quantity, updated_at=db.now)
        )
    await db.bulk_insert(Allocation, _ALLOCATION, [_allocation_row(pick, db) for pick in picks])
    await db.bulk_insert(
        StockMovement,
        _MOVEMENT,
        [movement_row(db, pick.key, MovementKind.ALLOCATE, allocated=pick.quantity, reserved=-pick.from_reservation,
                      order=(pick.order_id, pick.order_line_id)) for pick in picks if pick.inbound_id is None],
    )  # fmt: skip


def _take_reservations(reservations: Sequence[Reservation], picks: Sequence[Pick]) -> None:
    for pick in picks:
        left = pick.from_reservation
        for row in reservations:
            if left and (row.location_id, row.variant_id, row.channel_id) == (*pick.key, pick.channel_id):
                part = min(left, row.quantity)
                row.quantity -= part
                left -= part


def _inbound_sums(picks: Sequence[Pick]) -> dict[UUID, int]:
    sums: dict[UUID, int] = {}
    for pick in picks:
        if pick.inbound_id is not None:
            sums[pick.inbound_id] = sums.get(pick.inbound_id, 0) + pick.quantity
    return dict(sorted(sums.items()))


def _allocation_row(pick: Pick, db: Session) -> tuple[Any, ...]:
    return (
        new_id(), pick.order_id, pick.order_line_id, pick.variant_id, pick.location_id, pick.inbound_id,
        pick.channel_id, pick.quantity, pick.from_reservation, pick.priority, pick.promised_on, db.now,
    )  # fmt: skip


def movement_row(
    db: Session,
    key: Key,
    kind: MovementKind,
    *,
    on_hand: int = 0,
    allocated: int = 0,
    reserved: int = 0,
    order: tuple[UUID | None, UUID | None] = (None, None),
    reason: str | None = None,
) -> tuple[Any, ...]:
    """A ledger row as `write_movements` takes it."""
    return (new_id(), *key, kind, on_hand, allocated, reserved, *order, reason, db.now, db.by)


async def write_movements(db: Session, rows: Sequence[tuple[Any, ...]]) -> None:
    """Append to the ledger."""
    await db.bulk_insert(StockMovement, _MOVEMENT, rows)
