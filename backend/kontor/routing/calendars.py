"""When the places of a book release goods, and what is left of their capacity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.inventory.models import CapacityUse
from kontor.locations.calendars import LocationCalendar, release_days
from kontor.locations.models import StockLocation
from kontor.routing.values import Capacity

if TYPE_CHECKING:
    from kontor.routing.service import SupplyBook

_CALENDAR_STEP = 300  # seconds for which a place's release days are remembered


async def add_calendars(db: Session, book: SupplyBook) -> None:
    """Release days of places that are not always open, and what is left of limited capacity."""
    places = {location_id for rows in book.stock.values() for location_id in rows}
    limited: list[StockLocation] = []
    for location_id in places:
        place = book.masters.locations.get(location_id) if isinstance(location_id, UUID) else None
        if place is None:
            continue
        if place.paused_until is not None and place.paused_until > book.now:
            book.release_days[place.id] = ()
        elif place.opening_hours != "24/7" or place.closures or place.cut_off:
            book.release_days[place.id] = _remembered_days(book, place)
        if place.unit_capacity is not None or place.parcel_capacity is not None:
            limited.append(place)
    if limited:
        await _add_capacity(db, book, limited)


def _remembered_days(book: SupplyBook, place: StockLocation) -> tuple[int, ...]:
    moment = int(book.now.timestamp()) // _CALENDAR_STEP
    key = (place.id, moment * 1000 + book.horizon)
    known = book.masters.release_days.get(key)
    if known is None:
        if len(book.masters.release_days) > 20_000:
            book.masters.release_days.clear()
        days = release_days(calendar_of(place), book.now, book.horizon)
        known = book.masters.release_days[key] = tuple(day.toordinal() for day in days)
    return known


def calendar_of(place: StockLocation) -> LocationCalendar:
    """The working time of a place as the calendar rules take it."""
    return LocationCalendar(
        time_zone=place.timezone,
        opening_hours=place.opening_hours,
        cut_off=time.fromisoformat(place.cut_off) if place.cut_off else None,
        country=place.country,
        closures=frozenset(date.fromisoformat(day) for day in place.closures),
    )


async def _add_capacity(db: Session, book: SupplyBook, places: Sequence[StockLocation]) -> None:
    first = date.fromordinal(book.today)
    rows = await db.execute(
        sa.select(CapacityUse.location_id, CapacityUse.day, CapacityUse.units, CapacityUse.parcels).where(
            CapacityUse.location_id.in_([place.id for place in places]), CapacityUse.day >= first
        )
    )
    used = {(row.location_id, row.day.toordinal()): (row.units, row.parcels) for row in rows}
    days = range(book.today, book.today + book.horizon)
    for place in places:
        taken = [used.get((place.id, day), (0, 0)) for day in days]
        book.capacity[place.id] = Capacity(
            None if place.unit_capacity is None else tuple(max(0, place.unit_capacity - units) for units, _ in taken),
            None if place.parcel_capacity is None else tuple(max(0, place.parcel_capacity - n) for _, n in taken),
        )
