"""Disputes from their first notice to their end: in any order the books say what the bank did, and people are asked."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.invoicing import accounts
from factories.payments import ask, ask_capture, card, make_shop, paid_by, read_payments, told, transactions
from factories.stories import only
from kontor.audit.records import effects_once
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.money import Money
from kontor.core.outbox import schedule
from kontor.ledger import rebuilding
from kontor.orders.queries import lock_order
from kontor.payments import disputing, queries, returning, service
from kontor.payments.differences import differences
from kontor.payments.errors import DisputeNotOpen, EvidenceMissing, RefundNotFailed
from kontor.payments.models import Dispute, PaymentTransaction, Refund, TransactionKind
from kontor.payments.ports import Declined, DisputeNews, DisputeStatus
from kontor.payments.states import DisputeState, PaymentState, RefundState
from support import Drain, StandingClock

START = datetime(2026, 6, 15, 9, tzinfo=UTC)
S = DisputeStatus


@pytest.fixture(autouse=True)
def _with_care(_only_money: None) -> Any:
    with only("care.raise", "invoicing.post_journal"):
        yield


def news(minute: int, status: DisputeStatus, **given: Any) -> DisputeNews:
    """What a gateway says of a dispute about 30.00 some minutes after it began."""
    inquiry = given.pop("inquiry", False)
    returned = status is S.WON and not inquiry
    facts: dict[str, Any] = {
        "taken": not inquiry and not returned, "returned": returned, "inquiry": inquiry, "reason": "fraudulent",
        "due_at": START + timedelta(days=7), "fee": None if inquiry else Money(0 if returned else 1500, "EUR"),
    }  # fmt: skip
    told_at = START + timedelta(minutes=minute)
    return DisputeNews("dp_1", status, Money(3000, "EUR"), told_at=told_at, **{**facts, **given})


NEEDED, REVIEWED, WON, LOST = (news(0, S.NEEDS_RESPONSE), news(1, S.UNDER_REVIEW), news(2, S.WON), news(2, S.LOST))


async def captured(database: Database, drain: Drain) -> UUID:
    order_id = await paid_by(database, await make_shop(database), card(3000))
    await ask(database, "authorize", order_id)
    await ask_capture(database, order_id, 3000, final=True)
    assert await drain() == []
    return order_id


async def hear(database: Database, order_id: UUID, *told_: DisputeNews) -> None:
    for each in told_:
        async with database.unit_of_work() as db:
            await lock_order(db, order_id)
            [payment] = (await queries.lock_payments(db, [order_id]))[order_id]
            await disputing.hear(db, payment, each, gateway="", now=db.now)


async def the_dispute(database: Database) -> Dispute:
    async with database.read_only() as db:
        return (await db.scalars(sa.select(Dispute))).one()


async def money_of(database: Database, order_id: UUID) -> tuple[PaymentState, int]:
    [payment] = await read_payments(database, order_id)
    return payment.state, payment.refunded


async def cases(database: Database) -> list[tuple[str, CaseState]]:
    async with database.read_only() as db:
        return [(row.kind, row.state) for row in await db.execute(sa.select(Case.kind, Case.state).order_by(Case.id))]


async def books_agree(database: Database) -> None:
    async with database.read_only() as db:
        assert [text async for text in differences(db)] == []
        assert [text async for text in rebuilding.differences(db)] == []


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("order", list(itertools.permutations((NEEDED, REVIEWED, WON))))
async def test_won_dispute_leaves_all_money_there_in_whatever_order_it_is_told(
    database: Database, drain: Drain, order: tuple[DisputeNews, ...]
) -> None:
    order_id = await captured(database, drain)
    await hear(database, order_id, *order, *order)
    assert await drain() == []
    assert await money_of(database, order_id) == (PaymentState.CAPTURED, 0)
    dispute = await the_dispute(database)
    assert (dispute.state, dispute.held, dispute.rounds, dispute.fee) == (DisputeState.WON, False, 1, 0)
    moved = [row for row in (await transactions(database, order_id))[2:] if "FEE" not in row[0]]
    assert moved == [("CHARGEBACK", "SUCCEEDED", 3000), ("REINSTATE", "SUCCEEDED", 3000)]
    balances = await accounts(database)
    assert (balances["GATEWAY"], balances.get("GATEWAY_FEES", 0), balances.get("LOSSES", 0)) == (3000, 0, 0)
    await books_agree(database)


async def test_lost_dispute_keeps_money_and_fee_and_ends_the_case(database: Database, drain: Drain) -> None:
    order_id = await captured(database, drain)
    await hear(database, order_id, NEEDED)
    assert await drain() == []
    assert await cases(database) == [("DISPUTE", CaseState.OPEN)]
    await hear(database, order_id, LOST, REVIEWED, NEEDED)
    assert await drain() == []
    assert await money_of(database, order_id) == (PaymentState.CHARGED_BACK, 3000)
    assert (await the_dispute(database)).state is DisputeState.LOST
    assert await cases(database) == [("DISPUTE", CaseState.DONE)]
    balances = await accounts(database)
    assert (balances["GATEWAY"], balances["GATEWAY_FEES"]) == (-1500, 1500)
    names = ("DisputeOpened", "DisputeClosed", "DisputeFeeCharged", "DisputeChanged")
    assert await told(database, order_id, *names) == ["DisputeOpened", "DisputeFeeCharged", "DisputeClosed"]
    await books_agree(database)


async def test_inquiry_moves_nothing_until_it_becomes_a_dispute(database: Database, drain: Drain) -> None:
    order_id = await captured(database, drain)
    await hear(database, order_id, news(-3, S.NEEDS_RESPONSE, inquiry=True), news(-2, S.WON, inquiry=True))
    assert await money_of(database, order_id) == (PaymentState.CAPTURED, 0)
    assert (await the_dispute(database)).state is DisputeState.CLOSED
    await hear(database, order_id, NEEDED)
    assert await money_of(database, order_id) == (PaymentState.CHARGED_BACK, 3000)
    dispute = await the_dispute(database)
    assert (dispute.state, dispute.inquiry, dispute.closed_at) == (DisputeState.NEEDS_RESPONSE, False, None)


async def test_bank_that_decides_again_takes_the_money_a_second_time(database: Database, drain: Drain) -> None:
    order_id = await captured(database, drain)
    await hear(database, order_id, NEEDED, WON, news(9, S.LOST), WON, news(9, S.LOST))
    assert await drain() == []
    assert await money_of(database, order_id) == (PaymentState.CHARGED_BACK, 3000)
    kinds = [kind for kind, _, _ in await transactions(database, order_id)]
    assert (kinds.count("CHARGEBACK"), kinds.count("REINSTATE")) == (2, 1)
    await books_agree(database)


async def test_won_dispute_beside_a_refund_gives_back_what_was_lost(database: Database, drain: Drain) -> None:
    order_id = await captured(database, drain)
    await refund(database, order_id, 1000)
    assert await drain() == []
    await hear(database, order_id, NEEDED)
    assert await drain() == []
    assert (await accounts(database))["LOSSES"] == 1000
    await hear(database, order_id, WON)
    assert await drain() == []
    assert await money_of(database, order_id) == (PaymentState.PARTIALLY_REFUNDED, 1000)
    balances = await accounts(database)
    assert (balances["GATEWAY"], balances.get("LOSSES", 0)) == (2000, 0)
    await books_agree(database)


async def test_won_dispute_cancels_what_waited_for_a_refund(database: Database, drain: Drain) -> None:
    order_id = await captured(database, drain)
    async with database.unit_of_work() as db:
        await lock_order(db, order_id)
        [payment] = (await queries.lock_payments(db, [order_id]))[order_id]
        db.add(
            PaymentTransaction(
                id=new_id(), payment_id=payment.id, order_id=order_id, kind=TransactionKind.REFUND, outcome="UNKNOWN",
                amount=500, idempotency_key="r1", created_at=db.now,
            )
        )  # fmt: skip
    await hear(database, order_id, NEEDED)
    assert await money_of(database, order_id) == (PaymentState.CHARGED_BACK, 2500)
    await hear(database, order_id, WON)
    assert await money_of(database, order_id) == (PaymentState.CAPTURED, 0)
    moved = [row for row in await transactions(database, order_id) if row[2] in (500, 2500)]
    assert sorted(moved) == [
        ("CHARGEBACK", "FAILED", 500), ("CHARGEBACK", "SUCCEEDED", 2500), ("REFUND", "UNKNOWN", 500),
        ("REINSTATE", "SUCCEEDED", 2500),
    ]  # fmt: skip


async def test_people_are_reminded_before_the_deadline_unless_somebody_answered(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await captured(database, drain)
    await hear(database, order_id, NEEDED)
    reminders = []
    for days in (3, 2, 0, 1):
        clock.advance(days=days)
        async with database.unit_of_work() as db:
            reminders.append(await disputing.remind(db, now=db.now))
    assert reminders == [0, 1, 0, 1]
    assert (await told(database, order_id, "DisputeDeadlineNear")) == ["DisputeDeadlineNear"] * 2


async def test_dispute_is_answered_once_and_only_while_the_bank_waits(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await captured(database, drain)
    await hear(database, order_id, NEEDED)
    async with database.unit_of_work() as db:
        dispute = (await db.scalars(sa.select(Dispute))).one()
        with pytest.raises(EvidenceMissing):
            await disputing.contest(db, dispute, {"customer_name": " "}, [], now=db.now)
        await disputing.contest(db, dispute, {"customer_name": "Ada"}, [], now=db.now)
        with pytest.raises(DisputeNotOpen) as refused:
            await disputing.accept(db, dispute, now=db.now)
        assert refused.value.code == "DISPUTE_ANSWER_UNDER_WAY"
    await hear(database, order_id, LOST)
    async with database.unit_of_work() as db:
        dispute = (await db.scalars(sa.select(Dispute))).one()
        with pytest.raises(DisputeNotOpen):
            await disputing.accept(db, dispute, now=db.now)


# --- refunds that come back ---------------------------------------------------------------------------------------


async def refund(database: Database, order_id: UUID, amount: int) -> UUID:
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        wish: Any = {"kind": "GOODWILL", "reason": "late", "source_key": new_id().hex}
        return (await service.request_refund(db, order, amount=amount, now=db.now, **wish)).id


async def come_back(database: Database, order_id: UUID) -> list[bool]:
    """The gateway says twice that the refund of an order has come back."""
    done = []
    for _ in range(2):
        async with database.unit_of_work() as db:
            found = sa.select(PaymentTransaction.id).where(
                PaymentTransaction.order_id == order_id, PaymentTransaction.kind == TransactionKind.REFUND
            )
            first = (await db.scalars(found.order_by(PaymentTransaction.id).limit(1))).one()
            done.append(await returning.take_back(db, first, Declined("account_closed", "Closed."), now=db.now))
    return done


async def test_refund_that_came_back_goes_once_more_and_the_audit_knows_it(database: Database, drain: Drain) -> None:
    order_id = await captured(database, drain)
    refund_id = await refund(database, order_id, 1000)
    assert await drain() == []
    assert await come_back(database, order_id) == [True, False]
    async with database.unit_of_work() as db:
        await lock_order(db, order_id)
        service.retry_refund(db, await db.get_one(Refund, refund_id), now=db.now)
    assert await drain() == []
    assert await money_of(database, order_id) == (PaymentState.PARTIALLY_REFUNDED, 1000)
    async with database.read_only() as db:
        assert await effects_once(db) == []
    await books_agree(database)


async def test_refund_that_came_back_is_paid_by_transfer(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await captured(database, drain)
    refund_id = await refund(database, order_id, 1000)
    assert await drain() == []
    clock.advance(days=5)
    assert await come_back(database, order_id) == [True, False]
    assert await drain() == []
    assert await money_of(database, order_id) == (PaymentState.CAPTURED, 0)
    assert await cases(database) == [("REFUND_FAILED", CaseState.OPEN)]
    balances = await accounts(database)
    assert (balances["GATEWAY"], balances["GOODWILL"], balances["RECEIVABLES"]) == (3000, 1000, -4000)
    await books_agree(database)
    clock.advance(days=1)
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        row = await db.get_one(Refund, refund_id)
        [made] = await returning.pay_by_transfer(db, order, row, now=db.now)
        assert (row.state, made.kind, made.amount) == (RefundState.SUCCEEDED, TransactionKind.TRANSFER, 1000)
        with pytest.raises(RefundNotFailed):
            await returning.pay_by_transfer(db, order, row, now=db.now)
    assert await drain() == []
    assert await money_of(database, order_id) == (PaymentState.PARTIALLY_REFUNDED, 1000)
    assert await cases(database) == [("REFUND_FAILED", CaseState.DONE)]
    balances = await accounts(database)
    assert (balances["GATEWAY"], balances["BANK"], balances["RECEIVABLES"]) == (3000, -1000, -3000)
    assert await told(database, order_id, "RefundSucceeded", "RefundReturned", "RefundRepaid") == [
        "RefundSucceeded", "RefundReturned", "RefundRepaid",
    ]  # fmt: skip
    await books_agree(database)


async def test_refund_that_came_back_is_tried_again_over_the_gateway(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await captured(database, drain)
    refund_id = await refund(database, order_id, 1000)
    assert await drain() == []
    clock.advance(days=5)
    await come_back(database, order_id)
    clock.advance(days=1)
    async with database.unit_of_work() as db:
        await lock_order(db, order_id)
        service.retry_refund(db, await db.get_one(Refund, refund_id), now=db.now)
    assert await drain() == []
    assert await money_of(database, order_id) == (PaymentState.PARTIALLY_REFUNDED, 1000)
    balances = await accounts(database)
    assert (balances["GATEWAY"], balances["RECEIVABLES"]) == (2000, -3000)
    await books_agree(database)


async def test_notice_of_a_refund_that_stands_changes_nothing(database: Database, drain: Drain) -> None:
    order_id = await captured(database, drain)
    await refund(database, order_id, 1000)
    assert await drain() == []
    async with database.unit_of_work() as db:
        found = sa.select(PaymentTransaction.id).where(PaymentTransaction.kind == TransactionKind.REFUND)
        transaction_id = (await db.scalars(found)).one()
        schedule(db, "payments.check_refund", {"transaction_id": transaction_id}, key=order_id)
    assert await drain() == []
    assert await money_of(database, order_id) == (PaymentState.PARTIALLY_REFUNDED, 1000)
