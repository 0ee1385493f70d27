"""Saving and seeing places."""

from typing import Any

import pytest

from factories.partners import make_partner
from kontor.core.db import Database
from kontor.core.pagination import PageRequest
from kontor.locations import queries, service
from kontor.locations.models import LocationKind
from kontor.locations.queries import StockLocationFilter
from kontor.locations.service import StockLocationData
from support import Principals

HUB: StockLocationData = {"code": "HUB", "name": "Hub", "kind": LocationKind.WAREHOUSE, "country": "DE"}


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"opening_hours": "sometimes"}, "INVALID_OPENING_HOURS", ("openingHours",)),
        ({"timezone": "Mars/Olympus"}, "UNKNOWN_TIME_ZONE", ("timezone",)),
        ({"latitude": 91.0, "longitude": 0.0}, "INVALID_FIELD", ("latitude",)),
        ({"latitude": 50.0}, "INVALID_LOCATION", ("longitude",)),
        ({"cut_off": "25:00"}, "INVALID_FIELD", ("cutOff",)),
        ({"kind": "DROPSHIPPER"}, "INVALID_LOCATION", ("partner",)),
        ({"partner": "none"}, "UNKNOWN_REFERENCE", ("partner",)),
        ({"closures": ["2026-12-24", "soon"]}, "INVALID_FIELD", ("closures", 1)),
        ({"name": "a\x00b"}, "INVALID_FIELD", ("name",)),
        ({"lead_days": True}, "INVALID_FIELD", ("leadDays",)),
    ],
)
@pytest.mark.engine("sqlite")
async def test_refusal_names_the_field(
    database: Database, given: StockLocationData, code: str, path: tuple[str | int, ...]
) -> None:
    async with database.unit_of_work() as db:
        (result,) = await service.save_stock_locations(db, [{**HUB, **given}])
    assert result.problem is not None
    assert (result.problem.code, result.problem.path) == (code, path)


async def test_every_save_raises_the_masters_version_once_per_transaction(database: Database) -> None:
    versions = []
    for rows in ([HUB], [HUB], [{"code": "HUB", "priority": 5}]):
        async with database.unit_of_work() as db:
            await service.save_stock_locations(db, rows)  # type: ignore[arg-type]
            await service.save_shipping_tariffs(db, [{"carrier": "DHL", "parcel_cents": 490, "location": "HUB"}])
            versions.append(await queries.masters_version(db))
    assert versions == [1, 1, 2]


async def test_places_are_seen_by_scope(database: Database, principals: Principals) -> None:
    async with database.unit_of_work() as db:
        partner = await make_partner(db, code="nord")
        results = await service.save_stock_locations(
            db,
            [
                HUB,
                {"code": "ST", "name": "Store", "kind": LocationKind.STORE, "country": "DE", "can_pickup": True},
                {
                    "code": "DS", "name": "Nord", "kind": LocationKind.DROPSHIPPER, "country": "DE",
                    "partner": "nord",
                },
            ],
        )  # fmt: skip
    seen = {}
    scopes: dict[str, dict[str, Any]] = {
        "partner": {"partner_id": partner.id},
        "store": {"location_ids": frozenset([results[1].id])},
        "shop": {"channel_ids": frozenset()},
        "all": {},
    }
    for name, scope in scopes.items():
        async with database.read_only(principals.holding("locations:read", **scope)) as db:
            page = await queries.list_stock_locations(db, StockLocationFilter(), PageRequest())
            seen[name] = [row.code for row in page.items]
            assert (await queries.find_stock_location(db, code="HUB") is not None) is (name == "all")
    assert seen == {"partner": ["DS"], "store": ["ST"], "shop": ["ST"], "all": ["DS", "HUB", "ST"]}


async def test_tariffs_are_changed_by_what_names_them(database: Database) -> None:
    async with database.unit_of_work() as db:
        await service.save_stock_locations(db, [HUB])
        first = await service.save_shipping_tariffs(
            db,
            [
                {"carrier": "DHL", "parcel_cents": 490},
                {"carrier": "DHL", "parcel_cents": 390, "location": "HUB"},
                {"carrier": "DHL", "parcel_cents": 999},
            ],
        )
        second = await service.save_shipping_tariffs(db, [{"carrier": "DHL", "parcel_cents": 500}])
        gone = await service.delete_shipping_tariffs(db, [row.id for row in first if row.id])
    assert [str(row.outcome) for row in first] == ["CREATED", "CREATED", "REFUSED"]
    assert [(str(row.outcome), row.id) for row in second] == [("UPDATED", first[0].id)]
    assert len(gone) == 2
