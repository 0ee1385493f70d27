"""Take statements in, propose what their entries pay, book what a person confirms, and take it back."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.banking import camt, queries, suspense
from kontor.banking.debts import take_back_fee
from kontor.banking.errors import AssignmentFinal, EntryUsedUp, InvalidStatement, UnknownAccount
from kontor.banking.matching import Suggestion, numbers_in, suggestions
from kontor.banking.models import BankAssignment, BankEntry, BankStatement
from kontor.channels.models import LegalEntity
from kontor.core.db import Session, chunks
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.invoicing.service import settle_invoices
from kontor.orders.models import Order
from kontor.orders.queries import lock_order
from kontor.payments import queries as payment_queries
from kontor.payments import service as payments
from kontor.payments.errors import PaymentNotWithdrawable
from kontor.payments.models import Payment, PaymentTransaction

_ENTRY = (
    "id", "statement_id", "legal_entity_id", "iban", "reference", "amount", "assigned", "currency", "booked_on",
    "name", "counter_iban", "end_to_end", "purpose", "set_aside", "updated_at",
)  # fmt: skip


async def import_statements(db: Session, data: bytes, *, now: datetime) -> list[BankStatement]:
    """Take in a camt.053 file: its statements, those that were there before as they are.

    Raises `InvalidStatement` for what is none, or for a known id with other figures; `UnknownAccount` where no legal
    entity has the account. All of a file or nothing.
    """
    found = camt.read(data)
    entities = await _entities(db, [statement.iban for statement in found])
    digest = hashlib.sha256(data).hexdigest()
    return [await _import(db, each, entities[each.iban], digest, now=now) for each in found]


async def _entities(db: Session, ibans: Sequence[str]) -> dict[str, UUID]:
    rows = await db.execute(sa.select(LegalEntity.iban, LegalEntity.id).where(LegalEntity.iban.is_not(None)))
    known = {str(iban).replace(" ", ""): entity_id for iban, entity_id in rows}
    for iban in ibans:
        if iban not in known:
            raise UnknownAccount("No legal entity has this account.", iban=iban)
    return {iban: known[iban] for iban in ibans}


async def _import(db: Session, told: camt.Statement, entity_id: UUID, digest: str, *, now: datetime) -> BankStatement:
    await db.execute(sa.select(LegalEntity.id).where(LegalEntity.id == entity_id).with_for_update())
    known: BankStatement | None = await db.scalar(
        sa.select(BankStatement).where(BankStatement.iban == told.iban, BankStatement.reference == told.reference)
    )
    if known is not None:
        if (known.opening, known.closing, known.currency) != (told.opening, told.closing, told.currency):
            raise InvalidStatement(
                f"Statement {told.reference} was imported with other figures.", code="STATEMENT_DIFFERS",
                path=("content",), statement=told.reference,
            )  # fmt: skip
        return known
    present = await _present(db, told)
    fresh = [entry for entry in told.entries if present.get(entry.reference) != (entry.amount, entry.currency)]
    statement = BankStatement(
        id=new_id(), legal_entity_id=entity_id, iban=told.iban, reference=told.reference, currency=told.currency,
        opening=told.opening, closing=told.closing, ends_on=told.ends_on, entries=len(fresh), sha256=digest,
        imported_at=now, imported_by=db.principal.name[:200],
    )  # fmt: skip
    db.add(statement)
    await db.flush()
    rows: list[tuple[Any, ...]] = [
        (
            new_id(), statement.id, entity_id, told.iban, _named(told, entry, present), entry.amount, 0, entry.currency,
            entry.booked_on, entry.name, entry.counter_iban, entry.end_to_end, entry.purpose, False, now,
        )
        for entry in fresh
    ]  # fmt: skip
    await db.bulk_insert(BankEntry, _ENTRY, rows)
    return statement


async def _present(db: Session, told: camt.Statement) -> dict[str, tuple[int, str]]:
    """What came with another statement of the account already, such as one of part of the day, by its reference."""
    found: dict[str, tuple[int, str]] = {}
    row = BankEntry
    for part in chunks([entry.reference for entry in told.entries]):
        rows = sa.select(row.reference, row.amount, row.currency)
        for known in await db.execute(rows.where(row.iban == told.iban, row.reference.in_(part))):
            found[known.reference] = known.amount, known.currency
    return found


def _named(told: camt.Statement, entry: camt.Entry, present: Mapping[str, Any]) -> str:
    """The reference to keep: a bank that gives one to two movements does not make one of them disappear."""
    return f"{told.reference}:{entry.reference}"[:80] if entry.reference in present else entry.reference


async def suggest(db: Session, entry: BankEntry) -> list[Suggestion]:
    """What an incoming entry may pay, best first; nothing for one that is used up or went out."""
    left = entry.amount - entry.assigned
    if left <= 0:
        return []
    numbers = sorted(numbers_in(entry.purpose, entry.end_to_end))[:200]
    return suggestions(left, entry.name, numbers, await queries.debts_of(db, entry, numbers))


async def assign(db: Session, entry_id: UUID, payment_id: UUID, amount: int, *, now: datetime) -> BankAssignment:
    """Book a part of an entry as the transfer a payment waits for, minor units; what is left stays open.

    Locks the entry, then the order. Raises `EntryUsedUp` for more than is left of the entry, and what
    `payments.service.record_payment` raises.
    """
    entry = await queries.get_entry(db, entry_id, db.principal, lock=True)
    found = await payment_queries.get_payment(db, payment_id, db.principal)
    order = await lock_order(db, found.order_id)
    payment = await _locked(db, order.id, payment_id)
    if amount <= 0:
        raise InvalidInput("The amount must be above zero.", code="AMOUNT_NOT_POSITIVE", path=("amount",))
    left = entry.amount - entry.assigned
    if amount > left or entry.currency != payment.currency:
        raise EntryUsedUp("Less than this is left of the entry.", path=("amount",), left=max(0, left))
    assignment_id = new_id()
    done = await payments.record_payment(db, order, payment, amount, reference=f"bank/{assignment_id.hex}", now=now)
    await settle_invoices(db, [order.id], now=now)
    assignment = BankAssignment(
        id=assignment_id, entry_id=entry.id, payment_id=payment.id, order_id=order.id, transaction_id=done.id,
        amount=amount, assigned_at=now, assigned_by=db.principal.name[:200],
    )  # fmt: skip
    db.add(assignment)
    suspense.explain(db, entry, amount)
    entry.assigned, entry.updated_at, entry.set_aside = entry.assigned + amount, now, False
    await db.flush()
    await suspense.note_items(db, [entry])
    return assignment


async def _locked(db: Session, order_id: UUID, payment_id: UUID) -> Payment:
    found = (await payment_queries.lock_payments(db, [order_id]))[order_id]
    return next(each for each in found if each.id == payment_id)


async def undo(db: Session, assignment_id: UUID, *, now: datetime) -> BankEntry:
    """Take an assignment back: the entry is open again, the debt as it was. Raises `AssignmentFinal` where the money
    has been used: paid back to the customer, or paid in advance for an order that went on because of it."""
    assignment = await queries.get_assignment(db, assignment_id, db.principal)
    entry = await queries.get_entry(db, assignment.entry_id, db.principal, lock=True)
    order = await lock_order(db, assignment.order_id)
    await db.refresh(assignment, with_for_update=True)
    if assignment.undone_at is not None:
        return entry
    if assignment.notice_id is not None:
        await take_back_fee(db, assignment, now=now)
    else:
        await _withdraw(db, order, assignment, now=now)
    assignment.undone_at = now
    entry.assigned, entry.updated_at = entry.assigned - assignment.amount, now
    suspense.open_again(db, entry, assignment.amount)
    await db.flush()
    await suspense.note_items(db, [entry])
    return entry


async def _withdraw(db: Session, order: Order, assignment: BankAssignment, *, now: datetime) -> None:
    payment = await _locked(db, order.id, assignment.payment_id)
    received = await db.get_one(PaymentTransaction, assignment.transaction_id)
    try:
        await payments.withdraw_payment(db, order, payment, received, now=now)
    except PaymentNotWithdrawable as used:
        raise AssignmentFinal("The money has been used.", **used.params) from used
    await settle_invoices(db, [order.id], now=now)


async def set_aside(db: Session, entry_id: UUID, *, aside: bool, now: datetime) -> BankEntry:
    """Say that nobody has to look for what an entry pays, or that somebody has to after all.

    What is set aside leaves suspense: the accounting firm books it by the statement.
    """
    entry = await queries.get_entry(db, entry_id, db.principal, lock=True)
    if aside:
        suspense.explain(db, entry, entry.suspended)
    entry.set_aside, entry.updated_at = aside, now
    if not aside:
        suspense.open_again(db, entry, max(0, entry.amount - entry.assigned - entry.suspended))
    await db.flush()
    await suspense.note_items(db, [entry])
    return entry
