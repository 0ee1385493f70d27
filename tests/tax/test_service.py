"""Tax rates by day."""

from datetime import date
from decimal import Decimal

import pytest

from kontor.core.db import Database
from kontor.tax import queries, service
from kontor.tax.errors import TaxRateMissing


async def test_shipped_rates_tell_the_rate_of_any_day(database: Database) -> None:
    async with database.unit_of_work() as db:
        results = await service.load_shipped_rates(db)
    async with database.unit_of_work() as db:
        again = await service.load_shipped_rates(db)
    async with database.read_only() as db:
        rates = [
            await queries.rate_on(db, *key)
            for key in [
                ("DE", "standard", date(2020, 6, 30)),
                ("DE", "standard", date(2020, 7, 1)),
                ("DE", "standard", date(2021, 1, 1)),
                ("EE", "standard", date(2025, 7, 1)),
                ("CH", "reduced", date(2026, 1, 1)),
            ]
        ]
    assert {result.outcome for result in results} == {"CREATED"}
    assert {result.outcome for result in again} == {"UNCHANGED"}
    assert rates == [Decimal(19), Decimal(16), Decimal(19), Decimal(24), Decimal("2.6")]


async def test_class_without_a_rate_of_its_own_pays_the_standard_rate(database: Database) -> None:
    async with database.unit_of_work() as db:
        await service.load_shipped_rates(db)
    async with database.read_only() as db:
        assert await queries.rate_on(db, "DK", "reduced", date(2026, 6, 15)) == Decimal(25)
        with pytest.raises(TaxRateMissing):
            await queries.rate_on(db, "US", "standard", date(2026, 6, 15))


async def test_future_rate_is_entered_ahead(database: Database) -> None:
    async with database.unit_of_work() as db:
        await service.load_shipped_rates(db)
        results = await service.set_tax_rates(
            db, [{"country": "DE", "rate": Decimal(21), "valid_from": date(2027, 1, 1)}]
        )
    async with database.read_only() as db:
        assert [await queries.rate_on(db, "DE", "standard", date(year, 1, 1)) for year in (2026, 2027)] == [19, 21]
    assert [result.outcome for result in results] == ["UPDATED"]


async def test_rate_of_the_past_does_not_change(database: Database) -> None:
    async with database.unit_of_work() as db:
        await service.load_shipped_rates(db)
        results = await service.set_tax_rates(
            db, [{"country": "DE", "rate": Decimal(20), "valid_from": date(2026, 6, 14)}]
        )
    assert [result.problem and result.problem.code for result in results] == ["PAST_CHANGED"]
