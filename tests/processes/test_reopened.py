"""Lines that are added when everything of an order had left: places get them whatever happens, and the order ends."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from changes.test_money_of_changes import complete, prepaid
from exchanges.test_exchanges import arrived
from factories.catalog import make_variant
from factories.changes import changed, ordered, paid, shop, sound
from factories.exchanges import come_back, exchanged
from factories.intake import put_stock
from factories.inventory import make_inbound
from factories.locations import make_location
from factories.pricing import make_price
from factories.processes import cases_of, order_state, ship_all, standing, work_of
from kontor.core.db import Database
from kontor.core.outbox import ROWS
from kontor.fulfillment.answering import reject
from kontor.fulfillment.states import RejectReason
from kontor.inventory.inbound import receive_inbound
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.intake import LineInput
from support import Drain, StandingClock


async def open_work(database: Database, order_id: UUID) -> list[UUID]:
    """The work that places have still to do."""
    return [row.id for row in await work_of(database, order_id) if str(row.state) == "OPEN"]


@pytest.mark.engine("sqlite")
async def test_the_second_parcel_of_an_exchange_is_answered_before_the_first_one_leaves(
    database: Database, drain: Drain
) -> None:
    sold = await arrived(database, drain)
    _, exchange = await exchanged(database, sold.order_id, "M", "L", 2)
    assert await drain() == []
    for count in (1, 2):
        await come_back(database, exchange.return_id, sold.place, pieces=1)
        assert await drain() == []
        assert len(await open_work(database, sold.order_id)) == count
    await complete(database, drain, sold.order_id)
    await sound(database)


async def test_an_added_line_waits_for_goods_to_come(database: Database, drain: Drain) -> None:
    company, _ = await shop(database)
    order_id = await ordered(database, company, LineInput("LAMP", 1))
    await drain()
    await complete(database, drain, order_id)
    async with database.unit_of_work() as db:
        hat = await make_variant(db, sku="HAT")
        await make_price(db, company.channel, hat, 700)
        inbound = await make_inbound(db, company.warehouse, hat, 5)
    await changed(database, order_id, add=[("HAT", 1)])
    assert await drain() == []
    assert await open_work(database, order_id) == []
    async with database.unit_of_work() as db:
        await receive_inbound(db, inbound.id, 5)
    assert await drain() == []
    assert len(await open_work(database, order_id)) == 1
    await complete(database, drain, order_id)
    await sound(database)


@pytest.mark.engine("sqlite")
async def test_an_added_line_that_its_place_refuses_finds_another(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    """There is none at first: that is a case until there is."""
    company, variants = await shop(database)
    async with database.unit_of_work() as db:
        other = await make_location(db)
    order_id = await ordered(database, company, LineInput("LAMP", 1))
    await drain()
    await complete(database, drain, order_id)
    await changed(database, order_id, add=[("ROPE", 1)])
    assert await drain() == []
    (row,) = await open_work(database, order_id)
    async with database.unit_of_work() as db:
        await reject(db, row, None, now=db.now, reason=RejectReason.OTHER)
    assert await drain() == []
    assert await open_work(database, order_id) == []
    assert ("UNALLOCATED", "OPEN") in await cases_of(database, order_id)
    await put_stock(database, other.id, variants["ROPE"].id, 3)
    clock.advance(hours=6)
    assert await drain() == []
    assert len(await open_work(database, order_id)) == 1
    assert ("UNALLOCATED", "DONE") in await cases_of(database, order_id)
    await complete(database, drain, order_id)
    await sound(database)


@pytest.mark.engine("sqlite")
async def test_a_hold_that_somebody_releases_lets_added_lines_leave(database: Database, drain: Drain) -> None:
    company, _ = await shop(database)
    order_id = await prepaid(database, drain, company, "LAMP", 1, 1000)
    await complete(database, drain, order_id)
    await changed(database, order_id, add=[("SOCK", 1)])
    assert await drain() == []
    assert await open_work(database, order_id) == []
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        (hold,) = (await orders.open_holds(db, [order_id]))[order_id]
        order_service.release_hold(db, order, hold, now=db.now, note="pays at the door")
    assert await drain() == []
    assert len(await open_work(database, order_id)) == 1


@pytest.mark.engine("sqlite")
async def test_an_order_is_not_complete_while_lines_wait(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    """No place tells of deliveries: the order ends a while after the last goods have left, not before."""
    company, _ = await shop(database)
    order_id = await prepaid(database, drain, company, "LAMP", 1, 1000)
    await ship_all(database, order_id)
    assert await drain() == []
    clock.advance(days=25)
    await changed(database, order_id, add=[("SOCK", 1)])
    assert await drain() == []
    clock.advance(days=6)
    assert await drain() == []
    assert await standing(database, order_id) == []  # its process has waited long enough
    assert await order_state(database, order_id) == "IN_FULFILLMENT"
    await paid(database, order_id, "T2")
    assert await drain() == []
    clock.advance(days=25)
    await ship_all(database, order_id)
    assert await drain() == []
    clock.advance(days=29)
    assert await drain() == []
    assert await order_state(database, order_id) == "IN_FULFILLMENT"
    clock.advance(days=2)
    assert await drain() == []
    assert await order_state(database, order_id) == "COMPLETED"
    await sound(database)


@pytest.mark.engine("sqlite")
async def test_a_channel_may_wait_for_nothing(database: Database, drain: Drain, clock: StandingClock) -> None:
    """Then an order ends as soon as all of it has left; one that still waits is looked at once an hour, no more."""
    company, variants = await shop(database, settings={"order.release_retry": 0, "order.delivery_wait": 0})
    async with database.unit_of_work() as db:
        other = await make_location(db)
    order_id = await ordered(database, company, LineInput("LAMP", 1))
    await drain()
    await ship_all(database, order_id)
    assert await drain() == []
    assert await order_state(database, order_id) == "COMPLETED"
    await changed(database, order_id, add=[("ROPE", 1)])
    assert await drain() == []
    (row,) = await open_work(database, order_id)
    async with database.unit_of_work() as db:
        await reject(db, row, None, now=db.now, reason=RejectReason.OTHER)
    assert await drain() == []
    async with database.read_only() as db:
        timers = await db.scalars(sa.select(ROWS.c.due_at).where(ROWS.c.job.like("processes.%_reopened")))
        assert list(timers) == [clock.moment + timedelta(hours=1)] * 2
    await put_stock(database, other.id, variants["ROPE"].id, 3)
    clock.advance(hours=1)
    assert await drain() == []
    await ship_all(database, order_id)
    assert await drain() == []
    clock.advance(hours=1)
    assert await drain() == []
    assert await order_state(database, order_id) == "COMPLETED"
    await sound(database)
