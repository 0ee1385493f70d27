"""Goods on their way, and the orders that wait for them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from factories.inventory import make_allocation, make_inbound, make_order_line, make_order_row
from inventory.shelves import Shelf, make_shelf
from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.inventory.inbound import InboundInput, announce_inbound, close_inbound, receive_inbound
from kontor.inventory.models import Allocation, InboundStock, MovementKind
from support import Principals, StandingClock

DAY = date(2026, 6, 25)


async def expect(shelf: Shelf, quantity: int, *held: int, **given: Any) -> tuple[InboundStock, list[Allocation]]:
    """Goods, and orders of so many pieces each bound to them, one an hour after the other."""
    async with shelf.database.unit_of_work() as db:
        goods = await make_inbound(db, shelf.place, shelf.variant, quantity, expected_on=DAY, reference="PO-1")
        bound = [
            await make_allocation(
                db, shelf.channel, shelf.variant, goods, count, placed_at=db.now + timedelta(hours=hour), **given
            )
            for hour, count in enumerate(held)
        ]
    return goods, bound


async def test_pain_09_receipt_fills_by_priority_then_order_date(database: Database) -> None:
    shelf = await make_shelf(database, 0)
    goods, [first, second] = await expect(shelf, 10, 4, 4)
    async with database.unit_of_work() as db:
        goods = await db.get_one(InboundStock, goods.id)
        vip = await make_allocation(db, shelf.channel, shelf.variant, goods, 1, priority=5)

    async with database.unit_of_work() as db:
        await receive_inbound(db, goods.id, 7)

    lines = [await shelf.line_of(each) for each in (vip, first, second)]
    assert [(line.allocated, line.backordered) for line in lines] == [(1, 0), (4, 0), (2, 2)]
    assert await shelf.counters() == (7, 7, 0)
    assert await shelf.allocations() == {vip.order_id: 1, first.order_id: 4, second.order_id: 2}
    filled = {each.stream_id: each.payload["lines"] for each in await shelf.events("BackorderFilled")}
    assert filled[second.order_id] == [
        {"order_line_id": str(second.order_line_id), "quantity": 2, "fulfillment_order_id": None}
    ]
    assert await shelf.events("StockArrived") == []
    assert await shelf.sound()


async def test_rest_of_a_receipt_is_free_for_waiting_orders(database: Database) -> None:
    shelf = await make_shelf(database, None)
    goods, _ = await expect(shelf, 10, 3)
    async with database.unit_of_work() as db:
        await make_order_line(db, await make_order_row(db, shelf.channel), shelf.variant, 2)

    async with database.unit_of_work() as db:
        row = await receive_inbound(db, goods.id, 10)

    assert (row.received, row.allocated, row.closed) == (10, 0, True)
    assert await shelf.counters() == (10, 3, 0)
    [arrived] = await shelf.events("StockArrived")
    assert arrived.payload["quantity"] == 7
    assert [kind for kind, *_ in await shelf.movements()] == [MovementKind.RECEIVE, MovementKind.ALLOCATE]
    assert await shelf.sound()


async def test_more_than_announced_is_booked(database: Database) -> None:
    shelf = await make_shelf(database, 0)
    goods, _ = await expect(shelf, 5)

    async with database.unit_of_work() as db:
        row = await receive_inbound(db, goods.id, 6)

    assert (row.quantity, row.received, row.closed) == (6, 6, True)
    assert await shelf.counters() == (6, 0, 0)


async def test_final_receipt_gives_up_the_rest(database: Database) -> None:
    shelf = await make_shelf(database, 0)
    goods, [first, second] = await expect(shelf, 10, 4, 4)

    async with database.unit_of_work() as db:
        row = await receive_inbound(db, goods.id, 5, final=True)

    assert (row.received, row.allocated, row.closed) == (5, 0, True)
    assert [(await shelf.line_of(each)).unallocated for each in (first, second)] == [0, 3]
    [released] = await shelf.events("AllocationsReleased")
    assert (released.stream_id, released.payload["reason"]) == (second.order_id, "INBOUND_CLOSED")
    assert await shelf.sound()


async def test_closing_makes_backorders_unallocated_once(database: Database) -> None:
    shelf = await make_shelf(database, 0)
    goods, [held] = await expect(shelf, 10, 4)

    for _ in range(2):
        async with database.unit_of_work() as db:
            await close_inbound(db, goods.id, reason="supplier is bankrupt")

    line = await shelf.line_of(held)
    assert (line.backordered, line.unallocated) == (0, 4)
    assert len(await shelf.events("AllocationsReleased")) == 1
    assert await shelf.sound()


async def test_pain_09_new_day_is_told_to_bound_orders(database: Database) -> None:
    shelf = await make_shelf(database, 0)
    _, [held] = await expect(shelf, 10, 4)

    async with database.unit_of_work() as db:
        row = await announce_inbound(db, InboundInput("HAM", "LAMP", "PO-1", 10, date(2026, 7, 2)))

    assert row.expected_on == date(2026, 7, 2)
    [moved] = await shelf.events("BackorderRescheduled")
    assert moved.stream_id == held.order_id
    assert (moved.payload["was_expected_on"], moved.payload["expected_on"]) == ("2026-06-25", "2026-07-02")


async def test_fewer_announced_take_the_latest_promise(database: Database) -> None:
    shelf = await make_shelf(database, 0)
    goods, [vip] = await expect(shelf, 10, 4, priority=3)
    async with database.unit_of_work() as db:
        plain = await make_allocation(
            db, shelf.channel, shelf.variant, await db.get_one(InboundStock, goods.id), 4, promised_on=DAY
        )

    async with database.unit_of_work() as db:
        row = await announce_inbound(db, InboundInput("HAM", "LAMP", "PO-1", 5, DAY))

    assert (row.quantity, row.allocated) == (5, 5)
    assert [(await shelf.line_of(each)).backordered for each in (vip, plain)] == [4, 1]
    assert await shelf.sound()


async def test_receipt_is_newer_than_a_count_before(database: Database, clock: StandingClock) -> None:
    shelf = await make_shelf(database, 1)
    goods, _ = await expect(shelf, 5)
    clock.advance(hours=2)

    async with database.unit_of_work() as db:
        await receive_inbound(db, goods.id, 5)

    assert (await shelf.level()).as_of == clock.moment


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"location": "MARS"}, "UNKNOWN_STOCK_KEY"),
        ({"sku": "X"}, "UNKNOWN_STOCK_KEY"),
        ({"quantity": 0}, "INVALID_QUANTITY"),
        ({"reference": ""}, "INVALID_REFERENCE"),
        ({"reference": "PO-1", "quantity": 2}, "INVALID_QUANTITY"),
    ],
)
async def test_impossible_announcement_is_refused(database: Database, given: dict[str, Any], code: str) -> None:
    shelf = await make_shelf(database, 0)
    goods, _ = await expect(shelf, 5)
    async with database.unit_of_work() as db:
        await receive_inbound(db, goods.id, 3)
    values: dict[str, Any] = {
        "location": "HAM",
        "sku": "LAMP",
        "reference": "PO-2",
        "quantity": 5,
        "expected_on": DAY,
    } | given

    with pytest.raises(KontorError) as caught:
        async with database.unit_of_work() as db:
            await announce_inbound(db, InboundInput(**values))

    assert caught.value.code == code


async def test_closed_or_foreign_goods_receive_nothing(database: Database, principals: Principals) -> None:
    shelf = await make_shelf(database, 0)
    goods, _ = await expect(shelf, 5)
    stranger = principals.holding("stock:write", location_ids=frozenset())

    with pytest.raises(KontorError) as foreign:
        async with database.unit_of_work(stranger) as db:
            await receive_inbound(db, goods.id, 1)
    async with database.unit_of_work() as db:
        await close_inbound(db, goods.id)
    with pytest.raises(KontorError) as closed:
        async with database.unit_of_work() as db:
            await receive_inbound(db, goods.id, 1)

    assert (foreign.value.code, closed.value.code) == ("INBOUND_NOT_FOUND", "INBOUND_CLOSED")
    assert await shelf.counters() == (0, 0, 0)
