"""Saving places and what parcels from them cost."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Required, TypedDict
from uuid import UUID, uuid5

import sqlalchemy as sa

from kontor.core import outbox
from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.imports import cells, fields
from kontor.imports.errors import InvalidField, UnknownReference
from kontor.imports.fields import Field
from kontor.imports.saving import (
    Draft,
    Outcome,
    RowResult,
    attempt,
    drafts_of,
    existing_rows,
    good,
    ids_of,
    lock_noun,
    match_existing,
    results_of,
    touch_masters,
    writable,
    write_drafts,
)
from kontor.locations.calendars import validate_opening_hours
from kontor.locations.errors import InvalidLocation
from kontor.locations.events import ShippingTariffsSaved, StockLocationsSaved
from kontor.locations.models import LocationKind, ShippingTariff, StockKind, StockLocation

LOCATIONS_STREAM = uuid5(UUID(int=0), "kontor.locations")
# A neighbor among the masters is named as a table, like its foreign key; it is not imported.
_PARTNER = sa.table("partner", sa.column("id", sa.Uuid()), sa.column("code", sa.String()))
_CENTS = Field(fields.integer(0), read=cells.whole, default=0)
_FLAG = Field(fields.flag, read=cells.flag, default=False)
_SET = Field(fields.flag, read=cells.flag, default=True)


def _closure(value: Any) -> str:
    """A closed day as YYYY-MM-DD."""
    try:
        return date.fromisoformat(str(value).strip()).isoformat()
    except ValueError as problem:
        raise InvalidField(f"{value!r} is no date.") from problem


def _opening_hours(value: Any) -> str:
    return validate_opening_hours(fields.text(300)(value))


FIELDS: dict[str, Field] = {
    "code": Field(fields.code()),
    "name": Field(fields.text(200)),
    "kind": Field(fields.choice(LocationKind)),
    "partner": Field(fields.code(), empty=True, aliases=("partner_code",)),
    "street": Field(fields.text(200), empty=True),
    "postal_code": Field(fields.text(20), empty=True, aliases=("zip", "postcode", "plz")),
    "city": Field(fields.text(120), empty=True),
    "region": Field(fields.text(60), empty=True),
    "country": Field(fields.country),
    "latitude": Field(fields.degrees(90), read=cells.degrees, empty=True, aliases=("lat",)),
    "longitude": Field(fields.degrees(180), read=cells.degrees, empty=True, aliases=("lon", "lng")),
    "email": Field(fields.email, empty=True),
    "timezone": Field(fields.time_zone, default="Europe/Berlin", aliases=("time_zone",)),
    "opening_hours": Field(_opening_hours, default="24/7"),
    "closures": Field(fields.several(_closure, 1000), read=cells.listed, default=[]),
    "cut_off": Field(fields.time_of_day, empty=True),
    "lead_days": Field(fields.integer(0, 365), read=cells.whole, default=0),
    "unit_capacity": Field(fields.integer(0), read=cells.whole, empty=True),
    "parcel_capacity": Field(fields.integer(0), read=cells.whole, empty=True),
    "handling_parcel_cents": _CENTS,
    "handling_line_cents": _CENTS,
    "handling_unit_cents": _CENTS,
    "can_ship": _SET,
    "can_pickup": _FLAG,
    "accepts_returns": _FLAG,
    "hazmat": _SET,
    "bulky": _SET,
    "channel_codes": Field(fields.several(fields.code(40)), read=cells.listed, empty=True, aliases=("channels",)),
    "countries": Field(fields.several(fields.country), read=cells.listed, empty=True),
    "stock_kind": Field(fields.choice(StockKind), default=StockKind.ON_HAND),
    "live_stock": Field(fields.code(60), empty=True),
    "priority": Field(fields.integer(0, 1_000_000), read=cells.whole, default=100),
    "dispatch_group": Field(fields.code(60), empty=True),
    "answer_hours": Field(fields.integer(1, 8760), read=cells.whole, default=24),
    "active": _SET,
    "paused_until": Field(fields.moment, read=cells.moment, empty=True),
    "settings": Field(fields.facts(), read=cells.json, default={}),
}
TARIFF_FIELDS: dict[str, Field] = {
    "location": Field(fields.code(), empty=True, aliases=("location_code",)),
    "carrier": Field(fields.text(60)),
    "country": Field(fields.country, empty=True),
    "from_km": Field(fields.integer(0, 50_000), read=cells.whole, default=0),
    "to_km": Field(fields.integer(1, 50_000), read=cells.whole, empty=True),
    "max_weight_g": Field(fields.integer(1), read=cells.whole, empty=True),
    "parcel_cents": Field(fields.integer(0), read=cells.whole),
    "cents_per_kg": _CENTS,
    "bulky_unit_cents": _CENTS,
    "transit_days": Field(fields.integer(0, 365), read=cells.whole, default=1),
}


class StockLocationData(TypedDict, total=False):
    """A place by its code; fields that are not given stay as they are. `partner` is a code, costs are in cents."""

    code: Required[str]
    name: str
    kind: LocationKind
    partner: str | None
    street: str | None
    postal_code: str | None
    city: str | None
    region: str | None
    country: str
    latitude: float | None
    longitude: float | None
    email: str | None
    timezone: str
    opening_hours: str
    closures: list[str]
    cut_off: str | None
    lead_days: int
    unit_capacity: int | None
    parcel_capacity: int | None
    handling_parcel_cents: int
    handling_line_cents: int
    handling_unit_cents: int
    can_ship: bool
    can_pickup: bool
    accepts_returns: bool
    hazmat: bool
    bulky: bool
    channel_codes: list[str] | None
    countries: list[str] | None
    stock_kind: StockKind
    live_stock: str | None
    priority: int
    dispatch_group: str | None
    answer_hours: int
    active: bool
    paused_until: datetime | None
    settings: dict[str, Any]


class ShippingTariffData(TypedDict, total=False):
    """What a parcel costs; place, carrier, country, distance and weight limit together name the tariff."""

    location: str | None
    carrier: Required[str]
    country: str | None
    from_km: int
    to_km: int | None
    max_weight_g: int | None
    parcel_cents: Required[int]
    cents_per_kg: int
    bulky_unit_cents: int
    transit_days: int


async def save_stock_locations(
    db: Session, rows: Sequence[StockLocationData], *, all_or_nothing: bool = False
) -> list[RowResult]:
    """Add or change places by code, one result per row. Records StockLocationsSaved.

    Only the partner's own kinds of place may name a partner, and a dropshipper's place must.
    """
    await lock_noun(db, "stock_location")
    drafts = drafts_of(rows, FIELDS, "code")
    known = await existing_rows(db, StockLocation.__table__.c.code, {draft.key for draft in good(drafts)})
    match_existing(drafts, known, FIELDS)
    await _resolve(db, drafts, _PARTNER, "partner")
    for draft in good(drafts):
        whole = {**known.get(draft.key, {}), **draft.values}
        attempt(draft, lambda whole=whole: _check_place(whole))  # type: ignore[misc]
    if await write_drafts(db, StockLocation, writable(drafts, all_or_nothing), known):
        await touch_masters(db)
        changed = [draft.key for draft in drafts if draft.outcome in (Outcome.CREATED, Outcome.UPDATED)]
        outbox.record(db, StockLocationsSaved(stream_id=LOCATIONS_STREAM, codes=tuple(changed)))
    return results_of(drafts)


def _check_place(whole: Mapping[str, Any]) -> None:
    if whole["kind"] is LocationKind.DROPSHIPPER and whole["partner_id"] is None:
        raise InvalidLocation("The place of a dropshipper names its partner.", path=("partner",))
    if whole["kind"] is LocationKind.WAREHOUSE and whole["partner_id"] is not None:
        raise InvalidLocation("A warehouse of our own has no partner.", path=("partner",))
    if (whole["latitude"] is None) != (whole["longitude"] is None):
        missing = "latitude" if whole["latitude"] is None else "longitude"
        raise InvalidLocation("Latitude and longitude come together.", path=(missing,))


async def save_shipping_tariffs(
    db: Session, rows: Sequence[ShippingTariffData], *, all_or_nothing: bool = False
) -> list[RowResult]:
    """Add or change tariffs, one result per row. Records ShippingTariffsSaved."""
    await lock_noun(db, "shipping_tariff")
    drafts = [_tariff(index, row) for index, row in enumerate(rows)]
    await _resolve(db, drafts, sa.inspect(StockLocation).local_table, "location")
    known = await _tariffs_by_key(db, good(drafts))
    seen: set[str] = set()
    for draft in good(drafts):
        draft.key = _tariff_key(draft.values)
        if draft.key in seen:
            draft.refuse(InvalidField("This tariff stands twice in this call.", path=("carrier",)))
        seen.add(draft.key)
        draft.outcome = Outcome.UNCHANGED if draft.key in known else Outcome.CREATED
    fine = writable(drafts, all_or_nothing)
    if await write_drafts(db, ShippingTariff, fine, known):
        await touch_masters(db)
        outbox.record(db, ShippingTariffsSaved(stream_id=LOCATIONS_STREAM, count=len(fine)))
    return results_of(drafts)


async def delete_shipping_tariffs(db: Session, ids: Sequence[UUID]) -> list[UUID]:
    """Take tariffs away; ids that are not there any more are no matter. The ids that were deleted."""
    deleted = await db.scalars(sa.delete(ShippingTariff).where(ShippingTariff.id.in_(ids)).returning(ShippingTariff.id))
    found = list(deleted)
    if found:
        await touch_masters(db)
        outbox.record(db, ShippingTariffsSaved(stream_id=LOCATIONS_STREAM, count=len(found)))
    return found


def _tariff(index: int, row: Mapping[str, Any]) -> Draft:
    draft = Draft(index, str(row.get("carrier") or "")[:200])
    try:
        draft.values = fields.completed(fields.checked(row, TARIFF_FIELDS), TARIFF_FIELDS)
        end = draft.values["to_km"]
        if end is not None and end <= draft.values["from_km"]:
            raise InvalidField("The distance ends after it starts.", path=("toKm",))
    except KontorError as problem:
        draft.refuse(problem)
    return draft


_TARIFF_KEY = ("location_id", "carrier", "country", "from_km", "to_km", "max_weight_g")


def _tariff_key(values: Mapping[str, Any]) -> str:
    return "/".join("*" if values[name] is None else str(values[name]) for name in _TARIFF_KEY)


async def _tariffs_by_key(db: Session, drafts: Sequence[Draft]) -> dict[str, dict[str, Any]]:
    table: Any = ShippingTariff.__table__
    carriers = sorted({draft.values["carrier"] for draft in drafts})
    found = await db.execute(sa.select(table).where(table.c.carrier.in_(carriers)))
    rows = [dict(row) for row in found.mappings()]
    return {_tariff_key(row): row for row in rows}


async def _resolve(db: Session, drafts: Sequence[Draft], table: Any, name: str) -> None:
    """Replace a given code by the id it stands for."""
    named = [draft for draft in good(drafts) if name in draft.values]
    codes = {draft.values[name] for draft in named} - {None}
    ids = await ids_of(db, table.c.code, table.c.id, codes)
    for draft in named:
        code = draft.values.pop(name)
        draft.values[f"{name}_id"] = ids.get(code)
        if code is not None and code not in ids:
            draft.refuse(UnknownReference(f"There is no {name} {code}.", path=(name,)))
