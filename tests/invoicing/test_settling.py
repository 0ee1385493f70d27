"""An invoice says that it is paid exactly as long as money is there that pays it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from factories.invoicing import back, invoices, ship, shipment_lines
from factories.payments import ask, ask_capture, card, make_shop, paid_by, read_payments
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.invoicing import service
from kontor.orders.intake import PaymentInput
from kontor.orders.queries import lock_order
from kontor.payments import queries
from kontor.payments import service as payments
from support import Drain, StandingClock


async def authorized(database: Database, drain: Drain, *promises: PaymentInput) -> UUID:
    order_id = await paid_by(database, await make_shop(database), *promises)
    await ask(database, "authorize", order_id)
    assert await drain() == []
    return order_id


async def send(database: Database, drain: Drain, order_id: UUID, pieces: int, shipped: int, **given: Any) -> UUID:
    shipment = await ship(database, order_id, {1: pieces})
    await ask_capture(database, order_id, shipped, shipment_id=shipment, **given)
    async with database.unit_of_work() as db:
        await service.issue_invoices(db, [shipment], now=db.now)
    assert await drain() == []
    return shipment


async def receive(database: Database, drain: Drain, order_id: UUID, amount: int) -> None:
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        [payment] = (await queries.lock_payments(db, [order_id]))[order_id]
        await payments.record_payment(db, order, payment, amount, reference=new_id().hex, now=db.now)
    assert await drain() == []


async def refund(database: Database, drain: Drain, order_id: UUID, amount: int, **given: Any) -> None:
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        wish: Any = {"kind": "RETURN", "reason": "did not fit", "source_key": new_id().hex, **given}
        await payments.request_refund(db, order, amount=amount, now=db.now, **wish)
    assert await drain() == []


async def charge_back(database: Database, drain: Drain, order_id: UUID, amount: int) -> None:
    async with database.unit_of_work() as db:
        await lock_order(db, order_id)
        payment = (await queries.lock_payments(db, [order_id]))[order_id][0]
        await payments.charge_back(db, payment, amount, notice_id=new_id().hex, now=db.now)
    assert await drain() == []


async def standing(database: Database) -> list[tuple[str, int]]:
    return [(invoice.state.value, invoice.paid) for invoice in await invoices(database)]


async def test_money_refunded_for_one_invoice_does_not_pay_the_next(database: Database, drain: Drain) -> None:
    order_id = await authorized(database, drain, PaymentInput("ON_ACCOUNT", 2000))
    first = await send(database, drain, order_id, 1, 1000)
    await receive(database, drain, order_id, 1000)
    [line] = await shipment_lines(database, first)
    await refund(database, drain, order_id, 1000, lines=[back(line, 1, 1000)])
    await send(database, drain, order_id, 1, 2000, final=True)
    assert await standing(database) == [("PAID", 0), ("ISSUED", 0)]
    [payment] = await read_payments(database, order_id)
    assert payments.awaited(payment) == 1000
    await receive(database, drain, order_id, 1000)
    assert await standing(database) == [("PAID", 0), ("PAID", 1000)]


@pytest.mark.parametrize(("days", "state"), [(0, "ISSUED"), (30, "OVERDUE")])
async def test_invoice_whose_money_was_charged_back_is_owed_again(
    database: Database, drain: Drain, clock: StandingClock, days: int, state: str
) -> None:
    order_id = await authorized(database, drain, card(2000))
    await send(database, drain, order_id, 2, 2000, final=True)
    assert await standing(database) == [("PAID", 2000)]
    await charge_back(database, drain, order_id, 500)
    assert await standing(database) == [("PARTIALLY_PAID", 1500)]
    clock.advance(days=days)
    await charge_back(database, drain, order_id, 1500)
    assert await standing(database) == [(state, 0)]


async def test_goodwill_and_canceled_pieces_leave_an_invoice_paid(database: Database, drain: Drain) -> None:
    order_id = await authorized(database, drain, PaymentInput("COLLECTED_BY_CHANNEL", 3000))
    await send(database, drain, order_id, 2, 2000)
    await refund(database, drain, order_id, 1000, kind="CANCELLATION")
    await refund(database, drain, order_id, 300, kind="GOODWILL")
    assert await standing(database) == [("PAID", 2000)]
