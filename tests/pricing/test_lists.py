"""Price lists: whom prices are for, as a memory that the database keeps free of overlaps."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from factories.catalog import make_variant
from factories.channels import make_channel
from factories.pricing import make_price, make_price_list
from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.pricing import lists, queries, service
from kontor.pricing.calculation import Buyer
from kontor.pricing.models import Price, PriceList
from support import StandingClock

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ALL = Buyer("DE", "EUR")
TRADE = Buyer("DE", "EUR", frozenset({"trade"}))


async def prepare(database: Database, **given: Any) -> None:
    async with database.unit_of_work() as db:
        await make_channel(db, code="shop")
        await make_channel(db, code="other")
        await make_variant(db, sku="LAMP")
    assert await save(
        database, {"code": "TRADE", "channel": "shop", "name_en": "Trade", "customer_group": "trade"}
    ) == ["CREATED"]


async def save(database: Database, *rows: dict[str, Any]) -> list[Any]:
    async with database.unit_of_work() as db:
        results = await lists.save_price_lists(db, rows)  # type: ignore[arg-type]
    return [(each.problem.code, each.problem.path) if each.problem else str(each.outcome) for each in results]


async def set_price(database: Database, *rows: dict[str, Any]) -> list[Any]:
    async with database.unit_of_work() as db:
        results = await service.set_prices(db, [{"channel": "shop", "sku": "LAMP", **row} for row in rows])  # type: ignore[typeddict-item]
    return [(each.problem.code, each.problem.path) if each.problem else str(each.outcome) for each in results]


async def amounts(database: Database, buyer: Buyer, *moments: datetime, quantity: int = 1) -> list[int | None]:
    async with database.read_only() as db:
        channel, variant = (await db.execute(sa.select(Price.channel_id, Price.variant_id).limit(1))).one()
        found = [
            await queries.price_at(db, channel, variant, moment, buyer=buyer, own="EUR", quantity=quantity)
            for moment in moments
        ]
    return [price.amount if price else None for price in found]


async def test_group_pays_the_price_of_its_list_and_others_the_channels_own(database: Database) -> None:
    await prepare(database)
    rows: list[dict[str, Any]] = [{"amount": 1000}, {"amount": 800, "price_list": "TRADE"}]
    rows.append({"amount": 700, "price_list": "TRADE", "min_quantity": 10})
    assert await set_price(database, *rows) == ["CREATED"] * 3
    assert await amounts(database, ALL, NOW - DAY, NOW, NOW + DAY) == [None, 1000, 1000]
    assert await amounts(database, TRADE, NOW - DAY, NOW, NOW + DAY) == [None, 800, 800]
    assert await amounts(database, TRADE, NOW, quantity=10) == [700]
    assert await amounts(database, ALL, NOW, quantity=10) == [1000]


async def test_change_in_a_list_leaves_the_own_price_and_the_past_alone(
    database: Database, clock: StandingClock
) -> None:
    await prepare(database)
    await set_price(database, {"amount": 1000}, {"amount": 800, "price_list": "TRADE"})
    clock.advance(days=2)
    changed = await set_price(
        database, {"amount": 750, "price_list": "TRADE"}, {"amount": 1000, "price_list": "STANDARD"}
    )
    assert changed == ["UPDATED", "UNCHANGED"]
    assert await amounts(database, TRADE, NOW, NOW + 2 * DAY) == [800, 750]
    assert await amounts(database, ALL, NOW, NOW + 2 * DAY) == [1000, 1000]


async def test_price_in_a_list_begins_now_when_its_start_has_passed(database: Database, clock: StandingClock) -> None:
    await prepare(database)
    await set_price(database, {"amount": 1000, "valid_from": NOW - 9 * DAY})
    clock.advance(days=1)
    row = {"amount": 800, "price_list": "TRADE", "valid_from": NOW - 9 * DAY}
    assert await set_price(database, row) == ["CREATED"]
    clock.advance(hours=1)
    assert await set_price(database, row) == ["UNCHANGED"]
    assert await amounts(database, TRADE, NOW, NOW + DAY) == [1000, 800]


async def test_list_of_another_channel_and_an_ended_list_are_refused(database: Database, clock: StandingClock) -> None:
    await prepare(database)
    row = {"amount": 1, "price_list": "TRADE"}
    await end(database, "TRADE")
    assert await set_price(database, {**row, "channel": "other"}, {**row, "price_list": "NONE"}, row) == [
        ("UNKNOWN_REFERENCE", ("priceList",)),
        ("UNKNOWN_REFERENCE", ("priceList",)),
        ("PRICE_LIST_ENDED", ("priceList",)),
    ]


async def end(database: Database, code: str, at: datetime | None = None) -> datetime | None:
    async with database.unit_of_work() as db:
        list_id = await db.scalar(sa.select(PriceList.id).where(PriceList.code == code))
        assert list_id is not None
        return (await lists.end_price_list(db, list_id, at=at)).valid_to


async def test_ended_list_gives_way_and_is_remembered(database: Database, clock: StandingClock) -> None:
    await prepare(database)
    await set_price(database, {"amount": 1000}, {"amount": 800, "price_list": "TRADE"})
    assert await end(database, "TRADE", NOW + 3 * DAY) == NOW + 3 * DAY
    assert await amounts(database, TRADE, NOW, NOW + 2 * DAY, NOW + 3 * DAY) == [800, 800, 1000]
    with pytest.raises(KontorError, match="does not prolong") as refused:
        await end(database, "TRADE", NOW + 4 * DAY)
    assert refused.value.path == ("at",)
    assert await end(database, "TRADE", NOW + 3 * DAY) == NOW + 3 * DAY
    clock.advance(days=4)
    with pytest.raises(KontorError, match="has ended"):
        await end(database, "TRADE")
    assert await amounts(database, TRADE, NOW) == [800]


async def test_planned_list_is_not_moved_behind_its_own_end(database: Database) -> None:
    await prepare(database)
    planned = {"code": "SALE", "channel": "shop", "name_en": "Sale", "valid_from": NOW + DAY, "valid_to": NOW + 5 * DAY}
    assert await save(database, planned) == ["CREATED"]
    assert await save(database, {"code": "SALE", "valid_from": NOW + 6 * DAY}) == [("INVALID_FIELD", ("validTo",))]
    assert await save(database, {"code": "SALE", "valid_from": NOW + 4 * DAY}) == ["UPDATED"]


async def test_planned_list_that_is_ended_never_counts(database: Database) -> None:
    await prepare(database)
    planned = {"code": "LATER", "channel": "shop", "name_en": "Later", "valid_from": NOW + 5 * DAY}
    assert await save(database, planned) == ["CREATED"]
    await set_price(database, {"amount": 1000}, {"amount": 800, "price_list": "LATER"})
    assert await amounts(database, ALL, NOW, NOW + 5 * DAY) == [1000, 800]
    assert await end(database, "LATER") == NOW + 5 * DAY
    assert await amounts(database, ALL, NOW, NOW + 5 * DAY) == [1000, 1000]


async def test_whom_a_list_is_for_does_not_change_once_it_counts(database: Database, clock: StandingClock) -> None:
    await prepare(database)
    await save(database, {"code": "LATER", "channel": "shop", "name_en": "Later", "valid_from": NOW + 5 * DAY})
    assert await save(database, {"code": "LATER", "country": "AT", "priority": 5}) == ["UPDATED"]
    changes: list[dict[str, Any]] = [
        {"country": "AT"}, {"customer_group": None}, {"priority": 1}, {"channel": "other"}, {"valid_from": NOW + DAY},
        {"valid_to": NOW - DAY},
    ]  # fmt: skip
    clock.advance(hours=1)
    refused = [(await save(database, {"code": "TRADE", **each}))[0] for each in changes]
    names = ("country", "customerGroup", "priority", "channel", "validFrom", "validTo")
    assert refused == [("PRICE_LIST_FIXED", (name,)) for name in names]
    same = {"code": "TRADE", "channel": "shop", "name_en": "Trade", "customer_group": "trade", "valid_from": NOW - DAY}
    assert await save(database, same) == ["UNCHANGED"]
    assert await save(database, {"code": "TRADE", "name_de": "Handel"}) == ["UPDATED"]


async def test_list_is_in_a_currency_its_channel_sells_in(database: Database) -> None:
    await prepare(database)
    row = {"code": "SWISS", "channel": "shop", "name_en": "Swiss", "currency": "CHF"}
    assert await save(
        database, row, {**row, "code": "STANDARD", "currency": "EUR"}, {**row, "channel": "x", "code": "Y"}
    ) == [
        ("INVALID_FIELD", ("currency",)),
        ("INVALID_FIELD", ("code",)),
        ("UNKNOWN_REFERENCE", ("channel",)),
    ]


async def test_database_refuses_overlapping_prices_in_a_list_and_a_move_into_one(database: Database) -> None:
    async with database.unit_of_work() as db:
        channel, other, variant = await make_channel(db), await make_channel(db), await make_variant(db)
        trade, staff = await make_price_list(db, channel), await make_price_list(db, channel, "STAFF")
        await make_price(db, channel, variant)
        await make_price(db, channel, variant, price_list_id=trade.id)
        moved = await make_price(db, channel, variant, price_list_id=staff.id)
    with pytest.raises(IntegrityError, match="ex_price_validity"):
        async with database.unit_of_work() as db:
            await make_price(db, channel, variant, price_list_id=trade.id, valid_from=NOW)
    for target in (trade.id, None):
        with pytest.raises(IntegrityError, match="ex_price_validity"):
            async with database.unit_of_work() as db:
                (await db.get_one(Price, moved.id)).price_list_id = target
    with pytest.raises(IntegrityError):  # a list of another channel
        async with database.unit_of_work() as db:
            await make_price(db, other, variant, price_list_id=trade.id)


async def test_parallel_writers_leave_one_price_per_list_and_moment(database: Database) -> None:
    await prepare(database)
    rows = [{"amount": 1000 + number, "price_list": code} for number in range(4) for code in ("TRADE", "STANDARD")]
    await asyncio.gather(*(set_price(database, row) for row in rows))
    async with database.read_only() as db:
        found = await db.execute(sa.select(Price.price_list_id.is_(None), sa.func.count()).group_by(sa.text("1")))
        assert sorted((bool(row[0]), row[1]) for row in found) == [(False, 1), (True, 1)]


@pytest.mark.engine("postgresql")
async def test_writers_who_do_not_ask_cannot_overlap_in_a_list(database: Database) -> None:
    """Whatever goes past the service: of eight at once that write the same moment of a list, one gets through."""
    async with database.unit_of_work() as db:
        channel, variant = await make_channel(db), await make_variant(db)
        trade = await make_price_list(db, channel)

    async def write(number: int) -> None:
        async with database.unit_of_work() as db:
            begins = NOW + number * DAY
            await make_price(db, channel, variant, 100 + number, price_list_id=trade.id, valid_from=begins)
            await asyncio.sleep(0.05)

    ends = await asyncio.gather(*(write(number) for number in range(8)), return_exceptions=True)
    assert sum(end is None for end in ends) == 1
    assert {type(end) for end in ends if end is not None} <= {IntegrityError, DBAPIError, OperationalError}
    async with database.read_only() as db:
        assert await db.scalar(sa.select(sa.func.count()).select_from(Price)) == 1


async def withdraw(database: Database, *starts: datetime) -> None:
    async with database.unit_of_work() as db:
        rows = await db.execute(sa.select(Price.id, Price.valid_from))
        by_start = {row.valid_from: row.id for row in rows}
        await service.withdraw_prices(db, [by_start[start] for start in starts])


async def test_withdrawn_plan_lets_the_price_before_go_on(database: Database) -> None:
    await prepare(database)
    plans = [
        {"amount": 900, "valid_from": NOW + DAY, "valid_to": NOW + 3 * DAY},
        {"amount": 1200, "valid_from": NOW + 9 * DAY},
    ]
    await set_price(database, {"amount": 1000}, *plans)
    assert await amounts(database, ALL, *(NOW + days * DAY for days in (0, 1, 3, 9))) == [1000, 900, 1000, 1200]
    await withdraw(database, NOW + DAY)
    assert await amounts(database, ALL, *(NOW + days * DAY for days in (0, 1, 3, 9))) == [1000, 1000, 1000, 1200]
    await withdraw(database, NOW + 9 * DAY, NOW + 3 * DAY)
    assert await amounts(database, ALL, *(NOW + days * DAY for days in (0, 1, 3, 9))) == [1000] * 4
    async with database.read_only() as db:
        assert (await db.scalars(sa.select(Price.valid_to))).all() == [None]


async def test_withdrawal_keeps_to_the_list_of_the_plan(database: Database) -> None:
    await prepare(database)
    await set_price(database, {"amount": 1000}, {"amount": 900, "price_list": "TRADE", "valid_from": NOW + DAY})
    await withdraw(database, NOW + DAY)
    assert await amounts(database, TRADE, NOW, NOW + DAY) == [1000, 1000]


async def test_price_that_counts_is_not_withdrawn_and_nothing_with_it(database: Database) -> None:
    await prepare(database)
    await set_price(database, {"amount": 1000}, {"amount": 900, "valid_from": NOW + DAY})
    with pytest.raises(KontorError) as refused:
        await withdraw(database, NOW + DAY, NOW)
    assert (refused.value.code, refused.value.path) == ("PRICE_NOT_PLANNED", ("ids", 1))
    assert await amounts(database, ALL, NOW + DAY) == [900]


async def test_lowest_price_is_that_of_whom_it_is_shown_to(database: Database, clock: StandingClock) -> None:
    await prepare(database)
    await set_price(database, {"amount": 1000}, {"amount": 600, "price_list": "TRADE"})
    clock.advance(days=10)
    await set_price(database, {"amount": 900}, {"amount": 550, "price_list": "TRADE"})
    async with database.read_only() as db:
        channel, variant = (await db.execute(sa.select(Price.channel_id, Price.variant_id).limit(1))).one()
        everybody, trade = [
            (await queries.lowest_prices(db, channel, [variant], db.now, buyer=buyer, own="EUR"))[variant]
            for buyer in (ALL, TRADE)
        ]
    assert (everybody.amount, everybody.lowest, everybody.reduced) == (900, 1000, True)
    assert (trade.amount, trade.lowest) == (550, 600)
