"""Whatever becomes of goods that vouchers paid for which were taxed at their sale: the tax is there once."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.changes import changed
from factories.exchanges import come_back, exchanged, give_everything_back, sent_and_arrived
from factories.intake import put_stock
from factories.pricing import make_price
from flows.shop import ACCEPT, Shop
from flows.test_taxed_vouchers import ADD, opened, sell, tax
from kontor.channels.models import SalesChannel
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.exchanges.states import ExchangeWay
from kontor.fulfillment.canceling import cancel_lines
from kontor.giftcards.models import GiftCard
from kontor.giftcards.values import GATEWAY
from kontor.imports.saving import touch_masters
from kontor.invoicing.models import Invoice
from kontor.orders.queries import lines_of, lock_order
from kontor.payments.errors import VoucherNotForThis
from kontor.payments.queries import read_payments
from kontor.payments.service import record_payment, request_refund
from support import Client, Drain, Principals, StandingClock

W = ExchangeWay


async def shop_of(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock, runtime: Runtime
) -> Shop:
    """The shop of vouchers with gloves at the price of a coat, and scarves of half of it."""
    shop = await opened(database, client, drain, principals, clock, runtime)
    made = []
    async with database.unit_of_work() as db:
        for sku, price in (("GLOVES", 1000), ("SCARF", 500)):
            made.append(await make_variant(db, sku=sku))
            await make_price(db, shop.company.channel, made[-1], price)
    for variant in made:
        await put_stock(database, shop.company.warehouse.id, variant.id, 50)
    return shop


async def voucher(shop: Shop, amount: int) -> dict[str, object]:
    return {"kind": "VOUCHER", "amount": amount, "gateway": GATEWAY, "token": await sell(shop, amount)}


async def off(shop: Shop, order_id: str) -> list[tuple[int, list[tuple[str, int]]]]:
    """What each invoice takes off, and what else it says that was paid."""
    async with shop.database.read_only() as db:
        found = sa.select(Invoice.content).where(Invoice.order_id == UUID(order_id)).order_by(Invoice.number)
        contents = list(await db.scalars(found))
    return [
        (
            -sum(line["gross"] for line in content["lines"] if line.get("redeemed")),
            [(row["kind"], row["amount"]) for row in content["payments"]],
        )
        for content in contents
    ]


@pytest.mark.engine("sqlite")
async def test_goods_given_for_goods_lose_no_tax(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock, runtime: Runtime
) -> None:
    shop = await shop_of(database, client, drain, principals, clock, runtime)
    place = shop.company.warehouse.id
    paid = {**await voucher(shop, 4000), "amount": 1000}
    taxed = 639
    for way, other in (
        (W.AFTER_RETURN, "GLOVES"),
        (W.WITHOUT_RETURN, "GLOVES"),
        (W.ADVANCE, "GLOVES"),
        (W.AFTER_RETURN, "SCARF"),
    ):
        order_id = await shop.place(paid, pieces=1)
        await shop.send(order_id)
        assert await tax(shop) == taxed
        with pytest.raises(VoucherNotForThis) as refused:
            await exchanged(database, UUID(order_id), "COAT", "BOOK", way=way)
        assert refused.value.path == ("lines",)
        _, exchange = await exchanged(database, UUID(order_id), "COAT", other, way=way)
        await shop.settle()
        if way is W.AFTER_RETURN:
            await come_back(database, exchange.return_id, place)
        await shop.settle()
        await sent_and_arrived(database, drain, UUID(order_id))
        if way is W.ADVANCE:
            await come_back(database, exchange.return_id, place)
            await shop.settle()
        assert await tax(shop) == taxed
        await give_everything_back(database, drain, UUID(order_id), place)
        assert await tax(shop) == taxed  # of the voucher, which can be used again
    async with database.read_only() as db:
        assert list(await db.scalars(sa.select(GiftCard.balance))) == [4000]


@pytest.mark.engine("sqlite")
async def test_goods_given_for_goods_that_never_leave_lose_no_tax(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock, runtime: Runtime
) -> None:
    shop = await shop_of(database, client, drain, principals, clock, runtime)
    order_id = await shop.place(await voucher(shop, 1000), pieces=1)
    await shop.send(order_id)
    _, exchange = await exchanged(database, UUID(order_id), "COAT", "GLOVES")
    await shop.settle()
    await come_back(database, exchange.return_id, shop.company.warehouse.id)
    await shop.settle()
    async with database.unit_of_work() as db:
        order = await lock_order(db, UUID(order_id))
        lines = (await lines_of(db, [order.id]))[order.id]
        gloves = next(line.id for line in lines if line.sku == "GLOVES")
        await cancel_lines(db, order, lines, {gloves: 1}, reason="not there", now=db.now)
    await shop.settle()
    assert [each[2:] for each in await shop.money(order_id)] == [(1000, 1000)]
    assert await tax(shop) == 160


@pytest.mark.engine("sqlite")
async def test_voucher_is_taken_off_once_whatever_else_pays(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock, runtime: Runtime
) -> None:
    shop = await shop_of(database, client, drain, principals, clock, runtime)
    order_id = await shop.place(await voucher(shop, 2000), pieces=2)
    for row_id in await shop.work(order_id):
        await shop.call(ACCEPT, id=row_id)
    await shop.settle()
    await changed(database, UUID(order_id), add=[("GLOVES", 1)])  # on the way already: the gloves travel apart
    asked = {"orderId": order_id, "kind": "PREPAYMENT", "amount": {"amount": 1000, "currency": "EUR"}}
    await shop.call(ADD, input=asked)
    await shop.settle()
    async with database.unit_of_work() as db:
        order = await lock_order(db, UUID(order_id))
        payments = await read_payments(db, order.id)
        await record_payment(db, order, payments[-1], 1000, reference="later", now=db.now)
    await shop.settle()
    await sent_and_arrived(database, drain, UUID(order_id))
    assert await off(shop, order_id) == [(2000, []), (0, [("PREPAYMENT", 1000)])]
    assert await tax(shop) == 319 + 160
    await give_everything_back(database, drain, UUID(order_id), shop.company.warehouse.id)
    assert await tax(shop) == 319


@pytest.mark.engine("sqlite")
async def test_what_was_taken_at_once_goes_back_for_canceled_pieces_and_pays_no_others(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock, runtime: Runtime
) -> None:
    """The rest of the order is paid by the voucher first, as when it is taken with the goods; unless people choose."""
    shop = await shop_of(database, client, drain, principals, clock, runtime)
    async with database.unit_of_work() as db:
        channel = await db.get_one(SalesChannel, shop.company.channel.id)
        channel.settings = {**channel.settings, "immediate_capture": ["CARD", "VOUCHER"]}
        await touch_masters(db)
    for chosen, taken, tax_of_rest in ((False, 800, 32), (True, 0, 159)):
        card = {"kind": "CARD", "amount": 1200, "token": "tok_visa"}
        paid = await voucher(shop, 800)
        before = await tax(shop)
        order_id = await shop.place(card, paid, pieces=2)
        async with database.unit_of_work() as db:
            order = await lock_order(db, UUID(order_id))
            if chosen:  # what cancels does not ask, so the money goes back first
                by_kind = {str(each.kind): each.id for each in await read_payments(db, order.id)}
                shares = {by_kind["VOUCHER"]: 800, by_kind["CARD"]: 200}
                await request_refund(
                    db, order, kind="CANCELLATION", amount=1000, reason="asked", source_key="chosen", chosen=shares,
                    now=db.now,
                )  # fmt: skip
            lines = (await lines_of(db, [order.id]))[order.id]
            await cancel_lines(db, order, lines, {lines[0].id: 1}, reason="asked", now=db.now)
        await shop.settle()
        back = [(1200, 200), (800, 800)] if chosen else [(1200, 1000), (800, 0)]
        assert [each[2:] for each in await shop.money(order_id)] == back
        await shop.send(order_id)
        assert await off(shop, order_id) == [(taken, [("CARD", 1000 - taken)])]
        assert await tax(shop) == before + tax_of_rest
