"""A transfer for an overdue invoice: over fees, interest and principal in the order that rules."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.banking import queries, suspense
from kontor.banking.errors import EntryUsedUp
from kontor.banking.models import BankAssignment, BankEntry
from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.invoicing.errors import InvoiceNotOnAccount, NothingOpen
from kontor.invoicing.fees import lock_notices, pay, rest_of
from kontor.invoicing.models import DunningNotice, Invoice
from kontor.invoicing.queries import get_invoice, lock_invoices
from kontor.invoicing.service import Appropriation, appropriate, order_of, settle_invoices
from kontor.orders.models import Order
from kontor.orders.queries import lock_order
from kontor.payments import queries as payment_queries
from kontor.payments import service as payments
from kontor.payments.models import Payment

A = Appropriation


async def pay_debt(db: Session, entry_id: UUID, invoice_id: UUID, *, now: datetime) -> list[BankAssignment]:
    """Book what is left of an entry for an invoice on account and the fees and interest of its reminders.

    What pays what follows the channel's `appropriation`, else § 367 (1) BGB: costs, interest, principal. What is beyond
    all of it stays open. Locks the entry, then the order. Raises `EntryUsedUp`, `NothingOpen`, `InvoiceNotOnAccount`.
    """
    entry = await queries.get_entry(db, entry_id, db.principal, lock=True)
    found = await get_invoice(db, invoice_id, db.principal)
    order = await lock_order(db, found.order_id)
    [invoice] = [row for row in (await lock_invoices(db, [order.id]))[order.id] if row.id == invoice_id]
    notices = await lock_notices(db, invoice_id)
    promises = (await payment_queries.lock_payments(db, [order.id]))[order.id]
    payment = next((each for each in promises if payments.is_on_account(each)), None)
    left = entry.amount - entry.assigned
    if payment is None:
        raise InvoiceNotOnAccount("The order is not on account.", invoice=invoice.number)
    if left <= 0 or entry.currency != invoice.currency:
        raise EntryUsedUp("Less than this is left of the entry.", path=("entryId",), left=max(0, left))
    settings = await db.scalar(sa.select(SalesChannel.settings).where(SalesChannel.id == order.channel_id))
    parts = appropriate(left, _open(invoice, notices), order_of(settings or {}))
    if not parts:
        raise NothingOpen("Nothing of this invoice is open.", number=invoice.number)
    made = _pay_fees(db, entry, payment, notices, parts, now=now)
    if parts.get(A.PRINCIPAL):
        made.append(await _pay_invoice(db, entry, order, payment, parts[A.PRINCIPAL], now=now))
        await settle_invoices(db, [order.id], now=now)
    db.add_all(made)
    suspense.explain(db, entry, sum(parts.values()))
    entry.assigned, entry.updated_at, entry.set_aside = entry.assigned + sum(parts.values()), now, False
    await db.flush()
    await suspense.note_items(db, [entry])
    return made


def _open(invoice: Invoice, notices: Sequence[DunningNotice]) -> dict[Appropriation, int]:
    asked = [each for each in notices if each.fee_settled_at is None]
    return {
        A.COSTS: sum(each.open_fee for each in asked),
        A.INTEREST: sum(each.open_interest for each in asked),
        A.PRINCIPAL: invoice.gross - invoice.credited - invoice.paid,
    }


def _pay_fees(
    db: Session,
    entry: BankEntry,
    payment: Payment,
    notices: Sequence[DunningNotice],
    parts: dict[str, int],
    *,
    now: datetime,
) -> list[BankAssignment]:
    """The oldest reminders first."""
    fees, interest = parts.get(A.COSTS, 0), parts.get(A.INTEREST, 0)
    made = []
    for notice in notices:
        if not rest_of(notice):
            continue
        costs = min(fees, notice.open_fee)
        more = min(interest, notice.open_interest)
        fees, interest = fees - costs, interest - more
        if costs or more:
            pay(db, notice, fee=costs, interest=more, now=now)
            made.append(_assignment(db, entry, payment, costs + more, now=now, notice_id=notice.id, interest=more))
    return made


async def _pay_invoice(
    db: Session, entry: BankEntry, order: Order, payment: Payment, amount: int, *, now: datetime
) -> BankAssignment:
    made = _assignment(db, entry, payment, amount, now=now)
    done = await payments.record_payment(db, order, payment, amount, reference=f"bank/{made.id.hex}", now=now)
    made.transaction_id = done.id
    return made


def _assignment(
    db: Session,
    entry: BankEntry,
    payment: Payment,
    amount: int,
    *,
    now: datetime,
    notice_id: UUID | None = None,
    interest: int = 0,
) -> BankAssignment:
    return BankAssignment(
        id=new_id(), entry_id=entry.id, payment_id=payment.id, order_id=payment.order_id, transaction_id=None,
        notice_id=notice_id, amount=amount, interest=interest, assigned_at=now, assigned_by=db.principal.name[:200],
    )  # fmt: skip


async def take_back_fee(db: Session, assignment: BankAssignment, *, now: datetime) -> None:
    """What the money paid of a reminder's fee and interest is open again, what was waived is not. The order is
    locked."""
    notice = await db.get(DunningNotice, assignment.notice_id, with_for_update=True, populate_existing=True)
    if notice is None:
        raise InvalidInput("There is no such reminder.", code="DUNNING_NOTICE_NOT_FOUND", path=("assignmentId",))
    pay(db, notice, fee=assignment.interest - assignment.amount, interest=-assignment.interest, now=now)
