"""Finding places and tariffs. Partners and stores see their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.imports import saving
from kontor.locations.errors import LocationNotFound
from kontor.locations.models import LocationKind, ShippingTariff, StockLocation

SORTS: dict[str, Any] = {
    "CODE": StockLocation.code,
    "NAME": StockLocation.name,
    "COUNTRY": StockLocation.country,
    "PRIORITY": StockLocation.priority,
    "UPDATED_AT": StockLocation.updated_at,
}
TARIFF_SORTS: dict[str, Any] = {"CARRIER": ShippingTariff.carrier, "PRICE": ShippingTariff.parcel_cents}


@dataclass(frozen=True, slots=True)
class StockLocationFilter:
    """Which places are wanted; what is None does not narrow. `search` looks into code, name, city and postal code."""

    codes: Sequence[str] | None = None
    kinds: Sequence[LocationKind] | None = None
    partner_ids: Sequence[UUID] | None = None
    countries: Sequence[str] | None = None
    active: bool | None = None
    can_pickup: bool | None = None
    accepts_returns: bool | None = None
    search: str | None = None
    changed_since: datetime | None = None


async def masters_version(db: Session) -> int:
    """A number that grows with every change of places, tariffs, partners, channels and tax rates.

    Who keeps those in memory reads it once per batch and loads again when it differs.
    """
    return await saving.masters_version(db)


def visible_to(principal: Principal) -> sa.ColumnElement[bool]:
    """A partner and a store see their own places; a shop the active ones that its customers may come to."""
    if principal.partner_id is not None:
        return StockLocation.partner_id == principal.partner_id
    if principal.location_ids is not None:
        return StockLocation.id.in_(principal.location_ids)
    if principal.channel_ids is not None or principal.customer_id is not None:
        return sa.and_(StockLocation.active, sa.or_(StockLocation.can_pickup, StockLocation.accepts_returns))
    return sa.true()


async def list_stock_locations(
    db: Session, wanted: StockLocationFilter, page: PageRequest, *, sort: str = "CODE", descending: bool = False
) -> Page[StockLocation]:
    """Places the principal of the session may see."""
    found = sa.select(StockLocation).where(visible_to(db.principal), *_conditions(wanted))
    return await paginate(db, found, choose(SORTS, sort, descending=descending), StockLocation.id, page)


def _conditions(wanted: StockLocationFilter) -> list[sa.ColumnElement[bool]]:
    lists: list[tuple[Any, Sequence[Any] | None]] = [
        (StockLocation.code, wanted.codes),
        (StockLocation.kind, wanted.kinds),
        (StockLocation.partner_id, wanted.partner_ids),
        (StockLocation.country, wanted.countries),
    ]
    flags: list[tuple[Any, bool | None]] = [
        (StockLocation.active, wanted.active),
        (StockLocation.can_pickup, wanted.can_pickup),
        (StockLocation.accepts_returns, wanted.accepts_returns),
    ]
    found = [column.in_(values) for column, values in lists if values is not None]
    found += [column.is_(value) for column, value in flags if value is not None]
    if wanted.changed_since is not None:
        found.append(StockLocation.updated_at >= wanted.changed_since)
    if wanted.search:
        columns = (StockLocation.code, StockLocation.name, StockLocation.city, StockLocation.postal_code)
        found.append(sa.or_(*(column.icontains(wanted.search, autoescape=True) for column in columns)))
    return found


async def find_stock_location(db: Session, *, id: UUID | None = None, code: str | None = None) -> StockLocation | None:
    """One visible place by id or code."""
    key = StockLocation.id == id if id is not None else StockLocation.code == code
    return await db.scalar(sa.select(StockLocation).where(key, visible_to(db.principal)))


async def get_stock_location(db: Session, *, id: UUID | None = None, code: str | None = None) -> StockLocation:
    """One visible place by id or code; raises `LocationNotFound`."""
    location = await find_stock_location(db, id=id, code=code)
    if location is None:
        raise LocationNotFound("There is no such place.", path=("id" if id is not None else "code",))
    return location


async def stock_locations_by_id(db: Session, ids: Sequence[UUID]) -> dict[UUID, StockLocation]:
    """Visible places by id, in one statement."""
    found = await db.scalars(sa.select(StockLocation).where(StockLocation.id.in_(ids), visible_to(db.principal)))
    return {location.id: location for location in found}


async def stock_locations_of_partners(db: Session, partner_ids: Sequence[UUID]) -> dict[UUID, list[StockLocation]]:
    """Visible places of many partners by code, in one statement."""
    found = await db.scalars(
        sa.select(StockLocation)
        .where(StockLocation.partner_id.in_(partner_ids), visible_to(db.principal))
        .order_by(StockLocation.code)
    )
    places: dict[UUID, list[StockLocation]] = {partner_id: [] for partner_id in partner_ids}
    for location in found:
        if location.partner_id is not None:
            places[location.partner_id].append(location)
    return places


async def all_stock_locations(db: Session) -> Sequence[StockLocation]:
    """Every place, for those who keep them in memory until the masters' version changes."""
    return (await db.scalars(sa.select(StockLocation).order_by(StockLocation.code))).all()


async def all_shipping_tariffs(db: Session) -> Sequence[ShippingTariff]:
    """Every tariff, for those who keep them in memory until the masters' version changes."""
    return (await db.scalars(sa.select(ShippingTariff).order_by(ShippingTariff.id))).all()


async def tariffs_of_locations(db: Session, ids: Sequence[UUID]) -> dict[UUID, list[ShippingTariff]]:
    """The tariffs of many places, in one statement; those for every place are not among them."""
    found = await db.scalars(
        sa.select(ShippingTariff).where(ShippingTariff.location_id.in_(ids)).order_by(ShippingTariff.id)
    )
    tariffs: dict[UUID, list[ShippingTariff]] = {location_id: [] for location_id in ids}
    for tariff in found:
        if tariff.location_id is not None:
            tariffs[tariff.location_id].append(tariff)
    return tariffs


async def list_shipping_tariffs(
    db: Session,
    page: PageRequest,
    *,
    location_ids: Sequence[UUID] | None = None,
    carrier: str | None = None,
    sort: str = "CARRIER",
    descending: bool = False,
) -> Page[ShippingTariff]:
    """Tariffs of visible places; those for every place only for who sees every place."""
    found = sa.select(ShippingTariff)
    if db.principal.restricted:
        visible = sa.select(StockLocation.id).where(visible_to(db.principal))
        found = found.where(ShippingTariff.location_id.in_(visible))
    found = narrow(found, (ShippingTariff.location_id.in_, location_ids), (ShippingTariff.carrier.__eq__, carrier))
    return await paginate(db, found, choose(TARIFF_SORTS, sort, descending=descending), ShippingTariff.id, page)
