"""Exchanges: wished, agreed, the goods accepted, everything given back in the end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from factories.changes import lines_of
from factories.processes import deliver_all, ship_all
from factories.returns import return_lines
from kontor.core.db import Database
from kontor.core.principal import SYSTEM
from kontor.exchanges import queries, service
from kontor.exchanges.models import Exchange
from kontor.exchanges.states import ExchangeWay
from kontor.exchanges.values import ExchangePreview, ExchangeWish, PiecesWish
from kontor.orders import queries as orders
from kontor.payments.models import Payment
from kontor.returns.models import Return
from kontor.returns.receiving import Arrived, Finding, receive_return
from kontor.returns.service import Announcement, ReturnWish, approve, request_return
from kontor.returns.states import Disposition, ReturnReason
from support import Drain

W = ExchangeWay


async def wished(
    database: Database, order_id: UUID, sku: str, other: str, pieces: int = 1, **given: Any
) -> ExchangeWish:
    """Pieces of the first line of `sku` for the other article."""
    line = next(line for line in await lines_of(database, order_id) if line.sku == sku)
    return ExchangeWish((PiecesWish(line.id, pieces, other),), **given)


async def exchanged(
    database: Database, order_id: UUID, sku: str, other: str, pieces: int = 1, **given: Any
) -> tuple[ExchangePreview, Exchange]:
    """Previewed and agreed to at once."""
    agreed, who = given.pop("agreed", True), given.pop("who", SYSTEM)
    wish = await wished(database, order_id, sku, other, pieces, **given)
    async with database.read_only() as db:
        order = await orders.get_order(db, order_id, db.principal)
        preview = await service.preview_exchange(db, order, wish)
    async with database.unit_of_work(who) as db:
        order = await orders.lock_order(db, order_id)
        done = await service.create_exchange(db, order, wish, preview.token, now=db.now, agreed=agreed)
    return preview, done.exchange


async def read(database: Database, exchange: Exchange) -> Exchange:
    """The exchange as it is now."""
    async with database.read_only() as db:
        return await queries.get_exchange(db, exchange.id)


async def come_back(
    database: Database, return_id: UUID, place: UUID, *, refused: bool = False, pieces: int = 0
) -> None:
    """Everything announced (or `pieces` of it) arrives and is looked at."""
    lines = await return_lines(database, return_id)
    counts = {line.id: min(pieces or line.quantity, line.quantity - line.received) for line in lines}
    async with database.unit_of_work() as db:
        findings = [Finding(key, count, Disposition.RESTOCK, refundable=not refused) for key, count in counts.items()]
        arrived = [Arrived(key, count) for key, count in counts.items()]
        await receive_return(db, return_id, place, arrived, now=db.now, findings=findings)


async def sent_and_arrived(database: Database, drain: Drain, order_id: UUID) -> None:
    """What is open leaves and arrives."""
    assert await drain() == []
    for step in (ship_all, deliver_all):
        await step(database, order_id)
        assert await drain() == []


async def give_everything_back(database: Database, drain: Drain, order_id: UUID, place: UUID) -> None:
    """All that the customer has comes back and is accepted."""
    kept = [(line.id, line.shipped - line.returned) for line in await lines_of(database, order_id)]
    wishes = tuple(ReturnWish(key, count, ReturnReason.CHANGED_MIND) for key, count in kept if count)
    async with database.unit_of_work() as db:
        found: Return = await request_return(db, Announcement(order_id, wishes, anyway=True), now=db.now)
        await approve(db, found.id, now=db.now)
    assert await drain() == []
    await come_back(database, found.id, place)
    assert await drain() == []


async def paid_and_back(database: Database, order_id: UUID) -> tuple[int, int]:
    """What was taken over all payments of an order, and what of it went back, minor units."""
    async with database.read_only() as db:
        found = sa.select(sa.func.sum(Payment.captured), sa.func.sum(Payment.refunded))
        row = (await db.execute(found.where(Payment.order_id == order_id))).one()
    return int(row[0]), int(row[1])
