"""Orders are closed when nothing of them is open any more, and never before."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from factories.channels import make_channel
from flows.shop import Shop, open_shop
from kontor.care import closing, service
from kontor.care.values import CaseKind, NewCase
from kontor.channels.models import SalesChannel
from kontor.core.db import Database
from kontor.core.outbox import EventRecord
from kontor.invoicing.models import OpenItem
from support import Client, Drain, Principals, StandingClock

PAID = {"kind": "CARD", "amount": 2000, "token": "tok_visa"}


async def close(shop: Shop) -> int:
    async with shop.database.unit_of_work() as db:
        channel = await db.get_one(SalesChannel, shop.company.channel.id)
        return await closing.close_orders(db, channel, now=db.now)


async def test_order_is_closed_when_nothing_is_open_any_more(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock
) -> None:
    shop = await open_shop(database, client, drain, principals, clock, settings={"close_after_days": 10})
    order_id = await shop.place(PAID)
    await shop.send(order_id)
    assert (await shop.order(order_id))["state"] == "COMPLETED"
    clock.advance(days=30)
    assert await close(shop) == 0  # it may be sent back for thirty days
    clock.advance(days=1, minutes=1)
    async with database.unit_of_work() as db:
        case = await service.open_case(db, NewCase(CaseKind.UNANSWERED, "x", UUID(order_id), {}), now=db.now)
    assert await close(shop) == 0
    async with database.unit_of_work() as db:
        service.finish_case(db, await db.merge(case), now=db.now)
    async with database.unit_of_work() as db:
        item = OpenItem(
            id=UUID(order_id), kind="OVERPAYMENT", legal_entity_id=shop.company.channel.legal_entity_id,
            order_id=UUID(order_id), number="1", currency="EUR", amount=-5, open=-5, since=db.now, updated_at=db.now,
        )  # fmt: skip
        await db.merge(item)
    assert await close(shop) == 0
    async with database.unit_of_work() as db:
        await db.execute(sa.update(OpenItem).values(open=0))
    assert await close(shop) == 1
    assert await close(shop) == 0
    assert (await shop.order(order_id))["state"] == "CLOSED"
    async with database.read_only() as db:
        names = list(await db.scalars(sa.select(EventRecord.name).where(EventRecord.stream_id == UUID(order_id))))
    assert names.count("OrderClosed") == 1
    await shop.refund(order_id, 100)
    assert await shop.money(order_id) == [("CARD", "PARTIALLY_REFUNDED", 2000, 100)]


async def test_channel_says_when_and_never_before_goods_may_not_come_back(database: Database) -> None:
    found = []
    for settings in ({}, {"close_after_days": 5}, {"close_after_days": 90}, {"close_after_days": True}):
        async with database.unit_of_work() as db:
            found.append(closing.days_of(await make_channel(db, settings=settings, return_days=14)))
    assert found == [None, 14, 90, None]
