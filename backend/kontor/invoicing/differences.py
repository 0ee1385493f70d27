"""What invoices, credit notes, journal and ledgers say about each other, for the audit."""

from collections.abc import AsyncIterator
from typing import Any

import sqlalchemy as sa

from kontor.channels.models import LegalEntity
from kontor.core.db import Session
from kontor.fulfillment.models import Shipment
from kontor.invoicing.models import CreditNote, Invoice, JournalEntry, JournalLine
from kontor.payments.models import PaymentTransaction, Refund, TransactionKind, TransactionState
from kontor.payments.states import RefundState

_MONEY_IN = (TransactionKind.CAPTURE, TransactionKind.RECEIVE)


async def differences(db: Session) -> AsyncIterator[str]:
    """Gaps in numbers, documents that do not add up, unbalanced or missing entries, and orders from which more was
    taken than left; one line of text per difference. Read when no job waits: entries follow their events."""
    for check in (_gaps, _totals, _credits, _unbalanced, _missing_entries, _taken):
        async for text in check(db):
            yield text


async def _gaps(db: Session) -> AsyncIterator[str]:
    for model in (Invoice, CreditNote):
        columns: Any = model
        series = (columns.legal_entity_id, columns.series, columns.year)
        found = (
            sa.select(LegalEntity.code, columns.series, columns.year, sa.func.count(), sa.func.max(columns.sequence))
            .join(LegalEntity, LegalEntity.id == columns.legal_entity_id)
            .group_by(LegalEntity.code, *series)
            .having(sa.func.count() != sa.func.max(columns.sequence))
        )
        for code, name, year, count, last in await db.execute(found):
            yield f"series {code} {name} {year}: {count} numbers up to {last}"


async def _totals(db: Session) -> AsyncIterator[str]:
    """Each invoice is its shipment's value; a shipment that was recalled has none."""
    found = (
        sa.select(Invoice.number, Invoice.gross, Shipment.amount, Shipment.recalled_at)
        .join(Shipment, Shipment.id == Invoice.shipment_id)
        .where(sa.or_(Invoice.gross != Shipment.amount, Shipment.recalled_at.is_not(None)))
    )
    for number, gross, amount, recalled in await db.execute(found):
        yield f"invoice {number}: {gross}, its shipment {amount}{', recalled' if recalled else ''}"


async def _credits(db: Session) -> AsyncIterator[str]:
    credited = sa.func.coalesce(sa.func.sum(CreditNote.gross), 0)
    found = (
        sa.select(Invoice.number, Invoice.credited, credited, Invoice.gross)
        .outerjoin(CreditNote, CreditNote.invoice_id == Invoice.id)
        .group_by(Invoice.id, Invoice.number, Invoice.credited, Invoice.gross)
        .having(sa.or_(Invoice.credited != credited, credited > Invoice.gross))
    )
    for number, noted, total, gross in await db.execute(found):
        yield f"invoice {number}: {noted} credited of {gross}, its credit notes {total}"


async def _unbalanced(db: Session) -> AsyncIterator[str]:
    found = sa.select(JournalLine.entry_id, sa.func.sum(JournalLine.amount)).group_by(JournalLine.entry_id)
    for entry_id, total in await db.execute(found.having(sa.func.sum(JournalLine.amount) != 0)):
        yield f"journal entry {entry_id} is {total} out of balance"


async def _missing_entries(db: Session) -> AsyncIterator[str]:
    transaction, refund = PaymentTransaction, Refund
    done = transaction.outcome == TransactionState.SUCCEEDED
    subjects: tuple[tuple[str, Any, Any, Any], ...] = (
        ("INVOICE", Invoice.number, Invoice.number, Invoice.gross > 0),
        ("CREDIT_NOTE", CreditNote.number, CreditNote.number, CreditNote.gross > 0),
        ("CAPTURE", transaction.id, _hex(db, transaction.id), sa.and_(done, transaction.kind.in_(_MONEY_IN))),
        ("CHARGEBACK", transaction.id, _hex(db, transaction.id),
         sa.and_(done, transaction.kind == TransactionKind.CHARGEBACK)),
        ("CHARGEBACK_LOSS", transaction.id, _hex(db, transaction.id),
         sa.and_(done, transaction.kind == TransactionKind.LOSS)),
        ("REINSTATEMENT", transaction.id, _hex(db, transaction.id),
         sa.and_(done, transaction.kind == TransactionKind.REINSTATE)),
        ("LOSS_RECOVERED", transaction.id, _hex(db, transaction.id),
         sa.and_(done, transaction.kind == TransactionKind.RECOVER)),
        ("REFUND", refund.id, _hex(db, refund.id), sa.and_(refund.state == RefundState.SUCCEEDED, refund.amount > 0)),
    )  # fmt: skip
    for kind, name, reference, condition in subjects:
        kinds = ("CAPTURE", "RECEIPT") if kind == "CAPTURE" else (kind,)
        entry = sa.select(sa.literal(1)).where(JournalEntry.reference == reference, JournalEntry.kind.in_(kinds))
        for missing in await db.scalars(sa.select(name).where(condition, sa.not_(entry.exists()))):
            yield f"{kind.lower()} {missing} has no journal entry"


def _hex(db: Session, column: Any) -> Any:
    """A row's id as the journal refers to it."""
    if db.sqlite:
        return sa.type_coerce(column, sa.String())
    return sa.func.replace(sa.cast(column, sa.String()), "-", "")


async def _taken(db: Session) -> AsyncIterator[str]:
    """Money that Kontor took for shipments is never above what has left."""
    taken = (
        sa.select(PaymentTransaction.order_id, sa.func.sum(PaymentTransaction.amount).label("amount"))
        .where(
            PaymentTransaction.kind.in_((TransactionKind.CAPTURE, TransactionKind.BILL)),
            PaymentTransaction.outcome == TransactionState.SUCCEEDED,
            PaymentTransaction.shipment_id.is_not(None),
        )
        .group_by(PaymentTransaction.order_id)
        .subquery()
    )
    left = (
        sa.select(Shipment.order_id, sa.func.sum(Shipment.amount).label("amount"))
        .where(Shipment.recalled_at.is_(None))
        .group_by(Shipment.order_id)
        .subquery()
    )
    value = sa.func.coalesce(left.c.amount, 0)
    found = (
        sa.select(taken.c.order_id, taken.c.amount, value)
        .outerjoin(left, left.c.order_id == taken.c.order_id)
        .where(taken.c.amount > value)
    )
    for order_id, amount, shipped in await db.execute(found):
        yield f"order {order_id}: {amount} taken, {shipped} shipped"
