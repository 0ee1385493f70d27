"""What cannot be collected costs no other promise, and is tried by every means the customer has named."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.invoicing import invoices, ship
from factories.payments import (
    ask,
    ask_capture,
    card,
    make_shop,
    paid_by,
    read_order,
    read_payments,
    told,
    transactions,
)
from kontor import relay
from kontor.core.db import Database
from kontor.core.errors import Conflict, InvalidInput
from kontor.core.jobs import Runtime
from kontor.invoicing import service as invoicing
from kontor.orders import service as orders
from kontor.orders.intake import PaymentInput
from kontor.orders.models import Order
from kontor.orders.queries import lock_order
from kontor.orders.states import OrderState
from kontor.payments import capturing, ledger, queries, service
from kontor.payments.differences import differences
from kontor.payments.errors import OrderIsCovered
from kontor.payments.models import Payment, Refund, TransactionKind
from kontor.payments.states import PaymentState
from support import Drain, StandingClock

FAILING = "tok_capture_declined"


async def authorized(database: Database, drain: Drain, *promises: PaymentInput) -> UUID:
    order_id = await paid_by(database, await make_shop(database), *promises)
    await ask(database, "authorize", order_id)
    assert await drain() == []
    return order_id


async def completed(database: Database, drain: Drain, *promises: PaymentInput) -> UUID:
    order_id = await authorized(database, drain, *promises)
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        orders.confirm(db, [order], now=db.now)
        orders.complete(db, [order], now=db.now)
    return order_id


async def capture(
    database: Database, drain: Drain, order_id: UUID, shipped: int, *, final: bool = True, shipment: UUID | None = None
) -> UUID:
    shipment = await ask_capture(database, order_id, shipped, final=final, shipment_id=shipment)
    assert await drain() == []
    return shipment


async def add(database: Database, drain: Drain, order_id: UUID, promise: PaymentInput) -> None:
    async with database.unit_of_work() as db:
        await service.add_payment(db, await lock_order(db, order_id), promise, now=db.now)
    assert await drain() == []


async def use_card(database: Database, order_id: UUID, token: str | None) -> None:
    async with database.unit_of_work() as db:
        await db.execute(sa.update(Payment).where(Payment.order_id == order_id).values(token=token))


async def amounts(database: Database, order_id: UUID) -> list[tuple[PaymentState, int, int]]:
    """State, promised and collected, by position."""
    return [(each.state, each.authorized, each.captured) for each in await read_payments(database, order_id)]


async def no_differences(database: Database) -> None:
    async with database.read_only() as db:
        assert [text async for text in differences(db)] == []


async def test_other_card_keeps_its_promise_until_the_capture_succeeded(database: Database, drain: Drain) -> None:
    order_id = await authorized(database, drain, card(3000, FAILING), card(2000))
    shipment = await capture(database, drain, order_id, 2000)
    assert await amounts(database, order_id) == [
        (PaymentState.AUTHORIZED, 3000, 0),
        (PaymentState.AUTHORIZED, 2000, 0),
    ]
    assert (await told(database, order_id))[-1] == "CaptureFailed"
    await capture(database, drain, order_id, 2000, shipment=shipment)
    assert await amounts(database, order_id) == [(PaymentState.VOIDED, 0, 0), (PaymentState.CAPTURED, 2000, 2000)]
    assert (await told(database, order_id))[-3:] == ["PaymentCaptured", "CaptureFinished", "PaymentVoided"]
    await no_differences(database)


async def test_last_capture_beside_a_declined_one_keeps_its_rest(database: Database, drain: Drain) -> None:
    order_id = await authorized(database, drain, card(3000, FAILING), card(3000))
    shipment = await capture(database, drain, order_id, 4000)
    assert await amounts(database, order_id) == [
        (PaymentState.AUTHORIZED, 3000, 0),
        (PaymentState.PARTIALLY_CAPTURED, 3000, 1000),
    ]
    await use_card(database, order_id, "tok_visa")
    await capture(database, drain, order_id, 4000, shipment=shipment)
    captured = [row for row in await transactions(database, order_id) if row[:2] == ("CAPTURE", "SUCCEEDED")]
    assert captured == [("CAPTURE", "SUCCEEDED", 1000), ("CAPTURE", "SUCCEEDED", 2000)]
    await no_differences(database)


async def test_rest_is_given_back_when_two_cards_were_needed(database: Database, drain: Drain) -> None:
    order_id = await authorized(database, drain, card(3000), card(3000), PaymentInput("VOUCHER", 1000))
    await capture(database, drain, order_id, 5000)
    assert await amounts(database, order_id) == [
        (PaymentState.CAPTURED, 3000, 3000),
        (PaymentState.CAPTURED, 1000, 1000),
        (PaymentState.CAPTURED, 1000, 1000),
    ]
    await no_differences(database)


async def test_lapsed_promise_is_asked_for_anew_and_collected(database: Database, drain: Drain) -> None:
    order_id = await authorized(database, drain, card(5000, "tok_authorization_expires"))
    await use_card(database, order_id, "tok_visa")
    await capture(database, drain, order_id, 5000)
    assert await transactions(database, order_id) == [
        ("AUTHORIZE", "SUCCEEDED", 5000),
        ("CAPTURE", "FAILED", 5000),
        ("VOID", "SUCCEEDED", 5000),
        ("AUTHORIZE", "SUCCEEDED", 5000),
        ("CAPTURE", "SUCCEEDED", 5000),
    ]
    assert await told(database, order_id) == [
        "PaymentAuthorized", "PaymentAuthorized", "PaymentCaptured", "CaptureFinished"
    ]  # fmt: skip
    await no_differences(database)


async def test_capture_that_comes_while_a_promise_is_asked_for_anew_waits_for_it(
    database: Database, drain: Drain
) -> None:
    order_id = await authorized(database, drain, card(5000, "tok_authorization_expires"))
    await use_card(database, order_id, "tok_visa")
    for shipped in (2000, 5000):
        await ask_capture(database, order_id, shipped, final=shipped == 5000)
    assert await drain() == []
    assert await amounts(database, order_id) == [(PaymentState.CAPTURED, 5000, 5000)]
    events = await told(database, order_id)
    assert (events.count("CaptureFailed"), events.count("CaptureFinished")) == (0, 2)
    await no_differences(database)


async def test_lapsed_promise_is_asked_for_anew_once(database: Database, drain: Drain) -> None:
    order_id = await authorized(database, drain, card(5000, "tok_authorization_expires"))
    await capture(database, drain, order_id, 5000)
    assert [row for row in await transactions(database, order_id) if row[0] != "VOID"] == [
        ("AUTHORIZE", "SUCCEEDED", 5000),
        ("CAPTURE", "FAILED", 5000),
    ] * 2
    assert (await told(database, order_id)).count("CaptureFailed") == 1
    await no_differences(database)


async def test_capture_fails_when_the_promise_is_not_given_anew(database: Database, drain: Drain) -> None:
    order_id = await authorized(database, drain, card(5000, "tok_authorization_expires"))
    await use_card(database, order_id, "tok_declined")
    await capture(database, drain, order_id, 5000)
    assert await told(database, order_id) == ["PaymentAuthorized", "PaymentDeclined", "CaptureFailed"]
    assert await amounts(database, order_id) == [(PaymentState.FAILED, 0, 0)]
    await no_differences(database)


async def test_promise_without_a_stored_method_is_not_asked_for_anew(database: Database, drain: Drain) -> None:
    order_id = await authorized(database, drain, card(5000, "tok_authorization_expires"))
    await use_card(database, order_id, None)
    await capture(database, drain, order_id, 5000)
    assert await told(database, order_id) == ["PaymentAuthorized", "CaptureFailed"]
    assert await amounts(database, order_id) == [(PaymentState.EXPIRED, 0, 0)]


async def test_completed_order_takes_another_card_for_what_could_not_be_collected(
    database: Database, drain: Drain
) -> None:
    order_id = await completed(database, drain, card(5000, FAILING))
    shipment = await capture(database, drain, order_id, 5000)
    with pytest.raises(InvalidInput, match="At most 5000"):
        await add(database, drain, order_id, card(5001))
    await add(database, drain, order_id, card(5000))
    with pytest.raises(OrderIsCovered):
        await add(database, drain, order_id, card(1))
    await capture(database, drain, order_id, 5000, shipment=shipment)
    assert await amounts(database, order_id) == [(PaymentState.VOIDED, 0, 0), (PaymentState.CAPTURED, 5000, 5000)]
    assert (await read_order(database, order_id)).charge_status == "FULL"
    await no_differences(database)


async def owing(database: Database, drain: Drain) -> UUID:
    """A completed order of 60.00 on account, invoiced and not paid."""
    order_id = await completed(database, drain, PaymentInput("ON_ACCOUNT", 6000))
    shipment = await ship(database, order_id)
    await ask_capture(database, order_id, 6000, final=True, shipment_id=shipment)
    async with database.unit_of_work() as db:
        await invoicing.issue_invoices(db, [shipment], now=db.now)
    assert await drain() == []
    return order_id


async def transfer(database: Database, drain: Drain, order_id: UUID, amount: int) -> None:
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        payment = (await queries.lock_payments(db, [order_id]))[order_id][0]
        await service.record_payment(db, order, payment, amount, reference=f"T {amount}", now=db.now)


@pytest.mark.parametrize("sent", [0, 1500])
async def test_debt_on_account_is_paid_by_card(database: Database, drain: Drain, sent: int) -> None:
    order_id = await owing(database, drain)
    if sent:
        await transfer(database, drain, order_id, sent)
        assert await drain() == []
    with pytest.raises(InvalidInput) as refused:
        await add(database, drain, order_id, PaymentInput("PREPAYMENT", 1000))
    assert refused.value.code == "PAYMENT_METHOD_NOT_ALLOWED"
    await add(database, drain, order_id, card(6000 - sent))
    account, by_card = await read_payments(database, order_id)
    assert (account.authorized, account.billed, account.captured, service.awaited(account)) == (sent, sent, sent, 0)
    assert account.state is (PaymentState.PAID if sent else PaymentState.VOIDED)
    assert (by_card.state, by_card.captured) == (PaymentState.CAPTURED, 6000 - sent)
    [invoice] = await invoices(database)
    assert (invoice.state, invoice.paid) == ("PAID", 6000)
    order = await read_order(database, order_id)
    assert (order.state, order.authorize_status, order.charge_status) == (OrderState.COMPLETED, "FULL", "FULL")
    assert await told(database, order_id, "DebtTakenOver", "PaymentCaptured") == ["PaymentCaptured", "DebtTakenOver"]
    with pytest.raises(OrderIsCovered):
        await add(database, drain, order_id, card(1))
    await no_differences(database)


async def test_declined_card_leaves_the_debt_on_account(database: Database, drain: Drain) -> None:
    order_id = await owing(database, drain)
    await add(database, drain, order_id, card(6000, "tok_declined"))
    assert await amounts(database, order_id) == [(PaymentState.INVOICED, 6000, 0), (PaymentState.FAILED, 0, 0)]
    await add(database, drain, order_id, card(6000))
    assert [row[2] for row in await amounts(database, order_id)] == [0, 0, 6000]
    await no_differences(database)


async def test_debt_that_was_paid_meanwhile_is_not_collected_again(database: Database, drain: Drain) -> None:
    order_id = await owing(database, drain)
    async with database.unit_of_work() as db:
        await service.add_payment(db, await lock_order(db, order_id), card(6000), now=db.now)
    await transfer(database, drain, order_id, 6000)
    assert await drain() == []
    assert await amounts(database, order_id) == [(PaymentState.PAID, 6000, 6000), (PaymentState.VOIDED, 0, 0)]
    await no_differences(database)


async def test_debt_that_was_paid_twice_at_once_goes_back(runtime: Runtime, database: Database, drain: Drain) -> None:
    order_id = await owing(database, drain)
    await add(database, drain, order_id, card(6000, "tok_lost_answer_once"))
    assert (await transactions(database, order_id))[-1] == ("AUTHORIZE", "UNKNOWN", 6000)
    await transfer(database, drain, order_id, 4000)
    for _ in range(2):  # the answers to the capture and to the refund
        await relay.hurry(runtime)
        assert await drain() == []
    account, by_card = await read_payments(database, order_id)
    assert (account.captured, service.awaited(account)) == (4000, 0)
    assert (by_card.captured, by_card.refunded + account.refunded) == (6000, 4000)
    await no_differences(database)


async def give_back(database: Database, order_id: UUID, amount: int, **given: Any) -> None:
    """Promise money back for goods that came back."""
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        wish: Any = {"kind": "RETURN", "reason": "came back", "source_key": f"return/{order_id}", **given}
        await service.request_refund(db, order, amount=amount, now=db.now, **wish)


async def hurried(runtime: Runtime, drain: Drain) -> None:
    for _ in range(3):  # the answers to a capture and to a refund are lost once each
        await relay.hurry(runtime)
        assert await drain() == []


async def all_refunds(database: Database, order_id: UUID) -> list[tuple[str, str, int]]:
    """Kind, state and amount, oldest first."""
    async with database.read_only() as db:
        found = sa.select(Refund).where(Refund.order_id == order_id).order_by(Refund.id)
        return [(row.kind, row.state.value, row.amount) for row in await db.scalars(found)]


@pytest.mark.parametrize("returned", [1500, 6000])
async def test_what_came_back_while_a_card_paid_the_debt_goes_back_over_the_card(
    runtime: Runtime, database: Database, drain: Drain, returned: int
) -> None:
    order_id = await owing(database, drain)
    await add(database, drain, order_id, card(6000, "tok_lost_answer_once"))
    await give_back(database, order_id, returned)
    assert await drain() == []
    account, by_card = await read_payments(database, order_id)
    assert (account.credited, by_card.captured) == (returned, 0)
    await hurried(runtime, drain)
    account, by_card = await read_payments(database, order_id)
    assert (by_card.captured, by_card.refunded, service.awaited(account)) == (6000, returned, 0)
    assert await all_refunds(database, order_id) == [
        ("RETURN", "SUCCEEDED", returned),
        ("CANCELLATION", "SUCCEEDED", returned),
    ]
    await no_differences(database)


async def test_money_that_was_paid_twice_is_kept_for_pieces_that_are_not_billed_yet(
    runtime: Runtime, database: Database, drain: Drain
) -> None:
    order_id = await authorized(database, drain, PaymentInput("ON_ACCOUNT", 6000))
    async with database.unit_of_work() as db:
        orders.confirm(db, [await lock_order(db, order_id)], now=db.now)
    await capture(database, drain, order_id, 4000, final=False)
    await add(database, drain, order_id, card(4000, "tok_lost_answer_once"))
    await transfer(database, drain, order_id, 4000)
    await hurried(runtime, drain)
    assert await all_refunds(database, order_id) == [("CANCELLATION", "SUCCEEDED", 2000)]
    await capture(database, drain, order_id, 6000)
    account, by_card = await read_payments(database, order_id)
    assert (account.billed, account.captured, by_card.captured, by_card.refunded) == (4000, 4000, 4000, 2000)
    await no_differences(database)


async def test_debt_that_is_promised_back_is_left_to_the_refund(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await owing(database, drain)
    await give_back(database, order_id, 1500, recallable=True)
    with pytest.raises(InvalidInput, match="At most 4500"):
        await add(database, drain, order_id, card(4501))
    await add(database, drain, order_id, card(4500))
    with pytest.raises(OrderIsCovered):
        await add(database, drain, order_id, card(1))
    clock.advance(seconds=61)
    assert await drain() == []
    account, by_card = await read_payments(database, order_id)
    assert (account.credited, service.awaited(account), by_card.captured, by_card.refunded) == (1500, 0, 4500, 0)
    assert await all_refunds(database, order_id) == [("RETURN", "SUCCEEDED", 1500)]
    await no_differences(database)


async def test_refund_promised_while_a_card_pays_the_debt_is_still_taken_off_it(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await owing(database, drain)
    await add(database, drain, order_id, card(6000, "tok_lost_answer_once"))
    await give_back(database, order_id, 1500, recallable=True)
    await hurried(runtime, drain)
    clock.advance(seconds=61)
    await hurried(runtime, drain)
    account, by_card = await read_payments(database, order_id)
    assert (account.credited, service.awaited(account), by_card.captured, by_card.refunded) == (1500, 0, 6000, 1500)
    assert {state for _, state, _ in await all_refunds(database, order_id)} == {"SUCCEEDED"}
    await no_differences(database)


async def test_debt_that_was_promised_back_before_its_card_was_asked_takes_less(
    database: Database, drain: Drain
) -> None:
    order_id = await owing(database, drain)
    async with database.unit_of_work() as db:
        await service.add_payment(db, await lock_order(db, order_id), card(6000), now=db.now)
    await give_back(database, order_id, 1500, recallable=True)
    assert await drain() == []
    assert [each.captured for each in await read_payments(database, order_id)] == [0, 4500]
    await no_differences(database)


async def test_card_named_for_a_debt_outlives_giving_back_what_is_not_needed(database: Database, drain: Drain) -> None:
    order_id = await owing(database, drain)
    async with database.unit_of_work() as db:
        await service.add_payment(db, await lock_order(db, order_id), card(6000), now=db.now)
        await db.flush()
        assert await capturing.prepare_voids(db, [order_id]) == {order_id: []}
        await capturing.finish_voids(db, [order_id], {}, now=db.now)
    assert await drain() == []
    assert [each.captured for each in await read_payments(database, order_id)] == [0, 6000]
    await no_differences(database)


async def test_money_that_is_being_collected_again_needs_no_other_card(database: Database, drain: Drain) -> None:
    order_id = await completed(database, drain, card(5000, FAILING))
    shipment = await capture(database, drain, order_id, 5000)
    async with database.unit_of_work() as db:
        [payment] = (await queries.lock_payments(db, [order_id]))[order_id]
        ledger.intend(db, payment, TransactionKind.CAPTURE, 5000, shipment_id=shipment)
    with pytest.raises(OrderIsCovered):
        await add(database, drain, order_id, card(5000))


@pytest.mark.parametrize("kind", ["CASH", "ON_ACCOUNT", "VOUCHER", "PREPAYMENT", "CARD"])
async def test_method_that_was_just_named_is_not_named_again(database: Database, drain: Drain, kind: str) -> None:
    order_id = await authorized(database, drain, card(4000, "tok_declined"))
    promise = PaymentInput(kind, 4000)
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        await service.add_payment(db, order, promise, now=db.now)
        await db.flush()
        with pytest.raises(InvalidInput, match="At most 0"):
            await service.add_payment(db, order, promise, now=db.now)


async def test_transfer_that_does_not_come_is_paid_by_card(database: Database, drain: Drain) -> None:
    order_id = await authorized(database, drain, PaymentInput("PREPAYMENT", 4000))
    await add(database, drain, order_id, card(4000))
    with pytest.raises(InvalidInput, match="At most 0"):
        await add(database, drain, order_id, card(1))


async def test_order_that_was_called_off_takes_no_payment(database: Database, drain: Drain) -> None:
    order_id = await authorized(database, drain, card(3000))
    async with database.unit_of_work() as db:
        await db.execute(sa.update(Order).where(Order.id == order_id).values(state=OrderState.CANCELED))
    with pytest.raises(Conflict, match="has ended"):
        await add(database, drain, order_id, card(3000))
