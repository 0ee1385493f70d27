"""Goods that come back after new ones, late, one by one or not at all: only those that are accepted pay for others."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from exchanges.test_exchanges import arrived
from factories.changes import sound
from factories.exchanges import come_back, exchanged, paid_and_back, read, sent_and_arrived
from factories.processes import told
from kontor.audit.exchanges import ended_covers
from kontor.core.db import Database
from kontor.core.outbox import ROWS
from kontor.exchanges.following import overdue
from kontor.exchanges.models import Exchange
from kontor.exchanges.states import ExchangeState, ExchangeWay
from kontor.payments.covering import open_cover, set_cover
from kontor.payments.models import Payment
from kontor.payments.queries import read_payments
from kontor.payments.states import PaymentState
from kontor.returns.models import Return
from kontor.returns.service import close_return
from support import Drain

E, W, P = ExchangeState, ExchangeWay, PaymentState
pytestmark = pytest.mark.engine("sqlite")


async def late(database: Database, exchange: Exchange) -> None:
    """The deadline passes, and the gateway is not asked for the money yet."""
    async with database.unit_of_work() as db:
        await overdue(db, exchange.id, now=db.now + timedelta(days=15))
    async with database.unit_of_work() as db:
        await db.execute(sa.delete(ROWS).where(ROWS.c.job == "payments.authorize"))


async def asked_for(database: Database, order_id: UUID) -> list[tuple[int, PaymentState]]:
    """The payments after the first."""
    async with database.read_only() as db:
        found: list[Payment] = await read_payments(db, order_id)
    return [(each.amount, each.state) for each in sorted(found, key=lambda each: each.position)[1:]]


async def covers(database: Database, exchange: Exchange) -> int:
    """What the goods of an exchange still stand for."""
    async with database.read_only() as db:
        return await open_cover(db, exchange.return_id)


async def test_late_goods_that_are_refused_pay_for_nothing(database: Database, drain: Drain) -> None:
    sold = await arrived(database, drain)
    _, exchange = await exchanged(database, sold.order_id, "M", "L", way=W.ADVANCE)
    await late(database, exchange)  # nothing has left yet
    assert await asked_for(database, sold.order_id) == []
    await sent_and_arrived(database, drain, sold.order_id)
    fulfilled = await read(database, exchange)
    assert fulfilled.due_at is not None
    assert fulfilled.fulfilled_at is not None
    assert fulfilled.due_at - fulfilled.fulfilled_at == timedelta(days=14)
    await late(database, exchange)
    assert await asked_for(database, sold.order_id) == [(1000, P.CREATED)]
    await come_back(database, exchange.return_id, sold.place, refused=True)
    assert await drain() == []
    async with database.unit_of_work() as db:
        found = await db.get_one(Return, exchange.return_id)
        found.updated_at = db.now - timedelta(hours=2)
        assert await ended_covers(db) == []
        await set_cover(db, exchange.return_id, 700)
        assert [(each.recorded, each.computed) for each in await ended_covers(db)] == [("700", "0")]
        await set_cover(db, exchange.return_id, 0)
    assert await asked_for(database, sold.order_id) == [(1000, P.CREATED)]
    assert await covers(database, exchange) == 0
    assert await told(database, "ExchangeOverdue") == 1


async def test_late_goods_that_come_one_by_one_pay_one_by_one(database: Database, drain: Drain) -> None:
    sold = await arrived(database, drain)
    _, exchange = await exchanged(database, sold.order_id, "M", "L", 2, way=W.ADVANCE)
    await sent_and_arrived(database, drain, sold.order_id)
    await late(database, exchange)
    assert await asked_for(database, sold.order_id) == [(2000, P.CREATED)]
    await come_back(database, exchange.return_id, sold.place, pieces=1)
    async with database.unit_of_work() as db:
        await db.execute(sa.delete(ROWS).where(ROWS.c.job == "payments.authorize"))
    assert await drain() == []
    asked = await asked_for(database, sold.order_id)
    assert [amount for amount, _ in asked] == [2000, 1000]
    assert asked[0][1] is P.VOIDED
    await come_back(database, exchange.return_id, sold.place, pieces=1)
    assert await drain() == []
    captured, back = await paid_and_back(database, sold.order_id)
    assert captured - back == 2490
    await sound(database)


@pytest.mark.parametrize("way", [W.ADVANCE, W.AFTER_RETURN])
async def test_a_return_that_is_closed_early_ends_what_was_waited_for(
    database: Database, drain: Drain, way: ExchangeWay
) -> None:
    """One of two came: the other is to be paid for where its new one has left, and is not given where it has not."""
    sold = await arrived(database, drain)
    _, exchange = await exchanged(database, sold.order_id, "M", "L", 2, way=way)
    await sent_and_arrived(database, drain, sold.order_id)
    await come_back(database, exchange.return_id, sold.place, pieces=1)
    await sent_and_arrived(database, drain, sold.order_id)
    async with database.unit_of_work() as db:
        await close_return(db, exchange.return_id, now=db.now)
    assert await drain() == []
    done = await read(database, exchange)
    assert await covers(database, exchange) == 0
    if way is W.ADVANCE:
        assert (done.state, done.asked, done.received_at is None) == (E.RECEIVED, 1000, False)
        assert await paid_and_back(database, sold.order_id) == (3490, 0)
    else:
        assert done.state is E.FULFILLED
        assert await paid_and_back(database, sold.order_id) == (2490, 0)
    await sound(database)
