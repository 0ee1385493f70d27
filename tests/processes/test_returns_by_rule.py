"""Returns that are due more than is there: a rule decides, documents and journal say so, nobody has to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.exchanges import come_back
from factories.fulfillment import rows_of
from factories.intake import Company
from factories.invoicing import accounts, credit_notes, invoices
from factories.processes import deliver_all, make_store, order_one, ship_all, standing
from factories.returns import requested, return_lines
from kontor.audit.running import differences
from kontor.channels.models import SalesChannel
from kontor.core.db import Database
from kontor.core.money import Money
from kontor.fulfillment.canceling import cancel_lines
from kontor.fulfillment.errors import NotRecallable
from kontor.fulfillment.recalling import recall
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.invoicing.goodwill import grant_goodwill
from kontor.invoicing.open_items import receivables_of
from kontor.orders import queries as orders
from kontor.orders.intake import PaymentInput
from kontor.payments import disputing, returning
from kontor.payments.disputes import charge_back
from kontor.payments.errors import RefundCounted
from kontor.payments.models import Payment, PaymentTransaction, Refund, TransactionKind
from kontor.payments.ports import Declined, DisputeNews, DisputeStatus
from kontor.payments.receiving import add_payment, record_payment
from kontor.payments.refunding import recall_refund
from kontor.payments.states import RefundState
from kontor.returns.models import Return
from kontor.returns.receiving import Arrived, Finding, receive_return
from kontor.returns.states import Disposition
from support import Drain


async def sent(
    database: Database, drain: Drain, pieces: int, *, token: str = "tok_visa", **settings: Any
) -> tuple[Company, UUID]:
    """An order of so many pieces at 10.00, paid by card, that arrived."""
    company, variant = await make_store(database)
    async with database.unit_of_work() as db:
        channel = await db.get_one(SalesChannel, company.channel.id)
        channel.settings = {**channel.settings, **settings}
    promise = PaymentInput("CARD", 1000 * pieces, token=token)
    order_id = await order_one(database, company, variant, pieces, payments=(promise,))
    await drain()
    await ship_all(database, order_id)
    await drain()
    await deliver_all(database, order_id)
    await drain()
    return company, order_id


async def goodwill(database: Database, order_id: UUID, amount: int, **given: Any) -> UUID:
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        wish: Any = {"kind": "GOODWILL", "amount": amount, "reason": "late", "source_key": f"g/{amount}", **given}
        return (await grant_goodwill(db, order, now=db.now, **wish)).id


async def back(database: Database, drain: Drain, company: Company, order_id: UUID, pieces: int) -> Return:
    """Pieces come back and are found to be well; the return as its process leaves it."""
    found = await requested(database, order_id, pieces)
    await drain()
    (line,) = await return_lines(database, found.id)
    async with database.unit_of_work() as db:
        findings = [Finding(line.id, pieces, Disposition.RESTOCK)]
        arrived = [Arrived(line.id, pieces)]
        await receive_return(db, found.id, company.warehouse.id, arrived, now=db.now, findings=findings)
    assert await drain() == []
    async with database.read_only() as db:
        return await db.get_one(Return, found.id)


async def refunds(database: Database, order_id: UUID) -> list[tuple[str, int, str]]:
    async with database.read_only() as db:
        rows = await db.scalars(sa.select(Refund).where(Refund.order_id == order_id).order_by(Refund.id))
        return [(row.kind, row.amount, str(row.state)) for row in rows]


async def settled(database: Database, order_id: UUID) -> None:
    """Documents, ledgers and journal agree, and nobody owes anybody anything."""
    assert await differences(database) == []
    async with database.read_only() as db:
        assert (await receivables_of(db, [order_id])).get(order_id, 0) == 0


async def test_goodwill_lowers_the_price_and_a_full_return_pays_the_rest(database: Database, drain: Drain) -> None:
    company, order_id = await sent(database, drain, 2)
    await goodwill(database, order_id, 500)
    await drain()
    assert str((await back(database, drain, company, order_id, 2)).state) == "CLOSED"
    assert await refunds(database, order_id) == [("GOODWILL", 500, "SUCCEEDED"), ("RETURN", 1500, "SUCCEEDED")]
    notes = await credit_notes(database)
    assert [(note.net, note.tax, note.gross) for note in notes] == [(420, 80, 500), (1261, 239, 1500)]
    (invoice,) = await invoices(database)
    assert (invoice.net, invoice.tax, invoice.gross) == (1681, 319, 2000)
    assert (await accounts(database)).get("GOODWILL", 0) == 0
    await settled(database, order_id)


async def test_each_piece_takes_its_share_of_goodwill_along(database: Database, drain: Drain) -> None:
    """One of three pieces at 10.00 with 1.00 off all; then 2.00 more off the two that are kept."""
    company, order_id = await sent(database, drain, 3)
    await goodwill(database, order_id, 100)
    await drain()
    await back(database, drain, company, order_id, 1)
    await goodwill(database, order_id, 200)
    await drain()
    await back(database, drain, company, order_id, 1)
    await back(database, drain, company, order_id, 1)
    paid = await refunds(database, order_id)
    assert [amount for kind, amount, _ in paid if kind == "RETURN"] == [966, 867, 867]
    assert sum(amount for _, amount, _ in paid) == 3000
    assert sum(note.gross for note in await credit_notes(database)) == 3000
    await settled(database, order_id)


async def test_compensation_stays_until_the_money_ends(database: Database, drain: Drain) -> None:
    """It changes no tax, so all goods are credited; what is short at the end was paid with it."""
    company, order_id = await sent(database, drain, 2)
    await goodwill(database, order_id, 500, compensation=True)
    await drain()
    await back(database, drain, company, order_id, 1)
    assert (await accounts(database))["GOODWILL"] == 500
    assert str((await back(database, drain, company, order_id, 1)).state) == "CLOSED"
    paid = await refunds(database, order_id)
    assert [amount for _, amount, _ in paid] == [500, 1000, 500]
    assert [note.gross for note in await credit_notes(database)] == [1000, 1000]
    assert (await accounts(database)).get("GOODWILL", 0) == 0
    await settled(database, order_id)


async def test_goodwill_that_a_return_counted_is_not_taken_back(database: Database, drain: Drain) -> None:
    company, order_id = await sent(database, drain, 1)
    refund_id = await goodwill(database, order_id, 700, recallable=True)
    await back(database, drain, company, order_id, 1)
    async with database.unit_of_work() as db:
        await orders.lock_order(db, order_id)
        with pytest.raises(RefundCounted):
            await recall_refund(db, await db.get_one(Refund, refund_id), now=db.now)
    assert [amount for _, amount, _ in await refunds(database, order_id)] == [700, 300]


@pytest.mark.parametrize(("taken", "paid"), [(2000, 0), (1200, 800)])
async def test_what_the_bank_took_back_is_credited_and_not_paid_again(
    database: Database, drain: Drain, taken: int, paid: int
) -> None:
    company, order_id = await sent(database, drain, 2)
    async with database.unit_of_work() as db:
        await orders.lock_order(db, order_id)
        payment = (await db.scalars(sa.select(Payment).where(Payment.order_id == order_id))).one()
        await charge_back(db, payment, taken, notice_id="N1", now=db.now)
    await drain()
    assert str((await back(database, drain, company, order_id, 2)).state) == "CLOSED"
    assert await refunds(database, order_id) == [("RETURN", paid, "SUCCEEDED")]
    assert [note.gross for note in await credit_notes(database)] == [2000]
    await settled(database, order_id)


async def test_a_fee_that_takes_all_is_documented(database: Database, drain: Drain) -> None:
    company, order_id = await sent(database, drain, 1, return_fee=2500)
    assert str((await back(database, drain, company, order_id, 1)).state) == "CLOSED"
    assert await refunds(database, order_id) == [("RETURN", 0, "SUCCEEDED")]
    (note,) = await credit_notes(database)
    assert [(line["name"], line["gross"]) for line in note.content["lines"]][1:] == [("RETURN_FEE", -1000)]
    assert (note.net, note.tax, note.gross) == (0, 0, 0)
    assert (await accounts(database))["KEPT_FEES"] == -840
    await settled(database, order_id)


async def test_goods_nobody_has_paid_are_not_collected_any_more(database: Database, drain: Drain) -> None:
    """The other piece is paid by another card; both were invoiced, and the one that came back is credited."""
    company, order_id = await sent(database, drain, 2, token="tok_capture_declined")
    assert str((await back(database, drain, company, order_id, 1)).state) == "CLOSED"
    async with database.read_only() as db:
        (refund,) = await db.scalars(sa.select(Refund).where(Refund.order_id == order_id))
    assert (refund.amount, refund.lines[-1]) == (0, {"name": "NOT_COLLECTED", "gross": -1000})
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        await add_payment(db, order, PaymentInput("CARD", 1000, token="tok_visa"), now=db.now)
    assert await drain() == []
    async with database.read_only() as db:
        taken = sa.select(Payment.captured).where(Payment.order_id == order_id).order_by(Payment.position)
        assert list(await db.scalars(taken)) == [0, 1000]
    assert [row.gross for row in await invoices(database)] == [2000]
    assert [row.gross for row in await credit_notes(database)] == [1000]
    await settled(database, order_id)


async def test_money_for_pieces_that_were_canceled_before_it_came_goes_back(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    async with database.unit_of_work() as db:
        channel = await db.get_one(SalesChannel, company.channel.id)
        channel.payment_methods = [*channel.payment_methods, "PREPAYMENT"]
    order_id = await order_one(database, company, variant, 3, payments=(PaymentInput("PREPAYMENT", 3000),))
    await drain()
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        lines = (await orders.lines_of(db, [order_id]))[order_id]
        await cancel_lines(db, order, lines, {lines[0].id: 1}, reason="one is enough", now=db.now)
    await drain()
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        payment = (await db.scalars(sa.select(Payment).where(Payment.order_id == order_id))).one()
        await record_payment(db, order, payment, 3000, reference="T1", now=db.now)
    await drain()
    assert await refunds(database, order_id) == [("CANCELLATION", 1000, "SUCCEEDED")]


async def test_a_shipment_of_which_goods_come_back_is_not_recalled(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    order_id = await order_one(database, company, variant, 1, payments=(PaymentInput("CARD", 1000, token="tok_visa"),))
    await drain()
    (row,) = await rows_of(database, order_id)
    async with database.unit_of_work() as db:
        shipment = await ship(db, Shipping(row.id), now=db.now, how=How(recallable=True, accepts_open=True))
    await requested(database, order_id, 1)
    async with database.unit_of_work() as db:
        with pytest.raises(NotRecallable) as refused:
            await recall(db, shipment.id, now=db.now)
    assert refused.value.code == "SHIPMENT_BUILT_UPON"


async def disputed(database: Database, drain: Drain, order_id: UUID, amount: int, status: DisputeStatus) -> None:
    """The bank takes an amount of the order's first payment, or gives it back."""
    async with database.unit_of_work() as db:
        await orders.lock_order(db, order_id)
        payment = (await db.scalars(sa.select(Payment).where(Payment.order_id == order_id).with_for_update())).one()
        told = DisputeNews(
            "dp_1", status, Money(amount, "EUR"), taken=True, returned=status is DisputeStatus.WON, inquiry=False,
            told_at=db.now, reason="fraudulent", due_at=None, fee=None,
        )  # fmt: skip
        await disputing.hear(db, payment, told, gateway="", now=db.now)
    await drain()


@pytest.mark.parametrize(("taken", "paid"), [(1200, 800), (2000, 0)])
async def test_money_won_back_after_the_return_goes_to_the_customer(
    database: Database, drain: Drain, taken: int, paid: int
) -> None:
    company, order_id = await sent(database, drain, 2)
    await disputed(database, drain, order_id, taken, DisputeStatus.NEEDS_RESPONSE)
    await back(database, drain, company, order_id, 2)
    assert await refunds(database, order_id) == [("RETURN", paid, "SUCCEEDED")]
    for _ in range(2):  # told twice
        await disputed(database, drain, order_id, taken, DisputeStatus.WON)
    assert await refunds(database, order_id) == [("RETURN", paid, "SUCCEEDED"), ("RETURN", taken, "SUCCEEDED")]
    assert sum(note.gross for note in await credit_notes(database)) == 2000
    await settled(database, order_id)


async def test_money_won_back_before_the_return_withholds_nothing_under_its_name(
    database: Database, drain: Drain
) -> None:
    """5.00 for trouble, and a dispute that is over: only the trouble explains what a full return is short of."""
    company, order_id = await sent(database, drain, 2)
    await disputed(database, drain, order_id, 2000, DisputeStatus.NEEDS_RESPONSE)
    await disputed(database, drain, order_id, 2000, DisputeStatus.WON)
    await goodwill(database, order_id, 500, compensation=True)
    await drain()
    await back(database, drain, company, order_id, 2)
    async with database.read_only() as db:
        refund = (await db.scalars(sa.select(Refund).where(Refund.kind == "RETURN"))).one()
    assert [line["name"] for line in refund.lines if "name" in line] == ["GOODWILL_GIVEN"]
    await settled(database, order_id)


async def test_money_won_back_for_a_canceled_piece_goes_to_the_customer(database: Database, drain: Drain) -> None:
    """Paid at once, charged back, canceled before anything left: nothing was there to pay back until it was won."""
    company, variant = await make_store(database)
    async with database.unit_of_work() as db:
        channel = await db.get_one(SalesChannel, company.channel.id)
        channel.settings = {**channel.settings, "immediate_capture": ["CARD"]}
    promise = PaymentInput("CARD", 2000, token="tok_visa")
    order_id = await order_one(database, company, variant, 2, payments=(promise,))
    await drain()
    await disputed(database, drain, order_id, 2000, DisputeStatus.NEEDS_RESPONSE)
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        lines = (await orders.lines_of(db, [order_id]))[order_id]
        await cancel_lines(db, order, lines, {line.id: line.open_quantity for line in lines}, reason="no", now=db.now)
    await drain()
    assert await refunds(database, order_id) == []
    await disputed(database, drain, order_id, 2000, DisputeStatus.WON)
    assert await refunds(database, order_id) == [("CANCELLATION", 2000, "SUCCEEDED")]
    await settled(database, order_id)


@pytest.mark.engine("sqlite")
async def test_a_refund_that_came_back_holds_up_no_other(database: Database, drain: Drain) -> None:
    """The first of two pieces was paid and its money came back from the bank: the second one is paid all the same."""
    company, order_id = await sent(database, drain, 2)
    found = await requested(database, order_id, 2)
    await drain()
    await come_back(database, found.id, company.warehouse.id, pieces=1)
    assert await drain() == []
    assert await refunds(database, order_id) == [("RETURN", 1000, "SUCCEEDED")]
    async with database.unit_of_work() as db:
        gone = sa.select(PaymentTransaction.id).where(PaymentTransaction.kind == TransactionKind.REFUND)
        first = (await db.scalars(gone)).one()
        assert await returning.take_back(db, first, Declined("account_closed", "Closed."), now=db.now)
    assert await drain() == []
    await come_back(database, found.id, company.warehouse.id, pieces=1)
    assert await drain() == []
    assert await refunds(database, order_id) == [("RETURN", 1000, "FAILED"), ("RETURN", 1000, "SUCCEEDED")]
    assert await standing(database, order_id, "return") == []
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        failed = (await db.scalars(sa.select(Refund).where(Refund.state == RefundState.FAILED))).one()
        await returning.pay_by_transfer(db, order, failed, now=db.now)
    assert await drain() == []
    assert sum(note.gross for note in await credit_notes(database)) == 2000
    await settled(database, order_id)
