"""What follows a change only when its money is there, and what goes back only when places have answered."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.changes import Money, arrive, change_of, changed, money_of, open_change, ordered, paid, shop, sound
from factories.fulfillment import events_of, released, rows_of
from factories.pricing import make_price
from factories.processes import order_state, ship_all, work_of
from factories.promotions import make_promotion
from kontor.changes.errors import NotChangeable
from kontor.changes.reducing import still_to_charge
from kontor.changes.service import settle_of
from kontor.core.db import Database
from kontor.fulfillment import queries as work_queries
from kontor.fulfillment.answering import Acceptance, accept
from kontor.fulfillment.canceling import answer_cancellation, cancel_lines
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.values import Pieces
from kontor.inventory.allocating import lock_levels
from kontor.inventory.models import StockLevel
from kontor.orders import queries as orders
from kontor.orders.intake import LineInput, PaymentInput
from kontor.orders.service import release_hold
from kontor.payments.errors import PaymentNotAwaited
from kontor.payments.queries import read_payments
from kontor.payments.receiving import add_payment, record_payment
from kontor.payments.states import PaymentState
from kontor.promotions.values import ReturnRule
from support import Drain

P = PaymentState


async def prepaid(database: Database, drain: Drain, company: Any, sku: str, pieces: int, amount: int) -> UUID:
    """An order whose transfer has come in."""
    payments = (PaymentInput("PREPAYMENT", amount),)
    order_id = await ordered(database, company, LineInput(sku, pieces), payments=payments)
    await drain()
    await paid(database, order_id, "T1")
    await drain()
    return order_id


async def test_codes_that_are_added_wait_for_their_money(database: Database, drain: Drain) -> None:
    company, _ = await shop(database)
    async with database.unit_of_work() as db:
        await make_price(db, company.channel, await make_variant(db, sku="CARD", product={"kind": "GIFT_CARD"}), 500)
    order_id = await prepaid(database, drain, company, "LAMP", 1, 1000)
    await complete(database, drain, order_id)
    preview, _ = await changed(database, order_id, add=[("CARD", 1)])
    assert preview.difference.to_pay == 500
    assert await drain() == []
    assert "CodesIssued" not in await events_of(database, order_id)
    await paid(database, order_id, "T2")
    assert await drain() == []
    assert "CodesIssued" in await events_of(database, order_id)
    assert await order_state(database, order_id) == "COMPLETED"
    await sound(database)


async def test_a_charge_that_falls_away_goes_back_once_places_have_answered(database: Database, drain: Drain) -> None:
    """Of ten lamps at 9.00 four stay at 10.00, then two, then none: what is previewed is what goes back."""
    company, _ = await shop(database)
    tiers: dict[str, Any] = {"kind": "PERCENT_OFF", "tiers": [{"since": 5, "percent": 10}]}
    await make_promotion(database, benefit=tiers, return_rule=ReturnRule.RECHECK)
    order_id = await prepaid(database, drain, company, "LAMP", 10, 9000)
    await changed(database, order_id, keep={"LAMP": 4})
    await drain()
    assert await money_of(database, order_id) == Money(4000, 5000)
    (row,) = await work_of(database, order_id)
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row.id), now=db.now)
    for kept, back in ((2, 2000), (0, 2000)):
        before = await money_of(database, order_id)
        preview, change = await changed(database, order_id, keep={"LAMP": kept})
        assert (preview.difference.refund, preview.total_after) == (back, kept * 1000)
        (asked,) = [
            each
            for each in await work_of(database, order_id)
            if str(each.state) == "ACCEPTED" and each.cancel_requested
        ]
        async with database.unit_of_work() as db:
            await answer_cancellation(db, asked.id, agreed=True, now=db.now)
        assert await drain() == []
        assert str((await change_of(database, change.id)).state) == "CONFIRMED"
        assert await money_of(database, order_id) == Money(kept * 1000, before.refunded + back)
    await sound(database)


async def test_what_a_place_splits_off_is_asked_as_well(database: Database, drain: Drain) -> None:
    """Of three pieces one leaves: the change waits for the answer about the two others."""
    company, _ = await shop(database)
    order_id, row_id = await released(database, company, LineInput("LAMP", 3))
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id), now=db.now)
        (line,) = (await work_queries.lines_of(db, [row_id]))[row_id]
    with pytest.raises(NotChangeable) as begun:
        await changed(database, order_id, requested_on=date(2026, 6, 30))
    assert begun.value.path == ("requestedOn",)
    _, change = await changed(database, order_id, keep={"LAMP": 0})
    async with database.unit_of_work() as db:
        await ship(db, Shipping(row_id, pieces=(Pieces(line.id, 1),)), now=db.now, how=How())
    assert await drain() == []
    assert str((await change_of(database, change.id)).state) == "PENDING"
    (rest,) = [each for each in await rows_of(database, order_id) if each.cancel_requested]
    async with database.unit_of_work() as db:
        await answer_cancellation(db, rest.id, agreed=True, now=db.now)
    assert await drain() == []
    found = await change_of(database, change.id)
    assert (str(found.state), found.canceled, found.refused) == ("DECLINED", 2, 1)
    await sound(database)


async def holds_and_named(database: Database, order_id: UUID) -> tuple[int, list[PaymentState]]:
    """How many holds are open, and the states of the payments after the first."""
    async with database.read_only() as db:
        held = (await orders.open_holds(db, [order_id])).get(order_id, [])
        return len(held), [each.state for each in (await read_payments(db, order_id))[1:]]


@pytest.mark.engine("sqlite")
async def test_what_is_taken_off_again_is_not_waited_for(database: Database, drain: Drain) -> None:
    """An added line is not paid; it is taken off by a change, then by a cancellation though care had released the hold.

    The transfer that was named for it pays for nothing that is added later.
    """
    company, _ = await shop(database)
    order_id = await prepaid(database, drain, company, "LAMP", 1, 1000)
    preview, _ = await changed(database, order_id, add=[("ROPE", 1)])
    assert preview.difference.to_pay == 500
    assert await drain() == []
    assert await holds_and_named(database, order_id) == (1, [P.CREATED])
    await changed(database, order_id, keep={"ROPE": 0})
    assert await drain() == []
    assert await holds_and_named(database, order_id) == (0, [P.VOIDED])
    preview, _ = await changed(database, order_id, add=[("ROPE", 1)])
    assert preview.difference.to_pay == 500
    assert await drain() == []
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        (hold,) = (await orders.open_holds(db, [order_id]))[order_id]
        release_hold(db, order, hold, now=db.now)
    await taken_off(database, order_id, "ROPE")
    assert await drain() == []
    assert await holds_and_named(database, order_id) == (0, [P.VOIDED, P.VOIDED])
    preview, _ = await changed(database, order_id, add=[("SOCK", 1)])
    assert preview.difference.to_pay == 1500
    await taken_off(database, order_id, "SOCK")
    assert await drain() == []
    assert (await holds_and_named(database, order_id))[0] == 0
    assert await money_of(database, order_id) == Money(1000, 0)
    await complete(database, drain, order_id)
    await sound(database)


@pytest.mark.engine("sqlite")
async def test_what_replaces_a_promise_that_was_declined_is_waited_for(database: Database, drain: Drain) -> None:
    """One piece has left and the card was declined; the other one is canceled, the transfer for the first one comes."""
    company, _ = await shop(database)
    by_card = (PaymentInput("CARD", 1500, token="tok_capture_declined"),)
    order_id = await ordered(database, company, LineInput("LAMP", 1), LineInput("ROPE", 1), payments=by_card)
    await drain()
    (row,) = await work_of(database, order_id)
    async with database.unit_of_work() as db:
        (lamp, *_) = (await work_queries.lines_of(db, [row.id]))[row.id]
        await ship(db, Shipping(row.id, pieces=(Pieces(lamp.id, 1),)), now=db.now, how=How(accepts_open=True))
    assert await drain() == []
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        await add_payment(db, order, PaymentInput("PREPAYMENT", 1000), now=db.now)
    assert await drain() == []
    await taken_off(database, order_id, "ROPE")
    assert await drain() == []
    assert await holds_and_named(database, order_id) == (0, [P.CREATED])
    await paid(database, order_id, "T1")
    assert await drain() == []
    assert await holds_and_named(database, order_id) == (0, [P.CAPTURED])
    await sound(database)


async def taken_off(database: Database, order_id: UUID, *skus: str) -> None:
    """The pieces of these articles are canceled."""
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        lines = (await orders.lines_of(db, [order_id]))[order_id]
        wanted = {line.id: line.open_quantity for line in lines if line.sku in skus and line.open_quantity}
        await cancel_lines(db, order, lines, wanted, reason="not wanted", now=db.now)


@pytest.mark.parametrize(
    ("other", "skus", "back"),
    [
        ("COLLECTED_BY_CHANNEL", ["ROPE"], 500),
        ("COLLECTED_BY_CHANNEL", ["LAMP", "ROPE"], 1500),
        ("VOUCHER", ["ROPE"], 0),
    ],
)
@pytest.mark.engine("sqlite")
async def test_a_transfer_that_was_on_its_way_when_its_piece_was_canceled(
    database: Database, drain: Drain, other: str, skus: list[str], back: int
) -> None:
    """It is booked where it belongs and goes back, or pays for the rest in place of a voucher that is not used yet."""
    company, _ = await shop(database, payment_methods=["PREPAYMENT", "COLLECTED_BY_CHANNEL", "VOUCHER"])
    payments = (PaymentInput(other, 1000), PaymentInput("PREPAYMENT", 500))
    order_id = await ordered(database, company, LineInput("LAMP", 1), LineInput("ROPE", 1), payments=payments)
    await drain()
    await taken_off(database, order_id, *skus)
    assert await drain() == []
    assert (await holds_and_named(database, order_id))[1] == [P.VOIDED]
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        _, transfer = await read_payments(db, order_id)
        with pytest.raises(PaymentNotAwaited):
            await record_payment(db, order, transfer, 501, reference="T1", now=db.now)
        await record_payment(db, order, transfer, 500, reference="T1", now=db.now)
    assert await drain() == []
    assert (await money_of(database, order_id)).refunded == back
    if "LAMP" not in skus:
        await complete(database, drain, order_id)
        async with database.read_only() as db:
            taken = sum(each.captured - each.refunded for each in await read_payments(db, order_id))
        assert taken == 1000
    await sound(database)


async def complete(database: Database, drain: Drain, order_id: UUID) -> None:
    """All of it leaves and arrives."""
    await ship_all(database, order_id)
    await drain()
    await arrive(database, order_id)
    assert await drain() == []
    assert await order_state(database, order_id) == "COMPLETED"


@pytest.mark.engine("postgresql")
async def test_stock_is_locked_in_its_order_whatever_is_swapped(database: Database, drain: Drain) -> None:
    """While somebody has the first of two levels, a change that needs both has not locked the second."""
    company, variants = await shop(database)
    low, high = sorted((variants["LAMP"], variants["SOCK"]), key=lambda each: each.id)
    order_id = await ordered(database, company, LineInput(low.sku, 1))
    await drain()
    async with database.unit_of_work() as db:
        await lock_levels(db, [(company.warehouse.id, low.id)])
        waits = asyncio.create_task(changed(database, order_id, swap=[(low.sku, 1, high.sku)]))
        await asyncio.sleep(1)
        assert not waits.done()
        async with database.unit_of_work() as other:
            free = sa.select(StockLevel).where(StockLevel.variant_id == high.id).with_for_update(nowait=True)
            assert await other.scalar(free) is not None
    await waits
    assert await drain() == []


@pytest.mark.engine("postgresql")
async def test_orders_are_locked_before_the_work_of_any_of_them(database: Database, drain: Drain) -> None:
    """The changes of two orders are closed at once; somebody has the second one: nothing of the first one is locked."""
    company, _ = await shop(database)
    ids = sorted([await ordered(database, company, LineInput("LAMP", 1)) for _ in range(2)])
    await drain()
    for order_id in ids:
        (row,) = await work_of(database, order_id)
        async with database.unit_of_work() as db:
            await accept(db, Acceptance(row.id), now=db.now)
        await changed(database, order_id, keep={"LAMP": 0})
        async with database.unit_of_work() as db:
            await answer_cancellation(db, row.id, agreed=True, now=db.now)

    async def settled() -> None:
        async with database.unit_of_work() as db:
            await settle_of(db, ids)

    async with database.unit_of_work() as db:
        await orders.lock_order(db, ids[1])
        waits = asyncio.create_task(settled())
        await asyncio.sleep(1)
        assert not waits.done()
        async with database.unit_of_work() as other:
            free = sa.select(FulfillmentOrder.id).where(FulfillmentOrder.order_id == ids[0])
            assert await other.scalar(free.with_for_update(nowait=True)) is not None
    await waits
    assert await drain() == []
    assert [await open_change(database, order_id) for order_id in ids] == [None, None]


def test_what_is_lost_is_charged_once_whatever_the_rate() -> None:
    old, new, other = ("standard", Decimal(19)), ("standard", Decimal(16)), ("reduced", Decimal(7))
    assert still_to_charge({old: 500}, {}, {"16": 300}, most=1000) == {old: 200}
    assert still_to_charge({old: 500}, {new: 500}, {}, most=1000) == {}
    assert still_to_charge({old: 500, other: 100}, {old: 500}, {}, most=1000) == {other: 100}
    assert still_to_charge({old: 500, other: 100}, {}, {}, most=300) == {old: 250, other: 50}
