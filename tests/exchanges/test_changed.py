"""What was given in exchange is swapped, canceled or exchanged again: what goods stand for then."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from exchanges.test_exchanges import Sold, arrived
from factories.changes import arrive, changed, previewed, sound, wish
from factories.exchanges import come_back, exchanged, paid_and_back, read, sent_and_arrived
from factories.processes import ship_all
from factories.promotions import make_promotion
from factories.returns import requested, return_lines
from kontor.adapters.payments.simulator import tokens
from kontor.channels.models import SalesChannel
from kontor.core.db import Database
from kontor.exchanges.errors import ExchangeAboveLimit
from kontor.exchanges.following import overdue
from kontor.exchanges.states import ExchangeWay
from kontor.fulfillment.canceling import cancel_lines
from kontor.orders import queries as orders
from kontor.processes.models import ProcessInstance
from kontor.processes.service import retry_process
from kontor.processes.states import InstanceState
from kontor.promotions.values import ReturnRule
from kontor.returns.errors import NotReturnable
from support import Drain, Principals

W = ExchangeWay
pytestmark = pytest.mark.engine("sqlite")


@pytest.mark.parametrize(("to", "to_pay"), [("M", 1000), ("XL", 1200)])
async def test_goods_stand_for_nothing_once_their_new_article_is_swapped(
    database: Database, drain: Drain, to: str, to_pay: int
) -> None:
    """The new size of an advance exchange is swapped before it leaves: the other article is to be paid for."""
    sold = await arrived(database, drain)
    await exchanged(database, sold.order_id, "M", "L", way=W.ADVANCE)
    preview, _ = await changed(database, sold.order_id, swap=[("L", 1, to)])
    assert (preview.difference.to_pay, preview.difference.refund) == (to_pay, 0)
    assert preview.total_after - preview.total_before == to_pay
    await sent_and_arrived(database, drain, sold.order_id)
    assert await paid_and_back(database, sold.order_id) == (2490 + to_pay, 0)
    await sound(database)


async def test_an_article_that_goods_stand_for_costs_nothing_less_when_it_falls_away(
    database: Database, drain: Drain
) -> None:
    sold = await arrived(database, drain)
    await exchanged(database, sold.order_id, "M", "L", way=W.ADVANCE)
    preview = await previewed(database, sold.order_id, await wish(database, sold.order_id, keep={"L": 0}))
    assert (preview.difference.refund, preview.total_after) == (0, preview.total_before)


async def come_one_by_one(database: Database, drain: Drain, sold: Sold, return_id: UUID) -> None:
    """The first piece comes, its new one is canceled; then the second comes."""
    await come_back(database, return_id, sold.place, pieces=1)
    assert await drain() == []
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, sold.order_id)
        lines = (await orders.lines_of(db, [order.id]))[order.id]
        line = next(line for line in lines if line.sku == "L")
        await cancel_lines(db, order, lines, {line.id: 1}, reason="does not want it", now=db.now)
    assert await drain() == []
    assert await paid_and_back(database, sold.order_id) == (2490, 1000)
    await come_back(database, return_id, sold.place, pieces=1)


async def test_each_parcel_of_an_exchange_pays_for_its_own_new_goods(database: Database, drain: Drain) -> None:
    sold = await arrived(database, drain)
    _, exchange = await exchanged(database, sold.order_id, "M", "L", 2)
    await come_one_by_one(database, drain, sold, exchange.return_id)
    assert await drain() == []
    assert await paid_and_back(database, sold.order_id) == (2490, 1000)
    await ship_all(database, sold.order_id)
    assert await drain() == []
    await arrive(database, sold.order_id)
    assert await drain() == []
    assert await paid_and_back(database, sold.order_id) == (2490, 1000)
    await sound(database)


async def test_an_exchange_asks_for_its_own_difference_alone(database: Database, drain: Drain) -> None:
    """Goods of another exchange never came and are not paid yet: that is no matter of this one."""
    sold = await arrived(database, drain)
    _, first = await exchanged(database, sold.order_id, "M", "L", way=W.ADVANCE)
    await sent_and_arrived(database, drain, sold.order_id)
    _, second = await exchanged(database, sold.order_id, "M", "L")
    async with database.unit_of_work() as db:
        await overdue(db, first.id, now=db.now + timedelta(days=15))
    await come_back(database, second.return_id, sold.place)
    assert await drain() == []
    async with database.read_only() as db:
        assert await orders.open_holds(db, [sold.order_id]) in ({}, {sold.order_id: []})
    assert (await read(database, first)).asked == 1000


async def test_what_is_given_for_nothing_counts_together_and_whether_collected_or_not(
    database: Database, drain: Drain, principals: Principals
) -> None:
    sold = await arrived(database, drain)
    async with database.unit_of_work() as db:
        order = await orders.get_order(db, sold.order_id, db.principal)
        channel = await db.get_one(SalesChannel, order.channel_id)
        channel.settings = {**channel.settings, "refund_approval_above": 1500}
    agent = principals.holding("orders:read", "returns:write", "refunds:write")
    await exchanged(database, sold.order_id, "M", "L", way=W.WITHOUT_RETURN, who=agent)
    with pytest.raises(ExchangeAboveLimit) as refused:
        await exchanged(database, sold.order_id, "M", "L", way=W.WITHOUT_RETURN, who=agent)
    assert refused.value.params["amount"] == 2000


async def test_pieces_that_are_spoken_for_are_not_exchanged(database: Database, drain: Drain) -> None:
    sold = await arrived(database, drain)
    _, exchange = await exchanged(database, sold.order_id, "M", "L", way=W.ADVANCE)
    (line,) = await return_lines(database, exchange.return_id)
    with pytest.raises(NotReturnable):
        await exchanged(database, sold.order_id, "M", "L", taken={line.shipment_line_id: 1})


async def test_kept_goods_in_place_of_others_go_on_earning_their_discount(database: Database, drain: Drain) -> None:
    """Two at 9.00 instead of 10.00: one is exchanged for the same worth, which keeps what two earn."""
    tiers = {"kind": "PERCENT_OFF", "tiers": [{"since": 2, "percent": 10}]}
    await make_promotion(database, benefit=tiers, return_rule=ReturnRule.RECHECK)
    sold = await arrived(database, drain, charged=1800)
    _, exchange = await exchanged(database, sold.order_id, "M", "L")
    await drain()
    await come_back(database, exchange.return_id, sold.place)
    assert await drain() == []
    preview, _ = await changed(database, sold.order_id, add=[("S", 1)])
    assert (preview.lost, preview.difference.to_pay) == (0, 700)
    preview, _ = await changed(database, sold.order_id, keep={"S": 0})
    assert (preview.lost, preview.difference.to_pay) == (0, 0)
    await sent_and_arrived(database, drain, sold.order_id)
    await sound(database)


async def test_a_refund_that_failed_is_tried_again_and_what_came_since_has_its_own(
    database: Database, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold = await arrived(database, drain, token="tok_refund_declined")
    found = await requested(database, sold.order_id, 2)
    await drain()
    await come_back(database, found.id, sold.place, pieces=1)
    await drain()
    await come_back(database, found.id, sold.place, pieces=1)
    await drain()
    monkeypatch.setitem(tokens.TOKENS, "tok_refund_declined", tokens.Behavior())  # the bank has changed its mind
    async with database.unit_of_work() as db:
        failed = (
            await db.scalars(sa.select(ProcessInstance).where(ProcessInstance.state == InstanceState.FAILED))
        ).one()
        retry_process(db, failed)
    assert await drain() == []
    assert await paid_and_back(database, sold.order_id) == (2490, 2490)
    await sound(database)
