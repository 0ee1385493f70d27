"""How fresh the stock of the places in scope is, and who said so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.inventory.allocating import Key
from kontor.inventory.models import InboundStock, MovementKind, StockLevel, StockMovement
from kontor.inventory.queries import among, visible_to
from kontor.locations.models import StockLocation

STALE_AFTER = timedelta(hours=24)
COUNTS = (MovementKind.COUNT, MovementKind.ADJUST)


@dataclass(frozen=True, slots=True)
class Freshness:
    """Articles at places in scope: all, those whose figure is younger than a day, those without pieces, and paused."""

    articles: int
    fresh: int
    empty: int
    paused: int


async def freshness(db: Session, *, locations: Sequence[str] | None = None) -> Freshness:
    """Over all places in scope, or the named ones among them."""
    row = StockLevel

    def count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    found = sa.select(
        sa.func.count(),
        count(row.as_of >= db.now - STALE_AFTER),
        count(row.on_hand <= row.allocated),
        count(row.paused_safety.is_not(None)),
    ).where(visible_to(db.principal))
    if locations is not None:
        ids = sa.select(StockLocation.id).where(StockLocation.code.in_(among(db, locations)))
        found = found.where(row.location_id.in_(ids))
    articles, fresh, empty, paused = (await db.execute(found)).one()
    return Freshness(articles, int(fresh), int(empty), int(paused))


async def counted_by(db: Session, keys: Sequence[Key]) -> dict[Key, str]:
    """Who changed each level last by counting or correcting."""
    row = StockMovement
    place = sa.func.row_number().over(
        partition_by=(row.location_id, row.variant_id), order_by=(row.at.desc(), row.id.desc())
    )
    ranked = (
        sa.select(row.location_id, row.variant_id, row.by, place.label("place"))
        .where(
            row.location_id.in_({key[0] for key in keys}),
            row.variant_id.in_({key[1] for key in keys}),
            row.kind.in_(COUNTS),
        )
        .subquery()
    )
    found = await db.execute(sa.select(ranked).where(ranked.c.place == 1))
    return {(each.location_id, each.variant_id): each.by.partition(":")[2] for each in found}


async def next_inbound(db: Session, keys: Sequence[Key]) -> dict[Key, InboundStock]:
    """The goods that are expected next at each level."""
    row = InboundStock
    found = await db.scalars(
        sa.select(row)
        .where(
            row.location_id.in_({key[0] for key in keys}),
            row.variant_id.in_({key[1] for key in keys}),
            sa.not_(row.closed),
            row.received < row.quantity,
        )
        .order_by(row.expected_on, row.id)
    )
    soonest: dict[Key, InboundStock] = {}
    for each in found:
        soonest.setdefault((each.location_id, each.variant_id), each)
    return soonest
