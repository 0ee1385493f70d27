"""Regions as data, and their rates."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from kontor.core.db import Database, Model
from kontor.core.ids import new_id
from kontor.routing import masters
from kontor.tax import service
from kontor.tax.determination import PlaceOfSupply, TaxTreatment
from kontor.tax.models import TaxRate, TaxRegion
from kontor.tax.shipped import shipped_regions
from kontor.tax.territories import RateScope, RegionStatus

AZORES = PlaceOfSupply("PT", TaxTreatment.CROSS_BORDER, ("PT-20", ""))
ISLAND: Any = {
    "country": "DE", "postal_from": "18565", "region": "DE-HID", "name": "Hiddensee", "status": RegionStatus.OUTSIDE,
    "valid_from": date(2026, 7, 1),
}  # fmt: skip


async def test_shipped_regions_are_entered_once_and_name_their_source(database: Database) -> None:
    async with database.unit_of_work() as db:
        results = await service.load_shipped_regions(db)
    async with database.unit_of_work() as db:
        again = await service.load_shipped_regions(db)
    assert {result.outcome for result in results} == {"CREATED"}
    assert {result.outcome for result in again} == {"UNCHANGED"}
    assert all(row["note"] for row in shipped_regions())


async def test_own_region_comes_beside_the_shipped_ones_from_its_day_on(database: Database) -> None:
    async with database.unit_of_work() as db:
        results = await service.set_tax_regions(db, [ISLAND])
        known = await masters.load(db)
        days = [known.territory("DE", "18565", None, date(2026, month, 1)).outside for month in (6, 7)]
        heligoland = known.territory("DE", "27498", None, date(2026, 7, 1))
    assert [result.outcome for result in results] == ["CREATED"]
    assert (days, heligoland.region) == ([False, True], "DE-HEL")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"postal_to": "1856"}, "postalTo"),
        ({"postal_to": "18564"}, "postalTo"),
        ({"region": ""}, "region"),
        ({"valid_to": date(2026, 7, 1)}, "validTo"),
        ({"taxed_as": "Germany"}, "taxedAs"),
        ({"postal_from": "18 565"}, "postalFrom"),
        ({"valid_from": None}, "validFrom"),
    ],
)
async def test_region_that_cannot_be_is_refused_by_its_field(
    database: Database, change: dict[str, object], field: str
) -> None:
    async with database.unit_of_work() as db:
        [result] = await service.set_tax_regions(db, [ISLAND | change])
    assert result.problem is not None
    assert result.problem.path == (field,)


async def test_past_of_a_region_does_not_change(database: Database) -> None:
    inside: Any = {
        "country": "DE", "postal_from": "27498", "name": "Heligoland", "valid_from": date(2026, 6, 14),
    }  # fmt: skip
    async with database.unit_of_work() as db:
        [result] = await service.set_tax_regions(db, [inside])
    assert result.problem is not None
    assert result.problem.code == "PAST_CHANGED"


async def test_rates_of_a_region_come_before_those_of_its_country(database: Database) -> None:
    async with database.unit_of_work() as db:
        await service.load_shipped_rates(db)
        known = await masters.load(db)
    day = date(2026, 6, 15)
    found = [known.tax_rate(AZORES, name, day) for name in ("standard", "reduced_high", "reduced", "books")]
    mainland = known.tax_rate(PlaceOfSupply("PT", TaxTreatment.CROSS_BORDER), "standard", day)
    before = known.tax_rate(AZORES, "standard", date(2021, 6, 30))
    corsica = PlaceOfSupply("FR", TaxTreatment.DOMESTIC, ("FR-20R", ""))
    assert found == [16, 9, 4, 16]
    assert [mainland, before] == [23, 18]
    assert [known.tax_rate(corsica, name, day) for name in ("standard", "reduced")] == [20, Decimal("2.1")]


@pytest.mark.parametrize("model", [TaxRegion, TaxRate])
async def test_two_rows_of_one_region_cannot_be_valid_on_one_day(database: Database, model: type[Model]) -> None:
    region: dict[str, Any] = {
        "country": "DE", "postal_from": "1", "postal_to": "2", "region": "", "name": "X", "taxed_as": "DE",
        "status": RegionStatus.INSIDE, "scope": RateScope.ARRIVAL, "note": "",
    }  # fmt: skip
    rate: dict[str, Any] = {"country": "DE", "region": "DE-X", "tax_class": "standard", "rate": 1}
    values = region if model is TaxRegion else rate
    async with database.unit_of_work() as db:
        first = {"id": new_id(), "valid_from": date(2026, 1, 1), "created_at": db.now}
        await db.execute(sa.insert(model).values(**values, **first))
    async with database.unit_of_work() as db:
        second = {"id": new_id(), "valid_from": date(2026, 2, 1), "created_at": db.now}
        with pytest.raises(DBAPIError, match=f"ex_{model.__tablename__}_validity"):
            await db.execute(sa.insert(model).values(**values, **second))
        await db.rollback()
