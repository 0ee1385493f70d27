"""Whether the counters of stock are what the ledger and the rows behind them say: asked by the nightly audit."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.inventory.models import Allocation, InboundStock, Reservation, StockLevel, StockMovement


@dataclass(frozen=True, slots=True)
class StockDifference:
    """A counter that is not the sum of its rows; `inbound_id` where it is one of expected goods."""

    counter: str
    against: str
    location_id: UUID
    variant_id: UUID
    recorded: int
    computed: int
    inbound_id: UUID | None = None


async def differences(db: Session) -> list[StockDifference]:
    """Every stock counter that differs from its ledger, reservations or allocations; empty when all is well."""
    found = await _against_ledger(db)
    found += await _against(db, "reserved", StockLevel.reserved, "reservations", _reserved())
    found += await _against(db, "allocated", StockLevel.allocated, "allocations", _allocated())
    return found + await _inbound(db)


def _sums(*columns: Any, of: Any) -> Any:
    return sa.select(of.location_id, of.variant_id, *columns).group_by(of.location_id, of.variant_id)


def _sum(column: Any, name: str) -> Any:
    return sa.cast(sa.func.sum(column), sa.BigInteger()).label(name)


async def _against_ledger(db: Session) -> list[StockDifference]:
    row = StockMovement
    ledger = _sums(
        _sum(row.on_hand, "on_hand"), _sum(row.allocated, "allocated"), _sum(row.reserved, "reserved"), of=row
    ).subquery()
    level = StockLevel
    names = ("on_hand", "allocated", "reserved")
    pairs = [(getattr(level, name), sa.func.coalesce(ledger.c[name], 0)) for name in names]
    compared = (
        sa.select(level.location_id, level.variant_id, *[part for pair in pairs for part in pair])
        .outerjoin(ledger, _same_level(ledger, level))
        .where(sa.or_(*[counter != total for counter, total in pairs]))
    )
    orphans = (
        sa.select(ledger.c.location_id, ledger.c.variant_id, *_zeroes(ledger, names))
        .outerjoin(level, _same_level(ledger, level))
        .where(level.location_id.is_(None), sa.or_(*[ledger.c[name] != 0 for name in names]))
    )
    found = []
    for location_id, variant_id, *figures in [*await db.execute(compared), *await db.execute(orphans)]:
        for name, recorded, computed in zip(names, figures[::2], figures[1::2], strict=True):
            if recorded != computed:
                found.append(StockDifference(name, "movements", location_id, variant_id, recorded, int(computed)))
    return found


def _same_level(sums: Any, level: Any) -> Any:
    return sa.and_(sums.c.location_id == level.location_id, sums.c.variant_id == level.variant_id)


def _zeroes(sums: Any, names: tuple[str, ...]) -> list[Any]:
    return [part for name in names for part in (sa.literal(0).label(f"no_{name}"), sums.c[name])]


def _reserved() -> Any:
    return _sums(_sum(Reservation.quantity, "total"), of=Reservation)


def _allocated() -> Any:
    return _sums(_sum(Allocation.quantity, "total"), of=Allocation).where(Allocation.inbound_id.is_(None))


async def _against(db: Session, counter: str, column: Any, against: str, sums: Any) -> list[StockDifference]:
    """Levels whose counter is not the sum, and sums without a level."""
    total, level = sums.subquery(), StockLevel
    computed = sa.func.coalesce(total.c.total, 0)
    compared = (
        sa.select(level.location_id, level.variant_id, column, computed)
        .outerjoin(total, _same_level(total, level))
        .where(column != computed)
    )
    orphans = (
        sa.select(total.c.location_id, total.c.variant_id, sa.literal(0), total.c.total)
        .outerjoin(level, _same_level(total, level))
        .where(level.location_id.is_(None), total.c.total != 0)
    )
    return [
        StockDifference(counter, against, location_id, variant_id, recorded, int(really))
        for location_id, variant_id, recorded, really in [*await db.execute(compared), *await db.execute(orphans)]
    ]


async def _inbound(db: Session) -> list[StockDifference]:
    """Expected goods whose promised pieces are not the sum of the allocations bound to them."""
    total = (
        sa.select(Allocation.inbound_id, _sum(Allocation.quantity, "total"))
        .where(Allocation.inbound_id.is_not(None))
        .group_by(Allocation.inbound_id)
        .subquery()
    )
    computed, goods = sa.func.coalesce(total.c.total, 0), InboundStock
    compared = (
        sa.select(goods.location_id, goods.variant_id, goods.allocated, computed, goods.id)
        .outerjoin(total, total.c.inbound_id == goods.id)
        .where(goods.allocated != computed)
    )
    return [
        StockDifference("allocated", "bound allocations", location_id, variant_id, recorded, int(really), inbound_id)
        for location_id, variant_id, recorded, really, inbound_id in await db.execute(compared)
    ]
