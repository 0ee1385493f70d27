"""Orders driven by their processes, from placing to completed; fakes stand at the gateway and the mail only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.fulfillment import pieces_of
from factories.intake import put_stock
from factories.processes import (
    cases_of,
    deliver_all,
    instances_of,
    make_store,
    order_one,
    order_state,
    ship_all,
    standing,
    told,
    work_of,
)
from factories.returns import requested, return_lines
from kontor.audit.running import differences
from kontor.channels.models import SalesChannel, ShortagePolicy
from kontor.core.db import Database
from kontor.core.outbox import record, schedule
from kontor.fulfillment.answering import reject
from kontor.fulfillment.canceling import answer_cancellation, cancel_lines
from kontor.fulfillment.models import FulfillmentOrder, Shipment
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.values import Pieces
from kontor.inventory.events import StockArrived
from kontor.inventory.models import StockLevel
from kontor.invoicing.models import CreditNote, Invoice
from kontor.notifications import service as notifications
from kontor.notifications.models import Notification
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.intake import PaymentInput
from kontor.orders.states import HoldKind
from kontor.payments.models import Payment, Refund
from kontor.payments.receiving import add_payment
from kontor.processes.states import InstanceState
from kontor.returns.models import Return
from kontor.returns.receiving import Arrived, Finding, inspect_return, receive_return
from kontor.returns.states import Disposition
from support import Drain, StandingClock

CARD = (PaymentInput("CARD", 1000, token="tok_visa"),)


async def payment_of(database: Database, order_id: UUID) -> tuple[str, int, int]:
    async with database.read_only() as db:
        payment = (await db.scalars(sa.select(Payment).where(Payment.order_id == order_id))).one()
        return str(payment.state), payment.authorized, payment.captured


async def held(database: Database, order_id: UUID) -> UUID:
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        return order_service.place_hold(db, order, kind=HoldKind.MANUAL, reason="a call is due", now=db.now).id


async def released(database: Database, order_id: UUID, hold_id: UUID) -> None:
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        order_service.release_hold(db, order, await order_service.get_hold(db, hold_id), now=db.now)


async def canceled(database: Database, order_id: UUID) -> None:
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        lines = (await orders.lines_of(db, [order_id]))[order_id]
        wanted = {line.id: line.open_quantity for line in lines}
        await cancel_lines(db, order, lines, wanted, reason="changed my mind", now=db.now)


async def test_order_runs_from_placing_to_completed(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    order_id = await order_one(database, company, variant, payments=CARD)
    assert await drain() == []
    assert await order_state(database, order_id) == "IN_FULFILLMENT"
    assert await standing(database, order_id) == ["await_fulfillment", "all_fulfilled", "lines_reopened"]
    assert await payment_of(database, order_id) == ("AUTHORIZED", 1000, 0)
    await ship_all(database, order_id)
    assert await drain() == []
    assert await payment_of(database, order_id) == ("CAPTURED", 1000, 1000)
    assert await standing(database, order_id, "fulfillment_order") == ["delivered"]
    await deliver_all(database, order_id)
    assert await drain() == []
    assert await order_state(database, order_id) == "COMPLETED"
    assert [(each.key, each.state) for each in await instances_of(database, order_id)] == [
        ("order", InstanceState.FINISHED),
        ("fulfillment_order", InstanceState.FINISHED),
    ]
    async with database.read_only() as db:
        assert [row.gross for row in await db.scalars(sa.select(Invoice))] == [1000]
    assert await told(database, "CaptureFinished") == 1


async def test_held_order_goes_on_when_the_hold_is_released(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    order_id = await order_one(database, company, variant)
    hold_id = await held(database, order_id)
    assert await drain() == []
    assert await work_of(database, order_id) == []
    assert "hold_released" in await standing(database, order_id)
    await released(database, order_id, hold_id)
    assert await drain() == []
    assert [str(row.state) for row in await work_of(database, order_id)] == ["OPEN"]


async def test_declined_payment_is_tried_again_and_given_up_in_the_end(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    company, variant = await make_store(database, settings={"order.payment_wait": 48, "order.payment_retry": "PT20H"})
    payments = (PaymentInput("CARD", 1000, token="tok_declined"),)
    order_id = await order_one(database, company, variant, payments=payments)
    assert await drain() == []
    assert await standing(database, order_id) == [
        "await_payment", "payment_received", "payment_retry_due", "payment_overdue",
    ]  # fmt: skip
    assert await cases_of(database, order_id) == [("PAYMENT_FAILED", "OPEN")]
    assert await drain(until=clock.moment + timedelta(hours=47)) == []
    assert await order_state(database, order_id) == "RECEIVED"
    assert await drain(until=clock.moment + timedelta(hours=2)) == []
    assert await order_state(database, order_id) == "CANCELED"
    assert await cases_of(database, order_id) == [("PAYMENT_FAILED", "DONE")]
    assert (await instances_of(database, order_id))[0].state is InstanceState.FINISHED


async def test_canceled_order_gives_its_promise_back(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    order_id = await order_one(database, company, variant, payments=CARD)
    assert await drain() == []
    await canceled(database, order_id)
    assert await drain() == []
    assert await payment_of(database, order_id) == ("VOIDED", 0, 0)
    assert {each.state for each in await instances_of(database, order_id)} == {InstanceState.FINISHED}


async def two_pieces(database: Database, drain: Drain) -> tuple[UUID, Shipment, FulfillmentOrder]:
    """An order of 20.00 by card whose first piece left from a page; the work of the second."""
    company, variant = await make_store(database)
    order_id = await order_one(database, company, variant, 2, payments=(PaymentInput("CARD", 2000, token="tok_visa"),))
    assert await drain() == []
    (row,) = await work_of(database, order_id)
    (line,) = await pieces_of(database, row.id)
    async with database.unit_of_work() as db:
        first = Shipping(row.id, (Pieces(line.id, 1),))
        shipment = await ship(db, first, now=db.now, how=How(recallable=True, accepts_open=True))
    assert await drain() == []
    return order_id, shipment, (await work_of(database, order_id))[1]


async def test_promise_is_kept_for_a_shipment_that_can_be_recalled_when_the_rest_is_canceled(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id, _, rest = await two_pieces(database, drain)
    clock.advance(seconds=20)
    await canceled(database, order_id)
    async with database.unit_of_work() as db:
        await answer_cancellation(db, rest.id, agreed=True, now=db.now)
    assert await drain() == []
    assert await payment_of(database, order_id) == ("AUTHORIZED", 2000, 0)
    assert await drain(until=clock.moment + timedelta(seconds=60)) == []
    assert await payment_of(database, order_id) == ("CAPTURED", 1000, 1000)
    assert await cases_of(database, order_id) == []


async def test_last_shipment_of_a_partner_leaves_the_promise_for_one_that_can_be_recalled(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id, _, rest = await two_pieces(database, drain)
    clock.advance(seconds=20)
    async with database.unit_of_work() as db:
        await ship(db, Shipping(rest.id), now=db.now, how=How())
    assert await drain() == []
    assert await payment_of(database, order_id) == ("PARTIALLY_CAPTURED", 2000, 1000)
    assert await drain(until=clock.moment + timedelta(seconds=60)) == []
    assert await payment_of(database, order_id) == ("CAPTURED", 2000, 2000)
    assert await cases_of(database, order_id) == []


async def test_money_paid_in_advance_goes_back_for_a_canceled_order(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database, payment_methods=["COLLECTED_BY_CHANNEL"])
    payments = (PaymentInput("COLLECTED_BY_CHANNEL", 1000),)
    order_id = await order_one(database, company, variant, payments=payments)
    assert await drain() == []
    await canceled(database, order_id)
    assert await drain() == []
    assert await payment_of(database, order_id) == ("REFUNDED", 1000, 1000)
    assert await told(database, "RefundSucceeded") == 1


async def test_goods_go_to_the_most_important_of_those_who_wait(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database, 0, shortage=ShortagePolicy.TAKE)
    await put_stock(database, company.warehouse.id, variant.id, 0)
    first = await order_one(database, company, variant)
    second = await order_one(database, company, variant, priority=5)
    assert await drain() == []
    assert await cases_of(database, first) == [("UNALLOCATED", "OPEN")]
    async with database.unit_of_work() as db:
        level = await db.get_one(StockLevel, (company.warehouse.id, variant.id))
        level.on_hand = 1
        record(db, StockArrived(stream_id=variant.id, location_id=company.warehouse.id, quantity=1))
    assert await drain() == []
    assert [len(await work_of(database, order_id)) for order_id in (first, second)] == [0, 1]
    assert await cases_of(database, second) == [("UNALLOCATED", "DONE")]


async def test_rejected_lines_wait_for_another_place(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database, shortage=ShortagePolicy.TAKE)
    order_id = await order_one(database, company, variant)
    assert await drain() == []
    (row,) = await work_of(database, order_id)
    async with database.unit_of_work() as db:
        await reject(db, row.id, None, now=db.now)
    assert await drain() == []
    assert "await_stock" in await standing(database, order_id)
    assert await standing(database, order_id, "fulfillment_order") == []
    assert await cases_of(database, order_id) == [("UNALLOCATED", "OPEN")]


async def test_failed_capture_is_a_case_and_the_customer_gets_the_invoice(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    payments = (PaymentInput("CARD", 1000, token="tok_capture_declined"),)
    order_id = await order_one(database, company, variant, payments=payments)
    await drain()
    await ship_all(database, order_id)
    assert await drain() == []
    assert await cases_of(database, order_id) == [("CAPTURE_FAILED", "OPEN")]
    assert await told(database, "InvoiceIssued") == 1
    assert "await_capture" in await standing(database, order_id, "fulfillment_order")


async def test_payment_named_after_a_failed_capture_is_collected(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    lapsing = (PaymentInput("CARD", 1000, token="tok_authorization_expires"),)
    order_id = await order_one(database, company, variant, payments=lapsing)
    await drain()
    await ship_all(database, order_id)
    assert await drain() == []
    assert await cases_of(database, order_id) == [("CAPTURE_FAILED", "OPEN")]
    async with database.unit_of_work() as db:
        card = (await db.scalars(sa.select(Payment).where(Payment.order_id == order_id))).one()
        card.token = "tok_declined"  # its bank gives no new promise
        schedule(db, "payments.authorize", {"order_id": order_id}, key=order_id)
    assert await drain() == []
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        added = await add_payment(db, order, PaymentInput("CARD", 1000, token="tok_visa"), now=db.now)
    assert await drain() == []
    async with database.read_only() as db:
        payment = await db.get_one(Payment, added.id)
        assert (str(payment.state), payment.captured) == ("CAPTURED", 1000)
    assert ("CAPTURE_FAILED", "DONE") in await cases_of(database, order_id)
    await deliver_all(database, order_id)
    assert await drain() == []
    assert await order_state(database, order_id) == "COMPLETED"
    assert {each.state for each in await instances_of(database, order_id)} == {InstanceState.FINISHED}


async def finding(database: Database, found: Return, location_id: Any, quantity: int) -> None:
    (line,) = await return_lines(database, found.id)
    async with database.unit_of_work() as db:
        await receive_return(
            db, found.id, location_id, [Arrived(line.id, quantity)], now=db.now,
            findings=[Finding(line.id, quantity, Disposition.RESTOCK)],
        )  # fmt: skip


async def test_return_that_comes_in_two_parts_is_paid_twice(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    payments = (PaymentInput("CARD", 2000, token="tok_visa"),)
    order_id = await order_one(database, company, variant, 2, payments=payments)
    await drain()
    await ship_all(database, order_id)
    await drain()
    await deliver_all(database, order_id)
    assert await drain() == []
    found = await requested(database, order_id, 2)
    assert await drain() == []
    assert await standing(database, order_id, "return") == [
        "await_goods",
        "received",
        "return_canceled",
        "label_unused",
    ]
    await finding(database, found, company.warehouse.id, 1)
    assert await drain() == []
    assert await standing(database, order_id, "return") == ["await_more", "more_inspected", "more_overdue"]
    await finding(database, found, company.warehouse.id, 1)
    assert await drain() == []
    assert await payment_of(database, order_id) == ("REFUNDED", 2000, 2000)
    async with database.read_only() as db:
        assert str((await db.get_one(Return, found.id)).state) == "CLOSED"
        assert sum(row.gross for row in await db.scalars(sa.select(CreditNote))) == 2000


async def test_goods_that_were_taken_a_cent_short_bring_back_what_was_paid(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    async with database.unit_of_work() as db:
        channel = await db.get_one(SalesChannel, company.channel.id)
        channel.settings = {**channel.settings, "payment_tolerance": 1}
    payments = (PaymentInput("CARD", 1999, token="tok_visa"),)
    order_id = await order_one(database, company, variant, 2, payments=payments)
    await drain()
    await ship_all(database, order_id)
    await drain()
    await deliver_all(database, order_id)
    await drain()
    found = await requested(database, order_id, 2)
    assert await drain() == []
    for _ in range(2):
        await finding(database, found, company.warehouse.id, 1)
        assert await drain() == []
    async with database.read_only() as db:
        assert str((await db.get_one(Return, found.id)).state) == "CLOSED"
        refunds = sa.select(Refund.amount).where(Refund.order_id == order_id).order_by(Refund.id)
        assert list(await db.scalars(refunds)) == [1000, 999]
        assert [note.gross for note in await db.scalars(sa.select(CreditNote))] == [1000, 1000]
    assert await differences(database) == []


async def brought(database: Database, found: Return, location_id: Any, inspected: int = 0) -> None:
    """One piece arrived; so many that lie there were looked at."""
    (line,) = await return_lines(database, found.id)
    async with database.unit_of_work() as db:
        await receive_return(db, found.id, location_id, [Arrived(line.id, 1)], now=db.now)
        if inspected:
            await inspect_return(db, found.id, [Finding(line.id, inspected, Disposition.RESTOCK)], now=db.now)


async def test_rest_of_a_return_that_came_piece_by_piece_is_waited_for_and_can_come_late(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    company, variant = await make_store(database)
    payments = (PaymentInput("CARD", 3000, token="tok_visa"),)
    order_id = await order_one(database, company, variant, 3, payments=payments)
    await drain()
    await ship_all(database, order_id)
    await drain()
    await deliver_all(database, order_id)
    found = await requested(database, order_id, 3)
    assert await drain() == []
    await brought(database, found, company.warehouse.id)
    assert await drain() == []
    await brought(database, found, company.warehouse.id, inspected=2)
    assert await drain() == []
    assert await payment_of(database, order_id) == ("PARTIALLY_REFUNDED", 3000, 3000)
    assert await standing(database, order_id, "return") == ["await_more", "more_inspected", "more_overdue"]
    assert await drain(until=clock.moment + timedelta(days=31)) == []
    async with database.read_only() as db:
        assert str((await db.get_one(Return, found.id)).state) == "CLOSED"
    late = await requested(database, order_id, 1, anyway=True)
    assert await drain() == []
    await finding(database, late, company.warehouse.id, 1)
    assert await drain() == []
    assert await payment_of(database, order_id) == ("REFUNDED", 3000, 3000)


async def test_return_with_a_piece_nobody_has_looked_at_is_not_over(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    company, variant = await make_store(database)
    payments = (PaymentInput("CARD", 2000, token="tok_visa"),)
    order_id = await order_one(database, company, variant, 2, payments=payments)
    await drain()
    await ship_all(database, order_id)
    await drain()
    await deliver_all(database, order_id)
    found = await requested(database, order_id, 2)
    await drain()
    await finding(database, found, company.warehouse.id, 1)
    await brought(database, found, company.warehouse.id)
    assert await drain() == []
    assert await drain(until=clock.moment + timedelta(days=31)) == []
    (line,) = await return_lines(database, found.id)
    async with database.unit_of_work() as db:
        await inspect_return(db, found.id, [Finding(line.id, 1, Disposition.RESTOCK)], now=db.now)
    assert await drain() == []
    assert await payment_of(database, order_id) == ("REFUNDED", 2000, 2000)
    async with database.read_only() as db:
        assert str((await db.get_one(Return, found.id)).state) == "CLOSED"


async def test_each_message_is_asked_for_once(
    database: Database, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    prepare = notifications.prepare

    async def noted(db: Any, wishes: Any, again: Any = (), **given: Any) -> Any:
        asked.extend(wish.telling.template for wish in wishes)
        return await prepare(db, wishes, again, **given)

    monkeypatch.setattr(notifications, "prepare", noted)
    company, variant = await make_store(database)
    order_id = await order_one(database, company, variant, payments=CARD)
    await drain()
    await ship_all(database, order_id)
    await drain()
    await deliver_all(database, order_id)
    await drain()
    found = await requested(database, order_id, 1)
    await drain()
    await finding(database, found, company.warehouse.id, 1)
    assert await drain() == []
    told_of = ["delivered", "order_confirmed", "refunded", "return_approved", "return_received", "shipped"]
    async with database.read_only() as db:
        rows = await db.scalars(sa.select(Notification.template).order_by(Notification.template))
        assert (sorted(asked), list(rows)) == (told_of, told_of)
        assert str((await db.get_one(Return, found.id)).state) == "CLOSED"


async def test_transfer_is_awaited_in_peace_until_it_comes(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    company, variant = await make_store(database, payment_methods=["PREPAYMENT"])
    order_id = await order_one(database, company, variant, payments=(PaymentInput("PREPAYMENT", 1000),))
    assert await drain(until=clock.moment + timedelta(days=2)) == []  # it is looked after every day
    assert await told(database, "PaymentDeclined") == 3
    assert await cases_of(database, order_id) == []
    async with database.read_only() as db:
        assert list(await db.scalars(sa.select(Notification.template))) == ["payment_awaited"]
