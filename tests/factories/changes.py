"""Changes of orders: previewed, confirmed, and what they came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from factories.catalog import make_variant
from factories.intake import Company, make_company, order_input, place, put_stock
from factories.pricing import make_price
from factories.processes import work_of
from kontor.audit.running import differences
from kontor.changes import queries, service
from kontor.changes.models import OrderChange
from kontor.changes.values import AddWish, LineWish, Preview, SwapWish, Wish
from kontor.core.db import Database
from kontor.fulfillment.delivering import Delivery, record_delivery
from kontor.orders import queries as orders
from kontor.orders.intake import LineInput, PaymentInput
from kontor.orders.models import OrderLine
from kontor.orders.placing import Placed
from kontor.payments.models import Refund
from kontor.payments.queries import read_payments
from kontor.payments.receiving import awaited, record_payment
from kontor.payments.reporting import dues_of, settings_of


@dataclass(frozen=True)
class Money:
    """What an order costs now and what goes or went back for canceled pieces."""

    owed: int
    refunded: int


async def lines_of(database: Database, order_id: UUID) -> list[OrderLine]:
    async with database.read_only() as db:
        return (await orders.lines_of(db, [order_id]))[order_id]


async def wish(database: Database, order_id: UUID, **given: Any) -> Wish:
    """`keep` names pieces wanted by sku, `swap` (sku, pieces, other sku), `add` (sku, pieces); the rest as it is."""
    by_sku = {line.sku: line.id for line in reversed(await lines_of(database, order_id))}
    lines = tuple(LineWish(by_sku[sku], count) for sku, count in given.pop("keep", {}).items())
    swaps = tuple(SwapWish(by_sku[sku], count, other) for sku, count, other in given.pop("swap", ()))
    adds = tuple(AddWish(sku, count) for sku, count in given.pop("add", ()))
    return Wish(lines, swaps, adds, **given)


async def previewed(database: Database, order_id: UUID, wanted: Wish) -> Preview:
    async with database.read_only() as db:
        order = await orders.get_order(db, order_id, db.principal)
        return await service.preview_change(db, order, wanted)


async def confirmed_change(database: Database, order_id: UUID, wanted: Wish, token: str) -> OrderChange:
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        return (await service.confirm_change(db, order, wanted, token, reason="changed my mind", now=db.now)).change


async def changed(database: Database, order_id: UUID, **given: Any) -> tuple[Preview, OrderChange]:
    """Preview and confirm at once."""
    wanted = await wish(database, order_id, **given)
    preview = await previewed(database, order_id, wanted)
    return preview, await confirmed_change(database, order_id, wanted, preview.token)


async def money_of(database: Database, order_id: UUID) -> Money:
    async with database.read_only() as db:
        order = await orders.get_order(db, order_id, db.principal)
        dues = (await dues_of(db, [order], await settings_of(db, [order])))[order.id]
        back = await db.scalar(sa.select(sa.func.sum(Refund.amount)).where(Refund.order_id == order_id))
    return Money(dues.owed, int(back or 0))


async def change_of(database: Database, change_id: UUID) -> OrderChange:
    async with database.read_only() as db:
        return await db.get_one(OrderChange, change_id)


async def open_change(database: Database, order_id: UUID) -> OrderChange | None:
    async with database.read_only() as db:
        return await queries.open_change(db, order_id)


async def sound(database: Database) -> None:
    """Every invariant holds."""
    assert await differences(database) == []


async def shop(database: Database, *, stock: int = 20, **channel: Any) -> tuple[Company, dict[str, Any]]:
    """A company with three articles at Kontor's own prices."""
    company = await make_company(database, **{"payment_methods": ["ON_ACCOUNT", "CARD", "PREPAYMENT"], **channel})
    variants = {}
    async with database.unit_of_work() as db:
        for sku, price in (("LAMP", 1000), ("ROPE", 500), ("SOCK", 1500)):
            variants[sku] = await make_variant(db, sku=sku)
            await make_price(db, company.channel, variants[sku], price)
    for variant in variants.values():
        await put_stock(database, company.warehouse.id, variant.id, stock)
    return company, variants


async def ordered(database: Database, company: Company, *lines: LineInput, **given: Any) -> UUID:
    (placed,) = await place(database, company, order_input(company.channel, *lines, **given))
    assert isinstance(placed, Placed), placed
    return placed.order_id


def card(amount: int) -> tuple[PaymentInput, ...]:
    return (PaymentInput("CARD", amount, token="tok_visa"),)


async def arrive(database: Database, order_id: UUID) -> None:
    """Everything that left has arrived; work that was taken back never left."""
    for row in await work_of(database, order_id):
        if str(row.state) == "SHIPPED":
            async with database.unit_of_work() as db:
                await record_delivery(db, Delivery(row.id), now=db.now)


async def paid(database: Database, order_id: UUID, reference: str) -> None:
    """The transfer a payment waits for comes in."""
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        for payment in await read_payments(db, order_id):
            if awaited(payment):
                await record_payment(db, order, payment, awaited(payment), reference=reference, now=db.now)
