"""Statements over bank entries and the debts they may pay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.banking.errors import AssignmentNotFound, BankEntryNotFound
from kontor.banking.matching import Debt
from kontor.banking.models import BankAssignment, BankEntry, BankStatement
from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.invoicing.models import Invoice
from kontor.orders.models import Order
from kontor.payments.models import Payment
from kontor.payments.states import PaymentMethodKind, PaymentState

MOST_DEBTS = 50
ENTRY_SORTS: dict[str, Any] = {"BOOKED_ON": BankEntry.booked_on, "UPDATED_AT": BankEntry.updated_at}
STATEMENT_SORTS: dict[str, Any] = {"IMPORTED_AT": BankStatement.imported_at}


@dataclass(frozen=True, slots=True)
class BankEntryFilter:
    """Which entries are wanted; what is None does not narrow. `open`: incoming, and not assigned in full."""

    legal_entity_id: UUID | None = None
    statement_id: UUID | None = None
    open: bool | None = None
    booked_from: date | None = None
    booked_until: date | None = None
    search: str | None = None
    changed_since: datetime | None = None


def _visible(model: Any, principal: Principal) -> Any:
    return sa.select(model).where(sa.false() if principal.restricted else sa.true())


def _open() -> sa.ColumnElement[bool]:
    return sa.and_(BankEntry.amount > BankEntry.assigned, sa.not_(BankEntry.set_aside))


async def list_entries(
    db: Session, wanted: BankEntryFilter, page: PageRequest, *, sort: str = "BOOKED_ON", descending: bool = True
) -> Page[BankEntry]:
    """A page of bank entries; nothing for a principal with a scope."""
    row = BankEntry

    def named(text: str) -> sa.ColumnElement[bool]:
        return sa.or_(*(column.icontains(text, autoescape=True) for column in (row.name, row.purpose, row.end_to_end)))

    found = narrow(
        _visible(row, db.principal),
        (row.legal_entity_id.__eq__, wanted.legal_entity_id),
        (row.statement_id.__eq__, wanted.statement_id),
        (lambda open_: _open() if open_ else sa.not_(_open()), wanted.open),
        (row.booked_on.__ge__, wanted.booked_from),
        (row.booked_on.__le__, wanted.booked_until),
        (named, wanted.search or None),
        (row.updated_at.__ge__, wanted.changed_since),
    )
    return await paginate(db, found, choose(ENTRY_SORTS, sort, descending=descending), row.id, page)


async def list_statements(
    db: Session, page: PageRequest, *, sort: str = "IMPORTED_AT", descending: bool = True
) -> Page[BankStatement]:
    """A page of statements; nothing for a principal with a scope."""
    found = _visible(BankStatement, db.principal)
    return await paginate(db, found, choose(STATEMENT_SORTS, sort, descending=descending), BankStatement.id, page)


async def get_entry(db: Session, entry_id: UUID, principal: Principal, *, lock: bool = False) -> BankEntry:
    """The entry, locked if asked for; raises `BankEntryNotFound`."""
    found = _visible(BankEntry, principal).where(BankEntry.id == entry_id)
    if lock:
        found = found.with_for_update().execution_options(populate_existing=True)
    entry: BankEntry | None = await db.scalar(found)
    if entry is None:
        raise BankEntryNotFound("There is no such entry.", entry_id=str(entry_id))
    return entry


async def get_assignment(db: Session, assignment_id: UUID, principal: Principal) -> BankAssignment:
    """An assignment that stands; raises `AssignmentNotFound`."""
    found = _visible(BankAssignment, principal).where(BankAssignment.id == assignment_id)
    assignment: BankAssignment | None = await db.scalar(found.where(BankAssignment.undone_at.is_(None)))
    if assignment is None:
        raise AssignmentNotFound("There is no such assignment.", assignment_id=str(assignment_id))
    return assignment


async def debts_of(db: Session, entry: BankEntry, numbers: Sequence[str]) -> list[Debt]:
    """What an entry may pay: debts whose number or order it names, and those of just its amount; at most fifty.

    That is invoices on account that are not paid in full, and payments in advance that are still awaited. One that is
    needed no more may have been sent before: it counts where its order is named.
    """
    left = entry.amount - entry.assigned
    return [*await _invoices(db, entry, numbers, left), *await _advances(db, entry, numbers, left)]


def _seller(found: Any, entry: BankEntry) -> Any:
    found = found.join(SalesChannel, SalesChannel.id == Order.channel_id)
    return found.where(SalesChannel.legal_entity_id == entry.legal_entity_id, Order.currency == entry.currency)


async def _invoices(db: Session, entry: BankEntry, numbers: Sequence[str], left: int) -> list[Debt]:
    open_ = Invoice.gross - Invoice.credited - Invoice.paid
    found = _seller(
        sa.select(
            Payment.id, Invoice.id, Order.id, Invoice.number, Order.number, Order.billing_address, open_.label("open")
        )
        .join(Order, Order.id == Invoice.order_id)
        .join(Payment, sa.and_(Payment.order_id == Order.id, Payment.kind == PaymentMethodKind.ON_ACCOUNT)),
        entry,
    ).where(open_ > 0, sa.or_(Invoice.number.in_(numbers), Order.number.in_(numbers), open_ == left))
    rows = await db.execute(found.order_by(Invoice.due_on, Invoice.id).limit(MOST_DEBTS))
    return [Debt(row[0], row[1], row[2], row[3], row[4], _name(row[5]), int(row[6])) for row in rows]


async def _advances(db: Session, entry: BankEntry, numbers: Sequence[str], left: int) -> list[Debt]:
    open_ = Payment.amount - Payment.captured
    found = _seller(
        sa.select(Payment.id, Order.id, Order.number, Order.billing_address, open_.label("open")).join(
            Order, Order.id == Payment.order_id
        ),
        entry,
    ).where(
        Payment.kind == PaymentMethodKind.PREPAYMENT,
        Payment.state != PaymentState.FAILED,
        open_ > 0,
        sa.or_(Order.number.in_(numbers), sa.and_(open_ == left, Payment.state != PaymentState.VOIDED)),
    )
    rows = await db.execute(found.order_by(Payment.created_at, Payment.id).limit(MOST_DEBTS))
    return [Debt(row[0], None, row[1], "", row[2], _name(row[3]), int(row[4])) for row in rows]


def _name(address: Any) -> str:
    return str((address or {}).get("name") or "")
