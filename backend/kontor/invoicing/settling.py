"""What of each invoice is paid: the order's income, laid over its invoices in the order of their issue."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from kontor.channels.queries import days_of_sellers
from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.core.statemachine import transition
from kontor.invoicing import queries
from kontor.invoicing.debts import recover
from kontor.invoicing.errors import InvoiceNotOnAccount
from kontor.invoicing.events import InvoicePaid
from kontor.invoicing.models import Invoice
from kontor.invoicing.states import INVOICE, InvoiceState
from kontor.orders.queries import lock_order
from kontor.payments import queries as payment_queries
from kontor.payments import service as payments
from kontor.payments.models import PaymentTransaction

_NOT_LATE = (InvoiceState.ISSUED, InvoiceState.PARTIALLY_PAID, InvoiceState.PAID)


async def settle_invoices(db: Session, order_ids: Iterable[UUID], *, now: datetime) -> None:
    """Recompute what is paid of the orders' invoices; records InvoicePaid for what became paid."""
    invoices = await queries.lock_invoices(db, order_ids)
    promises = await queries.payments_of(db, invoices)
    days = await days_of_sellers(db, now)
    gone = await queries.taken_off(db, [payment for group in promises.values() for payment in group])
    for order_id, group in invoices.items():
        rest = sum(payment.captured for payment in promises.get(order_id, ())) - gone.get(order_id, 0)
        for invoice in sorted(group, key=lambda item: (item.issued_at, item.sequence)):
            owed = invoice.gross - invoice.credited
            paid = max(0, min(rest, owed))
            rest -= paid
            if invoice.paid != paid:
                invoice.paid = paid
            await recover(db, invoice, now=now)
            _move(db, invoice, owed, today=days[invoice.legal_entity_id], now=now)


def _move(db: Session, invoice: Invoice, owed: int, *, today: date, now: datetime) -> None:
    wanted = _wanted(invoice, owed, today)
    if wanted is not invoice.state and INVOICE.allows(invoice.state, wanted):
        transition(db, invoice, wanted, table=INVOICE, now=now)
        if wanted is InvoiceState.PAID:
            record(db, InvoicePaid(stream_id=invoice.order_id, invoice_id=invoice.id, number=invoice.number))


def _wanted(invoice: Invoice, owed: int, today: date) -> InvoiceState:
    """What its amounts say of an invoice; what is open stays where it is, money that is gone opens it again.

    What is overdue or reminded of stays so when a part is paid: the rest of it is as late as before.
    """
    if invoice.paid >= owed:
        return InvoiceState.PAID
    if invoice.state not in _NOT_LATE:
        return invoice.state
    if invoice.paid:
        return InvoiceState.PARTIALLY_PAID
    if invoice.state is InvoiceState.ISSUED:
        return invoice.state
    return InvoiceState.OVERDUE if invoice.due_on < today else InvoiceState.ISSUED


async def record_invoice_payment(
    db: Session, invoice: Invoice, amount: int, *, reference: str, now: datetime
) -> PaymentTransaction:
    """Book a transfer for an invoice on account, minor units; the same reference is booked once.

    Raises `InvoiceNotOnAccount`, and what `payments.service.record_payment` raises.
    """
    order = await lock_order(db, invoice.order_id)
    promises = (await payment_queries.lock_payments(db, [order.id]))[order.id]
    payment = next((item for item in promises if payments.is_on_account(item)), None)
    if payment is None:
        raise InvoiceNotOnAccount("The order is not on account.", invoice=invoice.number)
    done = await payments.record_payment(db, order, payment, amount, reference=reference, now=now)
    await settle_invoices(db, [order.id], now=now)
    return done
