"""Money moves once, in the order's own order, and never more of it than was promised or shipped."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

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
from kontor.core.db import Database
from kontor.core.errors import Conflict, InvalidInput
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.orders.intake import PaymentInput
from kontor.orders.queries import lock_order
from kontor.payments import queries, service
from kontor.payments.differences import differences
from kontor.payments.errors import OrderIsCovered, PaymentNotAwaited, RefundUnderWay
from kontor.payments.models import Refund
from kontor.payments.refund_split import RefundExceedsCaptured
from kontor.payments.states import PaymentState, RefundState
from support import Drain, Principals, StandingClock


async def no_differences(database: Database) -> None:
    async with database.read_only() as db:
        assert [text async for text in differences(db)] == []


async def refund(database: Database, order_id: Any, amount: int, principal: Any = None, **given: Any) -> Refund:
    async with database.unit_of_work(*([principal] if principal else [])) as db:
        order = await lock_order(db, order_id)
        wish: Any = {"kind": "GOODWILL", "reason": "scratched", "source_key": new_id().hex, **given}
        return await service.request_refund(db, order, now=db.now, amount=amount, **wish)


async def state_of(database: Database, wanted: Refund) -> RefundState:
    async with database.read_only() as db:
        return (await db.get_one(Refund, wanted.id)).state


async def test_card_is_authorized_captured_per_shipment_and_the_rest_given_back(
    database: Database, drain: Drain
) -> None:
    order_id = await paid_by(database, await make_shop(database), card(10_000))
    await ask(database, "authorize", order_id)
    await drain()
    await ask_capture(database, order_id, 3000)
    await ask_capture(database, order_id, 8000, final=True)
    assert await drain() == []
    [payment] = await read_payments(database, order_id)
    assert (payment.state, payment.authorized, payment.captured) == (PaymentState.CAPTURED, 8000, 8000)
    assert await transactions(database, order_id) == [
        ("AUTHORIZE", "SUCCEEDED", 10_000),
        ("CAPTURE", "SUCCEEDED", 3000),
        ("CAPTURE", "SUCCEEDED", 5000),
        ("VOID", "SUCCEEDED", 2000),
    ]
    assert await told(database, order_id) == [
        "PaymentAuthorized", "PaymentCaptured", "CaptureFinished", "PaymentCaptured", "PaymentVoided",
        "CaptureFinished",
    ]  # fmt: skip
    order = await read_order(database, order_id)
    assert (order.authorize_status, order.charge_status) == ("FULL", "FULL")
    await no_differences(database)


async def test_capture_of_the_same_shipment_again_takes_nothing(database: Database, drain: Drain) -> None:
    order_id = await paid_by(database, await make_shop(database), card(4000))
    await ask(database, "authorize", order_id)
    shipment = await ask_capture(database, order_id, 4000)
    await ask_capture(database, order_id, 4000, shipment_id=shipment)
    await drain()
    assert [row for row in await transactions(database, order_id) if row[0] == "CAPTURE"] == [
        ("CAPTURE", "SUCCEEDED", 4000)
    ]


async def test_gift_card_is_used_before_the_card(database: Database, drain: Drain) -> None:
    company = await make_shop(database)
    order_id = await paid_by(database, company, card(7000), PaymentInput("GIFT_CARD", 3000, token="G-1"))
    await ask(database, "authorize", order_id)
    await ask_capture(database, order_id, 5000)
    await drain()
    by_card, by_gift = await read_payments(database, order_id)
    assert (by_gift.captured, by_card.captured) == (3000, 2000)
    await no_differences(database)


async def test_on_account_is_agreed_billed_and_paid(database: Database, drain: Drain) -> None:
    order_id = await paid_by(database, await make_shop(database), PaymentInput("ON_ACCOUNT", 6000))
    await ask(database, "authorize", order_id)
    await ask_capture(database, order_id, 6000, final=True)
    await drain()
    [payment] = await read_payments(database, order_id)
    assert (payment.state, payment.billed, payment.captured) == (PaymentState.INVOICED, 6000, 0)
    for amount, state in ((2000, PaymentState.PARTIALLY_PAID), (4000, PaymentState.PAID)):
        await pay(database, order_id, amount, f"transfer {amount}")
        [payment] = await read_payments(database, order_id)
        assert payment.state is state
    assert await told(database, order_id) == [
        "PaymentAuthorized", "CaptureFinished", "PaymentReceived", "PaymentReceived"
    ]  # fmt: skip
    await no_differences(database)


async def pay(database: Database, order_id: Any, amount: int, reference: str, position: int = 0) -> None:
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        payment = (await queries.lock_payments(db, [order_id]))[order_id][position]
        await service.record_payment(db, order, payment, amount, reference=reference, now=db.now)


async def test_a_transfer_is_booked_once_and_only_up_to_what_is_awaited(database: Database, drain: Drain) -> None:
    order_id = await paid_by(database, await make_shop(database), PaymentInput("PREPAYMENT", 5000))
    await pay(database, order_id, 2000, "A-1")
    await pay(database, order_id, 2000, "A-1")
    with pytest.raises(Conflict):
        await pay(database, order_id, 2001, "A-1")
    with pytest.raises(PaymentNotAwaited) as refused:
        await pay(database, order_id, 3001, "A-2")
    assert (refused.value.path, refused.value.params["awaited"]) == (("amount",), 3000)
    [payment] = await read_payments(database, order_id)
    assert (payment.state, payment.captured) == (PaymentState.PARTIALLY_CAPTURED, 2000)
    await no_differences(database)


async def test_prepayment_releases_the_order_only_when_the_money_is_there(database: Database, drain: Drain) -> None:
    order_id = await paid_by(database, await make_shop(database), PaymentInput("PREPAYMENT", 5000))
    await ask(database, "authorize", order_id)
    await drain()
    assert await told(database, order_id) == ["PaymentDeclined"]
    await pay(database, order_id, 5000, "A-1")
    await ask(database, "authorize", order_id)
    await drain()
    assert await told(database, order_id) == ["PaymentDeclined", "PaymentReceived", "PaymentAuthorized"]
    await ask_capture(database, order_id, 5000, final=True)
    await drain()
    assert (await told(database, order_id))[-1] == "CaptureFinished"


async def test_money_collected_by_the_channel_is_there_at_once(database: Database, drain: Drain) -> None:
    order_id = await paid_by(database, await make_shop(database), PaymentInput("COLLECTED_BY_CHANNEL", 3000))
    await ask(database, "authorize", order_id)
    await drain()
    [payment] = await read_payments(database, order_id)
    assert (payment.state, payment.captured) == (PaymentState.CAPTURED, 3000)
    assert await transactions(database, order_id) == [("RECEIVE", "SUCCEEDED", 3000)]
    assert await told(database, order_id) == ["PaymentCaptured", "PaymentAuthorized"]


async def test_a_channel_may_take_wallets_at_once(database: Database, drain: Drain) -> None:
    company = await make_shop(database, settings={"immediate_capture": ["WALLET"]})
    order_id = await paid_by(database, company, PaymentInput("WALLET", 3000, token="tok_wallet"))
    await ask(database, "authorize", order_id)
    await ask_capture(database, order_id, 3000, final=True)
    await drain()
    assert await transactions(database, order_id) == [
        ("AUTHORIZE", "SUCCEEDED", 3000),
        ("CAPTURE", "SUCCEEDED", 3000),
    ]
    await no_differences(database)


async def test_another_method_covers_what_was_declined(database: Database, drain: Drain) -> None:
    company = await make_shop(database)
    order_id = await paid_by(database, company, card(3000), card(2000, "tok_declined"))
    await ask(database, "authorize", order_id)
    await drain()
    assert await told(database, order_id) == ["PaymentDeclined"]
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        with pytest.raises(InvalidInput, match="At most 2000"):
            await service.add_payment(db, order, card(2001), now=db.now)
        await service.add_payment(db, order, card(2000, "tok_mastercard"), now=db.now)
    await ask(database, "authorize", order_id)
    await drain()
    assert await told(database, order_id) == ["PaymentDeclined", "PaymentReceived", "PaymentAuthorized"]
    states = [payment.state for payment in await read_payments(database, order_id)]
    assert states == [PaymentState.AUTHORIZED, PaymentState.FAILED, PaymentState.AUTHORIZED]
    async with database.unit_of_work() as db:
        with pytest.raises(OrderIsCovered):
            await service.add_payment(db, await lock_order(db, order_id), card(1), now=db.now)


async def test_void_gives_back_promises_and_calls_off_what_was_not_promised(database: Database, drain: Drain) -> None:
    order_id = await paid_by(
        database, await make_shop(database), card(3000), PaymentInput("PREPAYMENT", 1000), PaymentInput("VOUCHER", 1000)
    )
    await ask(database, "authorize", order_id)
    await ask(database, "void", order_id)
    await ask(database, "void", order_id)
    await drain()
    assert {payment.state for payment in await read_payments(database, order_id)} == {PaymentState.VOIDED}
    assert (await told(database, order_id)).count("PaymentVoided") == 2
    await no_differences(database)


async def test_promise_is_announced_before_it_lapses_and_renewed_after(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await paid_by(database, await make_shop(database), card(3000))
    await ask(database, "authorize", order_id)
    await drain()
    [payment] = await read_payments(database, order_id)
    assert payment.authorization_expires_at is not None
    clock.set_to(payment.authorization_expires_at)
    clock.advance(hours=-2)
    await drain(recurring=True)
    await drain(recurring=True, until=clock.moment)
    assert (await told(database, order_id)).count("AuthorizationExpiring") == 1
    clock.advance(hours=3)
    await drain(recurring=True)
    [renewed] = await read_payments(database, order_id)
    assert (renewed.state, renewed.authorized) == (PaymentState.AUTHORIZED, 3000)
    assert renewed.gateway_reference != payment.gateway_reference
    await no_differences(database)


async def paid_order(database: Database, drain: Drain, *payments: PaymentInput, **channel: Any) -> Any:
    order_id = await paid_by(database, await make_shop(database, **channel), *payments)
    await ask(database, "authorize", order_id)
    await ask_capture(database, order_id, sum(payment.amount for payment in payments), final=True)
    await drain()
    return order_id


async def test_refund_goes_back_once_per_cause(database: Database, drain: Drain) -> None:
    order_id = await paid_order(database, drain, card(5000))
    first = await refund(database, order_id, 2000, source_key="return/1")
    again = await refund(database, order_id, 2000, source_key="return/1")
    assert first.id == again.id
    await drain()
    [payment] = await read_payments(database, order_id)
    assert (payment.state, payment.refunded) == (PaymentState.PARTIALLY_REFUNDED, 2000)
    assert await state_of(database, first) is RefundState.SUCCEEDED
    assert (await told(database, order_id))[-2:] == ["RefundRequested", "RefundSucceeded"]
    await no_differences(database)


async def test_refunds_under_way_count_against_the_limit(database: Database, drain: Drain) -> None:
    order_id = await paid_order(database, drain, card(5000))
    await refund(database, order_id, 3000)
    with pytest.raises(RefundExceedsCaptured) as refused:
        await refund(database, order_id, 2001)
    assert refused.value.params["refundable"] == 2000


async def test_recalled_refund_pays_nothing_and_frees_the_money(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await paid_order(database, drain, card(5000))
    wanted = await refund(database, order_id, 5000, recallable=True)
    await drain()
    assert await state_of(database, wanted) is RefundState.REQUESTED
    async with database.unit_of_work() as db:
        await lock_order(db, order_id)
        await service.recall_refund(db, await queries.get_refund(db, wanted.id, db.principal), now=db.now)
    await drain(until=clock.moment.replace(minute=5))
    assert await state_of(database, wanted) is RefundState.CANCELED
    assert "RefundRequested" not in await told(database, order_id)
    second = await refund(database, order_id, 5000, recallable=True)
    await drain(until=clock.moment.replace(minute=10))
    assert await state_of(database, second) is RefundState.SUCCEEDED
    async with database.unit_of_work() as db:
        with pytest.raises(RefundUnderWay):
            await service.recall_refund(db, await queries.get_refund(db, second.id, db.principal), now=db.now)
    await no_differences(database)


async def test_refund_is_told_once_when_its_payout_begins(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await paid_order(database, drain, card(5000, "tok_refund_declined"))
    wanted = await refund(database, order_id, 1000, recallable=True)
    await drain()
    assert "RefundRequested" not in await told(database, order_id)
    clock.advance(seconds=61)
    await drain()
    assert (await told(database, order_id))[-2:] == ["RefundRequested", "RefundFailed"]
    async with database.unit_of_work() as db:
        await lock_order(db, order_id)
        service.retry_refund(db, await queries.get_refund(db, wanted.id, db.principal), now=db.now)
    await drain()
    async with database.unit_of_work() as db:
        service.retry_refund(db, await queries.get_refund(db, wanted.id, db.principal), now=db.now)
        with pytest.raises(RefundUnderWay):
            await service.recall_refund(db, await queries.get_refund(db, wanted.id, db.principal), now=db.now)
    assert (await told(database, order_id)).count("RefundRequested") == 1


async def test_refund_above_the_limit_waits_for_approval(
    database: Database, drain: Drain, principals: Principals
) -> None:
    order_id = await paid_order(database, drain, card(5000), settings={"refund_approval_above": 1000})
    agent = principals.holding("refunds:write")
    small = await refund(database, order_id, 1000, agent)
    large = await refund(database, order_id, 1001, agent)
    await drain()
    assert await state_of(database, small) is RefundState.SUCCEEDED
    assert await state_of(database, large) is RefundState.AWAITING_APPROVAL
    async with database.unit_of_work() as db:
        service.approve_refund(db, await queries.get_refund(db, large.id, db.principal), now=db.now)
    await drain()
    assert await state_of(database, large) is RefundState.SUCCEEDED


async def test_unpaid_order_on_account_owes_less_after_a_refund(database: Database, drain: Drain) -> None:
    order_id = await paid_order(database, drain, PaymentInput("ON_ACCOUNT", 6000))
    await pay(database, order_id, 5000, "A-1")
    await refund(database, order_id, 2500)
    await drain()
    [payment] = await read_payments(database, order_id)
    assert (payment.credited, payment.refunded, service.awaited(payment)) == (1000, 1500, 0)
    await no_differences(database)


async def test_declined_refund_fails_and_can_be_tried_again(database: Database, drain: Drain) -> None:
    order_id = await paid_order(database, drain, card(5000, "tok_refund_declined"))
    wanted = await refund(database, order_id, 1000)
    await drain()
    assert await state_of(database, wanted) is RefundState.FAILED
    assert (await told(database, order_id))[-1] == "RefundFailed"
    async with database.unit_of_work() as db:
        await lock_order(db, order_id)
        service.retry_refund(db, await queries.get_refund(db, wanted.id, db.principal), now=db.now)
    await drain()
    assert [row for row in await transactions(database, order_id) if row[0] == "REFUND"] == [
        ("REFUND", "FAILED", 1000),
        ("REFUND", "FAILED", 1000),
    ]
    await no_differences(database)


async def test_preview_shows_the_shares_and_changes_nothing(database: Database, drain: Drain) -> None:
    order_id = await paid_order(
        database, drain, card(6000), PaymentInput("GIFT_CARD", 4000), settings={"refund_policy": "CARD_FIRST"}
    )
    async with database.read_only() as db:
        order = await lock_order(db, order_id)
        preview = await service.preview_refund(db, order, 7000)
    assert [(share.payment.kind, share.amount) for share in preview.shares] == [("CARD", 6000), ("GIFT_CARD", 1000)]
    assert (preview.refundable, preview.policy) == (10_000, "CARD_FIRST")
    async with database.read_only() as db:
        assert (await db.scalars(sa.select(Refund))).all() == []


async def test_wrong_counter_is_found(runtime: Runtime, database: Database, drain: Drain) -> None:
    order_id = await paid_order(database, drain, card(5000))
    async with database.unit_of_work() as db:
        payment = (await queries.lock_payments(db, [order_id]))[order_id][0]
        payment.captured -= 1
    async with database.read_only() as db:
        found = [text async for text in differences(db)]
    assert len(found) == 1
    assert "captured 4999 is 5000 by its transactions" in found[0]
