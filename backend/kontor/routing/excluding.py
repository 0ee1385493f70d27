"""Places that somebody took out of routing for a while: none of an article, of an order, or nothing at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import ProductVariant
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, NotFound
from kontor.core.ids import new_id
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.sets import among
from kontor.locations import queries as locations
from kontor.locations.models import StockLocation
from kontor.routing import masters as routing_masters
from kontor.routing.exclusions import Exclusion, shuts
from kontor.routing.models import RoutingExclusion

Asked = tuple[UUID, UUID, UUID]
"""A place, an article and an order."""

MOST_MINUTES = 7 * 24 * 60
SORTS: Mapping[str, Any] = {"UNTIL": RoutingExclusion.until, "CREATED_AT": RoutingExclusion.created_at}


@dataclass(frozen=True, slots=True)
class ExclusionWish:
    """Who gets no new work, of what, for how many minutes (1 to a week) and why."""

    location_id: UUID
    reason: str
    minutes: int = 60
    variant_id: UUID | None = None
    order_id: UUID | None = None


async def exclude_place(db: Session, wish: ExclusionWish) -> RoutingExclusion:
    """Take a place out of routing for a while; whether the caller may see the order is for the caller to check.

    Work that the place has already is not moved. Raises `InvalidInput`, or `NotFound` for place and article.
    """
    if not 1 <= wish.minutes <= MOST_MINUTES:
        raise InvalidInput(f"1 to {MOST_MINUTES} minutes.", code="INVALID_MINUTES", path=("minutes",), max=MOST_MINUTES)
    if not 1 <= len(wish.reason.strip()) <= 300:
        raise InvalidInput("1 to 300 characters.", code="INVALID_REASON", path=("reason",))
    place = await locations.get_stock_location(db, id=wish.location_id)
    if wish.variant_id is not None and await db.get(ProductVariant, wish.variant_id) is None:
        raise NotFound("There is no such article.", code="VARIANT_NOT_FOUND", path=("variantId",))
    row = RoutingExclusion(
        id=new_id(), location_id=place.id, variant_id=wish.variant_id, order_id=wish.order_id,
        reason=wish.reason.strip(), until=db.now + timedelta(minutes=wish.minutes), created_at=db.now, created_by=db.by,
    )  # fmt: skip
    db.add(row)
    await db.flush()
    return row


async def lift_exclusion(db: Session, exclusion_id: UUID) -> RoutingExclusion:
    """The place may get work again; one that is over or lifted stays as it is. Raises `NotFound`."""
    row = await db.scalar(_visible(db).where(RoutingExclusion.id == exclusion_id).with_for_update(of=RoutingExclusion))
    if row is None:
        raise NotFound("There is no such exclusion.", code="EXCLUSION_NOT_FOUND", path=("id",))
    if row.lifted_at is None and row.until > db.now:
        row.lifted_at, row.lifted_by = db.now, db.by
        await db.flush()
    return row


async def list_exclusions(
    db: Session,
    page: PageRequest,
    *,
    location_ids: Sequence[UUID] | None = None,
    active: bool | None = None,
    sort: str = "UNTIL",
    descending: bool = True,
) -> Page[RoutingExclusion]:
    """Exclusions of the places the principal may see; `active` those in force, or those that are over."""
    found = narrow(_visible(db), (RoutingExclusion.location_id.in_, location_ids))
    if active is not None:
        in_force = sa.and_(RoutingExclusion.until > db.now, RoutingExclusion.lifted_at.is_(None))
        found = found.where(in_force if active else sa.not_(in_force))
    return await paginate(db, found, choose(SORTS, sort, descending=descending), RoutingExclusion.id, page)


def _visible(db: Session) -> sa.Select[RoutingExclusion]:
    found = sa.select(RoutingExclusion)
    if db.principal.restricted:
        places = sa.select(StockLocation.id).where(locations.visible_to(db.principal))
        found = found.where(RoutingExclusion.location_id.in_(places))
    return found


# Made once: to put such a statement together costs about as much as to run it.
_ROW = RoutingExclusion.__table__.c
_IN_FORCE = (
    sa.select(_ROW.location_id, _ROW.variant_id, _ROW.order_id, _ROW.reason)
    .where(
        _ROW.until > sa.bindparam("now", type_=_ROW.until.type),
        _ROW.lifted_at.is_(None),
        sa.or_(_ROW.variant_id.is_(None), among(_ROW.variant_id, "ids")),
    )
    .order_by(_ROW.id)
)


async def read_exclusions(db: Session, variant_ids: Sequence[UUID]) -> tuple[Exclusion, ...]:
    """Everything in force now that may concern orders of these variants, in one statement."""
    rows = await db.execute(_IN_FORCE, {"ids": variant_ids, "now": db.now})
    return tuple(Exclusion(*row) for row in rows)


async def shut_of(db: Session, asked: Collection[Asked]) -> set[Asked]:
    """Those of them that get nothing new now: the place is paused, or somebody took it out for the article or order."""
    masters = await routing_masters.load(db)
    exclusions = await read_exclusions(db, sorted({variant_id for _, variant_id, _ in asked}))
    paused = {place.id for place in masters.locations.values() if place.paused_until and place.paused_until > db.now}
    return {each for each in asked if each[0] in paused or shuts(exclusions, *each)}
