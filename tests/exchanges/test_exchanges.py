"""Exchanges: goods for goods, the difference settled, and everything adds up when all of it comes back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.changes import lines_of, ordered, shop, sound
from factories.exchanges import (
    come_back,
    exchanged,
    give_everything_back,
    paid_and_back,
    read,
    sent_and_arrived,
    wished,
)
from factories.fulfillment import stock_of
from factories.intake import make_company, order_input, place, put_stock
from factories.invoicing import credit_notes
from factories.pricing import make_price
from factories.processes import cases_of, told
from kontor.core.db import Database
from kontor.exchanges import service
from kontor.exchanges.errors import ExchangeStale, ExchangeUnderWay, InvalidExchange
from kontor.exchanges.following import follow_return, overdue
from kontor.exchanges.queries import lock_exchange
from kontor.exchanges.states import ExchangeState, ExchangeWay
from kontor.exchanges.values import ExchangeWish, PiecesWish
from kontor.fulfillment.canceling import cancel_lines
from kontor.inventory.allocating import lock_levels
from kontor.inventory.models import Reservation, StockLevel
from kontor.invoicing.models import Invoice
from kontor.invoicing.settling import record_invoice_payment
from kontor.orders import queries as orders
from kontor.orders.intake import ChargeInput, LineInput, PaymentInput
from kontor.orders.placing import Placed
from kontor.payments.queries import read_payments
from kontor.returns.errors import NotReturnable
from kontor.returns.models import Return
from kontor.returns.service import cancel_return
from support import Drain

E, W = ExchangeState, ExchangeWay
SHIPPING = (ChargeInput("SHIPPING", "DHL", 490),)


@dataclass(frozen=True)
class Sold:
    """An order that arrived, the place it came from, and the variants by sku."""

    order_id: UUID
    place: UUID
    sizes: dict[str, UUID]


async def arrived(
    database: Database, drain: Drain, pieces: int = 2, method: str = "CARD", *, token: str = "tok_visa",
    charged: int | None = None, **channel: Any,
) -> Sold:  # fmt: skip
    """Articles M at 10.00 and their shipping that arrived; L costs the same, XL 12.00, S 7.00."""
    company = await make_company(database, **channel)
    sizes = {}
    async with database.unit_of_work() as db:
        for sku, price in (("M", 1000), ("L", 1000), ("XL", 1200), ("S", 700)):
            variant = await make_variant(db, sku=sku)
            await make_price(db, company.channel, variant, price)
            sizes[sku] = variant.id
    for variant_id in sizes.values():
        await put_stock(database, company.warehouse.id, variant_id, 5)
    wanted = order_input(
        company.channel, LineInput("M", pieces), charges=SHIPPING,
        payments=(PaymentInput(method, (charged or 1000 * pieces) + 490, token=token),),
    )  # fmt: skip
    (placed,) = await place(database, company, wanted)
    assert isinstance(placed, Placed), placed
    await sent_and_arrived(database, drain, placed.order_id)
    return Sold(placed.order_id, company.warehouse.id, sizes)


async def test_another_size_of_the_same_price_moves_no_money(database: Database, drain: Drain) -> None:
    sold = await arrived(database, drain)
    preview, exchange = await exchanged(database, sold.order_id, "M", "L")
    assert (preview.credited, preview.cost, preview.kept, preview.refund) == (1000, 1000, 1000, 0)
    assert (preview.difference.to_pay, preview.lines[0].same_price) == (0, True)
    assert preview.arrives_on is not None
    size_l = sold.sizes["L"]
    assert await stock_of(database, sold.place, size_l) == (5, 0, 1)  # kept for the customer
    await drain()
    await come_back(database, exchange.return_id, sold.place)
    assert await drain() == []
    assert (await read(database, exchange)).state is E.RECEIVED
    assert [line.sku for line in await lines_of(database, sold.order_id)] == ["M", "L"]
    await sent_and_arrived(database, drain, sold.order_id)
    assert (await read(database, exchange)).state is E.FULFILLED
    assert [note.gross for note in await credit_notes(database)] == [1000]
    assert await paid_and_back(database, sold.order_id) == (2490, 0)
    await sound(database)
    await give_everything_back(database, drain, sold.order_id, sold.place)
    assert await paid_and_back(database, sold.order_id) == (2490, 2490)
    await sound(database)


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize(("other", "paid", "back"), [("XL", 2690, 0), ("S", 2490, 300)])
async def test_the_difference_is_paid_or_goes_back(
    database: Database, drain: Drain, other: str, paid: int, back: int
) -> None:
    sold = await arrived(database, drain)
    preview, exchange = await exchanged(database, sold.order_id, "M", other)
    assert (preview.refund, preview.difference.to_pay) == (back, paid - 2490)
    await drain()
    await come_back(database, exchange.return_id, sold.place)
    await sent_and_arrived(database, drain, sold.order_id)
    assert (await read(database, exchange)).state is E.FULFILLED
    assert await paid_and_back(database, sold.order_id) == (paid, back)
    await sound(database)
    await give_everything_back(database, drain, sold.order_id, sold.place)
    assert await paid_and_back(database, sold.order_id) == (paid, paid)
    await sound(database)


@pytest.mark.engine("sqlite")
async def test_only_accepted_pieces_are_exchanged(database: Database, drain: Drain) -> None:
    """The first piece is accepted and exchanged, the second is refused; of another exchange none is accepted."""
    sold = await arrived(database, drain, pieces=3)
    _, exchange = await exchanged(database, sold.order_id, "M", "L", 2)
    await drain()
    async with database.unit_of_work() as db:  # the label holds longer, so do the pieces
        found = await db.get_one(Return, exchange.return_id)
        found.expires_at = db.now + timedelta(days=60)
        await follow_return(db, sold.order_id, "ReturnLabelRenewed", found.id, now=db.now)
        until = list(await db.scalars(sa.select(Reservation.expires_at).where(Reservation.quantity > 0)))
        assert until == [found.expires_at]
    await come_back(database, exchange.return_id, sold.place, pieces=1)
    assert await drain() == []
    assert await stock_of(database, sold.place, sold.sizes["L"]) == (5, 1, 1)  # one is still kept
    await come_back(database, exchange.return_id, sold.place, refused=True, pieces=1)
    await sent_and_arrived(database, drain, sold.order_id)
    assert [(line.sku, line.ordered) for line in await lines_of(database, sold.order_id)] == [("M", 3), ("L", 1)]
    assert (await read(database, exchange)).state is E.FULFILLED
    _, exchange = await exchanged(database, sold.order_id, "M", "L")
    await drain()
    await come_back(database, exchange.return_id, sold.place, refused=True)
    assert await drain() == []
    done = await read(database, exchange)
    assert (done.state, done.code) == (E.CANCELED, "NOT_ACCEPTED")
    assert await stock_of(database, sold.place, sold.sizes["L"]) == (4, 0, 0)
    assert await paid_and_back(database, sold.order_id) == (3490, 0)
    await sound(database)


@pytest.mark.engine("sqlite")
async def test_goods_that_never_come_are_exchanged_for_nothing(database: Database, drain: Drain) -> None:
    sold = await arrived(database, drain)
    _, exchange = await exchanged(database, sold.order_id, "M", "L")
    async with database.unit_of_work() as db:
        await cancel_return(db, exchange.return_id, reason="kept", now=db.now)
    assert await drain() == []
    done = await read(database, exchange)
    assert (done.state, done.code) == (E.CANCELED, "WITHDRAWN")
    assert await stock_of(database, sold.place, sold.sizes["L"]) == (5, 0, 0)
    await sound(database)


@pytest.mark.engine("sqlite")
async def test_an_exchange_is_called_off_with_its_return(database: Database, drain: Drain) -> None:
    sold = await arrived(database, drain)
    wish = await wished(database, sold.order_id, "M", "L", 3)
    with pytest.raises(NotReturnable):
        async with database.read_only() as db:
            await service.preview_exchange(db, await orders.get_order(db, sold.order_id, db.principal), wish)
    preview, exchange = await exchanged(database, sold.order_id, "M", "L")
    again = await wished(database, sold.order_id, "M", "L")
    async with database.unit_of_work() as db:
        with pytest.raises(ExchangeStale) as stale:
            await service.create_exchange(
                db,
                await orders.lock_order(db, sold.order_id),
                again,
                preview.token.replace("MONEY-", "MONEY-0"),
                now=db.now,
            )
        assert stale.value.params["moved"] == ["MONEY"]
        _, row = await lock_exchange(db, exchange.id)
        with pytest.raises(InvalidExchange):
            await service.cancel_exchange(db, row, reason=" ", now=db.now)
        await service.cancel_exchange(db, row, reason="fits after all", now=db.now)
    assert await drain() == []
    assert (await read(database, exchange)).code == "WITHDRAWN"
    _, exchange = await exchanged(database, sold.order_id, "M", "L", 2)
    await drain()
    await come_back(database, exchange.return_id, sold.place)
    assert await drain() == []
    async with database.unit_of_work() as db:
        _, row = await lock_exchange(db, exchange.id)
        with pytest.raises(ExchangeUnderWay):
            await service.cancel_exchange(db, row, reason="too late", now=db.now)
    await sound(database)


async def test_a_replacement_costs_nothing_although_nothing_comes_back(database: Database, drain: Drain) -> None:
    """The price has changed since, and the only piece of the order is replaced: neither moves a cent, nor shipping."""
    sold = await arrived(database, drain, pieces=1)
    preview, exchange = await exchanged(database, sold.order_id, "M", "XL", way=W.WITHOUT_RETURN, replacement=True)
    assert (preview.credited, preview.cost, preview.refund, preview.difference.to_pay) == (1000, 1000, 0, 0)
    await sent_and_arrived(database, drain, sold.order_id)
    assert (await read(database, exchange)).state is E.FULFILLED
    assert await paid_and_back(database, sold.order_id) == (1490, 0)
    await sound(database)
    await give_everything_back(database, drain, sold.order_id, sold.place)
    assert await paid_and_back(database, sold.order_id) == (1490, 1490)
    await sound(database)


async def test_goods_sent_in_advance_are_covered_by_those_that_come(database: Database, drain: Drain) -> None:
    sold = await arrived(database, drain)
    preview, exchange = await exchanged(database, sold.order_id, "M", "XL", way=W.ADVANCE)
    assert (preview.kept, preview.difference.to_pay) == (1000, 200)
    await sent_and_arrived(database, drain, sold.order_id)
    assert (await read(database, exchange)).state is E.FULFILLED
    assert await paid_and_back(database, sold.order_id) == (2690, 0)
    await sound(database)
    await come_back(database, exchange.return_id, sold.place)
    assert await drain() == []
    assert (await read(database, exchange)).state is E.RECEIVED
    assert await paid_and_back(database, sold.order_id) == (2690, 0)
    await give_everything_back(database, drain, sold.order_id, sold.place)
    assert await paid_and_back(database, sold.order_id) == (2690, 2690)
    await sound(database)


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("comes", ["never", "late", "refused"])
async def test_goods_that_do_not_come_in_time_are_to_be_paid_for(database: Database, drain: Drain, comes: str) -> None:
    sold = await arrived(database, drain)
    _, exchange = await exchanged(database, sold.order_id, "M", "L", way=W.ADVANCE)
    await sent_and_arrived(database, drain, sold.order_id)
    if comes == "refused":
        await come_back(database, exchange.return_id, sold.place, refused=True)
    else:
        async with database.unit_of_work() as db:
            await overdue(db, exchange.id, now=db.now + timedelta(days=15))
    assert await drain() == []
    assert await told(database, "ExchangeOverdue") == 1
    assert await paid_and_back(database, sold.order_id) == (3490, 0)
    assert ("EXCHANGE_OVERDUE", "OPEN") in await cases_of(database, sold.order_id)
    if comes == "late":  # what was paid for it goes back
        await come_back(database, exchange.return_id, sold.place)
        assert await drain() == []
        assert await paid_and_back(database, sold.order_id) == (3490, 1000)
    await sound(database)
    if comes != "refused":
        if comes == "never":
            async with database.unit_of_work() as db:
                await cancel_return(db, exchange.return_id, reason="kept", now=db.now)
            await drain()
        await give_everything_back(database, drain, sold.order_id, sold.place)
        assert await paid_and_back(database, sold.order_id) == (3490, 3490)
        await sound(database)


@pytest.mark.engine("sqlite")
async def test_new_pieces_that_are_canceled_are_covered_by_nothing(database: Database, drain: Drain) -> None:
    """In advance: the goods are paid back when they come, as there is nothing they could pay for any more."""
    sold = await arrived(database, drain)
    _, exchange = await exchanged(database, sold.order_id, "M", "L", way=W.ADVANCE)
    new = (await lines_of(database, sold.order_id))[1]
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, sold.order_id)
        lines = (await orders.lines_of(db, [sold.order_id]))[sold.order_id]
        await cancel_lines(db, order, lines, {new.id: 1}, reason="kept the first", now=db.now)
    assert await drain() == []
    assert (await read(database, exchange)).code == "LINES_CANCELED"
    assert await paid_and_back(database, sold.order_id) == (2490, 0)
    await come_back(database, exchange.return_id, sold.place)
    assert await drain() == []
    assert await paid_and_back(database, sold.order_id) == (2490, 1000)
    await sound(database)


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("paid", [0, 2490])
async def test_an_invoice_on_account_is_paid_by_the_goods(database: Database, drain: Drain, paid: int) -> None:
    """The customer owes for the new article what they owed for the other: nothing if they paid before."""
    sold = await arrived(database, drain, method="ON_ACCOUNT")
    if paid:
        async with database.unit_of_work() as db:
            invoice = (await db.scalars(sa.select(Invoice))).one()
            await record_invoice_payment(db, invoice, paid, reference="R 1", now=db.now)
    _, exchange = await exchanged(database, sold.order_id, "M", "L")
    await drain()
    await come_back(database, exchange.return_id, sold.place)
    await sent_and_arrived(database, drain, sold.order_id)
    async with database.read_only() as db:
        (payment,) = await read_payments(db, sold.order_id)
    assert (payment.billed, payment.credited) == (2490, 0)
    async with database.read_only() as db:
        asked = [row["amount_due"] for row in await db.scalars(sa.select(Invoice.content).order_by(Invoice.sequence))]
    assert asked == [2490, 0 if paid else 1000]
    await sound(database)
    if paid:
        return
    await give_everything_back(database, drain, sold.order_id, sold.place)
    async with database.read_only() as db:
        (payment,) = await read_payments(db, sold.order_id)
    assert (payment.billed, payment.credited) == (2490, 2490)
    await sound(database)


@pytest.mark.engine("postgresql")
async def test_stock_that_is_kept_is_locked_in_its_order(database: Database, drain: Drain) -> None:
    """AXE comes before SOCK by its name and after it by its key: who waits for SOCK has not locked AXE."""
    company, variants = await shop(database)
    async with database.unit_of_work() as db:
        axe = await make_variant(db, sku="AXE")
        await make_price(db, company.channel, axe, 1000)
    await put_stock(database, company.warehouse.id, axe.id, 5)
    order_id = await ordered(database, company, LineInput("LAMP", 1), LineInput("ROPE", 1))
    await sent_and_arrived(database, drain, order_id)
    first, second = await lines_of(database, order_id)
    wish = ExchangeWish((PiecesWish(first.id, 1, "AXE"), PiecesWish(second.id, 1, "SOCK")))

    async def agreed() -> None:
        async with database.unit_of_work() as db:
            order = await orders.lock_order(db, order_id)
            await service.create_exchange(db, order, wish, None, now=db.now)

    async with database.unit_of_work() as db:
        await lock_levels(db, [(company.warehouse.id, variants["SOCK"].id)])
        waits = asyncio.create_task(agreed())
        await asyncio.sleep(1)
        assert not waits.done()
        async with database.unit_of_work() as other:
            free = sa.select(StockLevel).where(StockLevel.variant_id == axe.id).with_for_update(nowait=True)
            assert await other.scalar(free) is not None
    await waits
    assert await stock_of(database, company.warehouse.id, axe.id) == (5, 0, 1)
