"""What a partner may say of its own places: address, hours, closures. Costs and channels stay the retailer's."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, TypedDict
from uuid import UUID

import sqlalchemy as sa
from babel.core import get_global

from kontor.core.clock import utc_day
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.locations import queries
from kontor.locations.errors import InvalidLocation, LocationNotFound
from kontor.locations.models import LocationKind, StockLocation
from kontor.locations.service import save_stock_locations

LONGEST_DAYS = 366
AHEAD_DAYS = 730


class OwnPlace(TypedDict, total=False):
    """An address goods leave from; fields that are not given stay as they are."""

    name: str
    street: str
    postal_code: str
    city: str
    country: str
    timezone: str
    opening_hours: str
    cut_off: str | None


def zone_of(country: str) -> str | None:
    """The time zone of a country that has one; None where there are several to choose from."""
    zones = get_global("territory_zones").get(country.upper(), [])
    return str(zones[0]) if len(zones) == 1 else {"DE": "Europe/Berlin", "ES": "Europe/Madrid"}.get(country.upper())


def ranges(days: Sequence[str]) -> list[tuple[date, date]]:
    """Closed days as ranges, both ends included, earliest first."""
    found: list[tuple[date, date]] = []
    for day in sorted({date.fromisoformat(each) for each in days}):
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


async def save_own_place(
    db: Session, given: OwnPlace, *, partner_code: str, partner_id: UUID, location_id: UUID | None = None
) -> StockLocation:
    """Change a partner's own place, or add one that ships; the time zone follows the country unless it is given.

    Raises `LocationNotFound` for a place that is not the partner's, and `InvalidField` naming what is wrong.
    """
    values: dict[str, Any] = dict(given)
    place = await _lock_own(db, location_id, partner_id) if location_id is not None else None
    if place is None:
        values = {"kind": LocationKind.DROPSHIPPER, "name": values.get("city") or partner_code} | values
        values["code"] = f"{partner_code[:70]}-{new_id().hex[-6:]}"
    else:
        values["code"] = place.code
    for name in ("street", "postal_code", "city"):
        if name in values and not str(values[name] or "").strip():
            raise InvalidLocation("An address needs this.", code="REQUIRED", path=(_camel(name),))
    if "timezone" not in values and "country" in values and (zone := zone_of(str(values["country"]))):
        values["timezone"] = zone
    [saved] = await save_stock_locations(db, [{**values, "partner": partner_code}])  # type: ignore[typeddict-item]
    if saved.problem is not None:
        raise saved.problem
    return await _fresh(db, values["code"])


async def close_place(
    db: Session, location_id: UUID, *, partner_id: UUID, first: date, last: date
) -> tuple[StockLocation, list[tuple[date, date]]]:
    """No work for a partner's own place from `first` to `last`, both included; days closed already stay so.

    The place, and the days that were open before: opening these again takes it back, and no other closure with it.
    Raises `LocationNotFound`, and `InvalidInput` for an end before the start and days past or too far ahead.
    """
    today = utc_day(db.now) - timedelta(days=1)  # it may still be yesterday where the place is
    if not first <= last <= first + timedelta(days=LONGEST_DAYS):
        raise InvalidInput(
            "The last day lies before the first, or too far after it.", code="INVALID_PERIOD", path=("until",)
        )
    if first < today or last > today + timedelta(days=AHEAD_DAYS):
        raise InvalidInput("These days are past or too far ahead.", code="DAY_PASSED", path=("from",))
    place = await _lock_own(db, location_id, partner_id)
    news = ranges(sorted(set(_days(first, last)) - set(place.closures)))
    return await _set_closures(db, place, {*place.closures, *_days(first, last)}), news


async def reopen_place(db: Session, location_id: UUID, *, partner_id: UUID, first: date, last: date) -> StockLocation:
    """Take a closure of a partner's own place back. Raises `LocationNotFound`."""
    place = await _lock_own(db, location_id, partner_id)
    return await _set_closures(
        db, place, set(place.closures) - set(_days(first, min(last, first + timedelta(LONGEST_DAYS))))
    )


async def _set_closures(db: Session, place: StockLocation, days: set[str]) -> StockLocation:
    code = place.code
    [saved] = await save_stock_locations(db, [{"code": code, "closures": sorted(days)}])
    if saved.problem is not None:
        raise saved.problem
    return await _fresh(db, code)


def _days(first: date, last: date) -> list[str]:
    return [(first + timedelta(days=each)).isoformat() for each in range((last - first).days + 1)]


async def _lock_own(db: Session, location_id: UUID, partner_id: UUID) -> StockLocation:
    found = sa.select(StockLocation).where(StockLocation.id == location_id, StockLocation.partner_id == partner_id)
    place = await db.scalar(found.with_for_update().execution_options(populate_existing=True))
    if place is None:
        raise LocationNotFound("There is no such place.", path=("id",))
    return place


async def _fresh(db: Session, code: str) -> StockLocation:
    place = await queries.get_stock_location(db, code=code)
    await db.refresh(place)
    return place


def _camel(name: str) -> str:
    return "postalCode" if name == "postal_code" else name
