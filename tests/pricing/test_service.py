"""Prices are a memory."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from factories.catalog import make_variant
from factories.channels import make_channel
from factories.pricing import make_price
from kontor.core.db import Database, Session
from kontor.pricing import queries, service
from kontor.pricing.calculation import Buyer
from kontor.pricing.models import Price
from kontor.pricing.service import PriceData
from support import StandingClock

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BUYER = Buyer("DE", "EUR")


async def prepare(database: Database) -> None:
    async with database.unit_of_work() as db:
        await make_channel(db, code="shop")
        await make_variant(db, sku="LAMP")


async def amounts(db: Session, *moments: datetime, quantity: int = 1) -> list[int | None]:
    rows = (await db.execute(sa.select(Price.channel_id, Price.variant_id).limit(1))).one()
    channel, variant = rows
    found = [
        await queries.price_at(db, channel, variant, moment, buyer=BUYER, own="EUR", quantity=quantity)
        for moment in moments
    ]
    return [price.amount if price else None for price in found]


def row(amount: int, **given: object) -> PriceData:
    return {"channel": "shop", "sku": "LAMP", "amount": amount, **given}  # type: ignore[typeddict-item]


async def set_price(database: Database, *rows: PriceData) -> list[str]:
    async with database.unit_of_work() as db:
        results = await service.set_prices(db, rows)
    return [result.problem.code if result.problem else str(result.outcome) for result in results]


async def test_change_closes_a_row_and_opens_one(database: Database, clock: StandingClock) -> None:
    await prepare(database)
    first = await set_price(database, row(2000))
    clock.advance(days=1)
    second = await set_price(database, row(1500))
    again = await set_price(database, row(1500))
    async with database.read_only() as db:
        assert await amounts(db, NOW - DAY, NOW, NOW + DAY / 2, NOW + DAY) == [None, 2000, 2000, 1500]
    assert (first, second, again) == (["CREATED"], ["UPDATED"], ["UNCHANGED"])


async def test_planned_price_waits_for_its_day(database: Database) -> None:
    await prepare(database)
    await set_price(database, row(2000), row(2500, valid_from=NOW + 10 * DAY), row(1800))
    async with database.read_only() as db:
        assert await amounts(db, NOW, NOW + 9 * DAY, NOW + 10 * DAY) == [1800, 1800, 2500]


async def test_price_with_an_end_gives_way_to_what_was_valid_before(database: Database) -> None:
    await prepare(database)
    await set_price(database, row(2000))
    await set_price(database, row(999, valid_from=NOW + DAY, valid_to=NOW + 3 * DAY))
    async with database.read_only() as db:
        assert await amounts(db, NOW, NOW + DAY, NOW + 3 * DAY) == [2000, 999, 2000]


async def test_past_does_not_change(database: Database, clock: StandingClock) -> None:
    await prepare(database)
    await set_price(database, row(2000))
    clock.advance(days=5)
    refused = await set_price(database, row(1, valid_from=NOW + DAY))
    filled = await set_price(database, row(1900, valid_from=NOW - 5 * DAY, valid_to=NOW))
    async with database.read_only() as db:
        assert await amounts(db, NOW - DAY, NOW + 2 * DAY) == [1900, 2000]
    assert (refused, filled) == (["PAST_CHANGED"], ["CREATED"])


async def test_larger_quantities_have_their_own_price(database: Database) -> None:
    await prepare(database)
    await set_price(database, row(2000), row(1500, min_quantity=10))
    async with database.read_only() as db:
        assert [(await amounts(db, NOW, quantity=count))[0] for count in (1, 9, 10, 99)] == [2000, 2000, 1500, 1500]


async def test_unknown_channel_and_sku_are_refused_by_name(database: Database) -> None:
    await prepare(database)
    async with database.unit_of_work() as db:
        results = await service.set_prices(
            db, [row(1), {"channel": "none", "sku": "LAMP", "amount": 1}, {"channel": "shop", "sku": "X", "amount": 1}]
        )
    assert [result.problem.path if result.problem else None for result in results] == [None, ("channel",), ("sku",)]


async def test_database_refuses_overlapping_prices(database: Database) -> None:
    async with database.unit_of_work() as db:
        channel, variant = await make_channel(db), await make_variant(db)
        await make_price(db, channel, variant)
    with pytest.raises(IntegrityError, match="ex_price_validity"):
        async with database.unit_of_work() as db:
            await make_price(db, channel, variant, valid_from=NOW)


async def test_parallel_writers_leave_one_price_per_moment(database: Database) -> None:
    await prepare(database)
    await asyncio.gather(*(set_price(database, row(1000 + number)) for number in range(8)))
    async with database.read_only() as db:
        assert await db.scalar(sa.select(sa.func.count()).select_from(Price)) == 1
