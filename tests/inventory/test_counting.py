"""Figures from outside."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from factories.catalog import make_bundle, make_variant
from factories.inventory import make_allocation, make_order_line, make_order_row, make_reservation, make_stock
from factories.locations import make_location
from inventory.shelves import Shelf, make_shelf
from kontor.core.db import Database
from kontor.core.errors import InvalidInput
from kontor.core.principal import SYSTEM
from kontor.inventory.counting import (
    MAX_FIGURES,
    FigureOutcome,
    FigureResult,
    StockFigure,
    adjust_stock,
    set_stock_levels,
)
from kontor.inventory.errors import StockShort
from kontor.inventory.models import Allocation, MovementKind, StockLevel
from kontor.locations.models import StockKind
from support import Principals, StandingClock

R = FigureResult


async def count(database: Database, *figures: StockFigure, principal: Any = SYSTEM) -> list[FigureOutcome]:
    async def work(db: Any) -> list[FigureOutcome]:
        return await set_stock_levels(db, figures)

    return await database.in_unit(principal, work)


async def promise(shelf: Shelf, quantity: int = 1, **given: Any) -> Allocation:
    async with shelf.database.unit_of_work() as db:
        level = await db.get_one(StockLevel, (shelf.place.id, shelf.variant.id))
        return await make_allocation(db, shelf.channel, shelf.variant, level, quantity, **given)


async def test_first_figure_makes_the_level(database: Database) -> None:
    shelf = await make_shelf(database, None)

    [outcome] = await count(database, StockFigure("HAM", "LAMP", 7))

    assert (outcome.result, outcome.on_hand) == (R.APPLIED, 7)
    assert await shelf.counters() == (7, 0, 0)
    assert await shelf.movements() == [(MovementKind.COUNT, 7, 0, 0)]
    assert await shelf.sound()


async def test_older_figure_changes_nothing(database: Database, clock: StandingClock) -> None:
    shelf = await make_shelf(database, 10)
    earlier = clock.moment - timedelta(seconds=1)

    [outcome] = await count(database, StockFigure("HAM", "LAMP", 3, as_of=earlier))

    assert (outcome.result, outcome.on_hand) == (R.STALE, 10)
    assert await shelf.counters() == (10, 0, 0)


async def test_same_figure_is_known_to_be_newer(database: Database, clock: StandingClock) -> None:
    shelf = await make_shelf(database, 10)
    later = clock.advance(hours=1)

    [outcome] = await count(database, StockFigure("HAM", "LAMP", 10))
    [older] = await count(database, StockFigure("HAM", "LAMP", 4, as_of=later - timedelta(minutes=30)))

    assert (outcome.result, older.result) == (R.UNCHANGED, R.STALE)
    assert (await shelf.level()).as_of == later
    assert len(await shelf.movements()) == 1


async def test_free_figure_leaves_out_what_is_promised(database: Database) -> None:
    shelf = await make_shelf(database, 10)
    await promise(shelf, 4)

    [outcome] = await count(database, StockFigure("HAM", "LAMP", 5, StockKind.AVAILABLE))

    assert outcome.on_hand == 9
    assert await shelf.counters() == (9, 4, 0)


async def test_place_says_what_it_usually_counts(database: Database) -> None:
    shelf = await make_shelf(database, 10)
    await promise(shelf, 4)
    async with database.unit_of_work() as db:
        await db.merge(shelf.place)
        shelf_row = await db.get_one(type(shelf.place), shelf.place.id)
        shelf_row.stock_kind = StockKind.AVAILABLE

    await count(database, StockFigure("HAM", "LAMP", 5))

    assert await shelf.counters() == (9, 4, 0)


async def test_bad_rows_do_not_harm_the_others(database: Database, clock: StandingClock) -> None:
    shelf = await make_shelf(database, 10)
    async with database.unit_of_work() as db:
        await make_bundle(db, {shelf.variant: 2}, sku="SET")

    outcomes = await count(
        database,
        StockFigure("NOWHERE", "LAMP", 1),
        StockFigure("HAM", "NOTHING\0", 1),
        StockFigure("HAM", "LAMP", -1),
        StockFigure("HAM", "SET", 1),
        StockFigure("HAM", "LAMP", 1, as_of=clock.moment + timedelta(hours=1)),
        StockFigure("HAM", "LAMP", 12),
    )

    assert [each.result for each in outcomes] == [R.REFUSED] * 5 + [R.APPLIED]
    assert [(each.refusal.code, each.refusal.path) for each in outcomes if each.refusal] == [
        ("UNKNOWN_STOCK_KEY", ("figures", 0, "location")),
        ("UNKNOWN_STOCK_KEY", ("figures", 1, "sku")),
        ("INVALID_QUANTITY", ("figures", 2, "quantity")),
        ("BUNDLE_HAS_NO_STOCK", ("figures", 3, "sku")),
        ("FUTURE_FIGURE", ("figures", 4, "asOf")),
    ]
    assert await shelf.counters() == (12, 0, 0)


async def test_rows_of_one_level_are_booked_in_turn(database: Database) -> None:
    shelf = await make_shelf(database, 10)

    outcomes = await count(database, StockFigure("HAM", "LAMP", 3), StockFigure("HAM", "LAMP", 8))

    assert [each.on_hand for each in outcomes] == [3, 8]
    assert await shelf.counters() == (8, 0, 0)
    assert await shelf.sound()


async def test_too_many_rows_are_refused(database: Database) -> None:
    with pytest.raises(InvalidInput, match="at most"):
        await count(database, *[StockFigure("HAM", "LAMP", 1)] * (MAX_FIGURES + 1))


async def test_stranger_cannot_count_a_place(database: Database, principals: Principals) -> None:
    shelf = await make_shelf(database, 10)
    stranger = principals.holding("stock:write", location_ids=frozenset())

    [outcome] = await count(database, StockFigure("HAM", "LAMP", 3), principal=stranger)

    assert outcome.refusal is not None
    assert outcome.refusal.code == "UNKNOWN_STOCK_KEY"
    assert await shelf.counters() == (10, 0, 0)


# --- less than was promised -----------------------------------------------------------------------------------------


async def test_pain_04_short_count_releases_least_important_promise(database: Database) -> None:
    shelf = await make_shelf(database, 10)
    vip = await promise(shelf, 3, priority=2)
    soon = await promise(shelf, 3, promised_on=date(2026, 6, 17))
    late = await promise(shelf, 3, promised_on=date(2026, 6, 20))

    [outcome] = await count(database, StockFigure("HAM", "LAMP", 5))

    assert outcome.result is R.APPLIED
    assert await shelf.counters() == (5, 5, 0)
    assert await shelf.allocations() == {vip.order_id: 3, soon.order_id: 2}
    assert [(await shelf.line_of(each)).allocated for each in (vip, soon, late)] == [3, 2, 0]
    assert [(await shelf.line_of(each)).unallocated for each in (vip, soon, late)] == [0, 1, 3]
    released = {each.stream_id: each.payload for each in await shelf.events("AllocationsReleased")}
    assert set(released) == {soon.order_id, late.order_id}
    assert released[late.order_id] == {
        "location_id": str(shelf.place.id),
        "lines": [{"order_line_id": str(late.order_line_id), "quantity": 3, "fulfillment_order_id": None}],
        "reason": "COUNT",
    }
    assert await shelf.sound()


async def test_count_of_nothing_releases_everything(database: Database) -> None:
    shelf = await make_shelf(database, 4)
    await promise(shelf, 4)

    await count(database, StockFigure("HAM", "LAMP", 0))

    assert await shelf.counters() == (0, 0, 0)
    assert await shelf.allocations() == {}
    assert await shelf.sound()


async def test_pieces_out_of_a_quota_return_into_it(database: Database) -> None:
    shelf = await make_shelf(database, 4)
    async with database.unit_of_work() as db:
        level = await db.get_one(StockLevel, (shelf.place.id, shelf.variant.id))
        quota = await make_reservation(db, shelf.channel, level, 0)
        await make_allocation(db, shelf.channel, shelf.variant, level, 3, from_reservation=2)

    await count(database, StockFigure("HAM", "LAMP", 1))

    assert await shelf.counters() == (1, 1, 1)
    async with database.read_only() as db:
        assert (await db.get_one(type(quota), quota.id)).quantity == 1
    assert await shelf.sound()


async def test_count_waits_for_whom_the_order_belongs_to(database: Database) -> None:
    """A cancellation under way and a count at once: pieces are released once."""
    from kontor.inventory import allocations

    shelf = await make_shelf(database, 4)
    held = await promise(shelf, 4)
    begun = asyncio.Event()

    async def cancel() -> None:
        async with database.unit_of_work() as db:
            orders = sa.table("orders", sa.column("id", sa.Uuid()))
            await db.execute(sa.select(orders.c.id).where(orders.c.id == held.order_id).with_for_update())
            rows = await allocations.of_orders(db, [held.order_id])
            begun.set()
            await asyncio.sleep(0.2)
            cuts = [allocations.Cut(held.order_line_id, sum(row.quantity for row in rows))] if rows else []
            await allocations.release(db, allocations.cut(rows, cuts), reason="CANCELED")
            line = await db.get_one(type(await shelf.line_of(held)), held.order_line_id)
            line.allocated, line.canceled = 0, 4

    async def short() -> None:
        await begun.wait()
        await count(database, StockFigure("HAM", "LAMP", 1))

    await asyncio.gather(cancel(), short())

    assert await shelf.counters() == (1, 0, 0)
    assert (await shelf.line_of(held)).allocated == 0
    assert await shelf.sound()


async def test_many_counts_at_once_keep_the_ledger(database: Database) -> None:
    shelf = await make_shelf(database, 20)
    for _ in range(5):
        await promise(shelf, 3)

    await asyncio.gather(*[count(database, StockFigure("HAM", "LAMP", quantity)) for quantity in (12, 4, 9, 15, 2)])

    on_hand, allocated, _ = await shelf.counters()
    assert on_hand in (12, 4, 9, 15, 2)
    assert allocated <= 2
    assert sum((await shelf.allocations()).values()) == allocated
    assert await shelf.sound()


# --- more than there was --------------------------------------------------------------------------------------------


async def test_more_stock_is_told_to_waiting_orders(database: Database) -> None:
    shelf = await make_shelf(database, 1)
    async with database.unit_of_work() as db:
        order = await make_order_row(db, shelf.channel)
        await make_order_line(db, order, shelf.variant, 2)

    await count(database, StockFigure("HAM", "LAMP", 5))

    [arrived] = await shelf.events("StockArrived")
    assert arrived.stream_id == shelf.variant.id
    assert arrived.payload == {"location_id": str(shelf.place.id), "quantity": 4}


async def test_more_stock_nobody_waits_for_is_no_news(database: Database) -> None:
    shelf = await make_shelf(database, 1)
    await promise(shelf, 1)

    await count(database, StockFigure("HAM", "LAMP", 5))

    assert await shelf.events("StockArrived") == []


# --- corrections ----------------------------------------------------------------------------------------------------


async def test_pain_05_correction_is_a_movement_with_reason(database: Database, clock: StandingClock) -> None:
    shelf = await make_shelf(database, 10)
    await promise(shelf, 9)
    clock.advance(hours=1)

    async with database.unit_of_work() as db:
        await adjust_stock(db, "HAM", "LAMP", delta=-3, reason=" broken ")

    assert await shelf.counters() == (7, 7, 0)
    assert (MovementKind.ADJUST, -3, 0, 0) in await shelf.movements()
    assert (await shelf.level()).as_of == clock.moment
    assert await shelf.sound()


@pytest.mark.parametrize(
    ("delta", "reason", "code"),
    [(-11, "lost", "STOCK_SHORT"), (0, "lost", "INVALID_QUANTITY"), (1, " ", "REASON_NEEDED")],
)
async def test_impossible_correction_is_refused(database: Database, delta: int, reason: str, code: str) -> None:
    shelf = await make_shelf(database, 10)

    with pytest.raises((StockShort, InvalidInput)) as caught:
        async with database.unit_of_work() as db:
            await adjust_stock(db, "HAM", "LAMP", delta=delta, reason=reason)

    assert caught.value.code == code
    assert await shelf.counters() == (10, 0, 0)


# --- many -----------------------------------------------------------------------------------------------------------


async def test_thousand_rows_over_several_places(database: Database) -> None:
    async with database.unit_of_work() as db:
        places = [await make_location(db, code=f"L{number}") for number in range(4)]
        variants = [await make_variant(db, sku=f"S{number}") for number in range(30)]
        for place in places[:2]:
            for variant in variants[::2]:
                await make_stock(db, place, variant, 5)
    figures = [
        StockFigure(place.code, variant.sku, number) for place in places for number, variant in enumerate(variants)
    ]

    outcomes = await count(database, *figures)

    async with database.read_only() as db:
        found = dict(
            (
                await db.execute(
                    sa.select(StockLevel.variant_id, sa.func.sum(StockLevel.on_hand)).group_by(StockLevel.variant_id)
                )
            ).all()
        )
    assert [outcome.on_hand for outcome in outcomes] == [figure.quantity for figure in figures]
    assert found == {variant.id: 4 * number for number, variant in enumerate(variants)}
