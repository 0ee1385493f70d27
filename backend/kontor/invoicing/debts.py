"""Debts that a person gives up or hands to an agency, and money that comes in after all."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.core.statemachine import transition
from kontor.invoicing import queries
from kontor.invoicing.bad_debts import Part, brought_back, parts_of
from kontor.invoicing.errors import NothingOpen
from kontor.invoicing.events import DebtHandedOver, DebtRecovered, DebtWrittenOff
from kontor.invoicing.models import CreditNote, DebtDecision, Invoice
from kontor.invoicing.posting import tax_detail
from kontor.invoicing.states import INVOICE, InvoiceState
from kontor.orders.queries import lock_order

WRITE_OFF, COLLECTION = "WRITE_OFF", "COLLECTION"


async def write_off(db: Session, invoice_id: UUID, *, reason: str, now: datetime) -> DebtDecision:
    """Give up what is open of an invoice: a loss, and its tax is corrected. Money that comes in brings it back.

    Raises `NothingOpen` where nothing is, `InvalidInput` without a reason.
    """
    invoice, left = await _open(db, invoice_id, reason)
    notes = await db.scalars(sa.select(CreditNote.content).where(CreditNote.invoice_id == invoice.id))
    parts = parts_of(left, _claimed(invoice.content, list(notes)))
    decision = _decided(db, invoice, WRITE_OFF, left, reason, parts, now=now)
    invoice.written_off += left
    if invoice.state is not InvoiceState.WRITTEN_OFF:  # money that came in after all may have been taken back
        transition(db, invoice, InvoiceState.WRITTEN_OFF, table=INVOICE, now=now)
    record(
        db,
        DebtWrittenOff(
            stream_id=invoice.order_id, invoice_id=invoice.id, decision_id=decision.id, number=invoice.number,
            amount=left, parts=decision.parts, currency=invoice.currency,
        ),
    )  # fmt: skip
    await db.flush()
    return decision


async def hand_over(db: Session, invoice_id: UUID, *, reason: str, now: datetime) -> DebtDecision:
    """Give an overdue invoice to a collection agency, named in the reason: Kontor reminds of it no more.

    The debt stays in the books as it is. Raises `NothingOpen`, and what the table of states refuses.
    """
    invoice, left = await _open(db, invoice_id, reason)
    decision = _decided(db, invoice, COLLECTION, left, reason, (), now=now)
    transition(db, invoice, InvoiceState.COLLECTION, table=INVOICE, now=now)
    told = DebtHandedOver(
        stream_id=invoice.order_id, invoice_id=invoice.id, decision_id=decision.id, number=invoice.number,
        amount=left, currency=invoice.currency,
    )  # fmt: skip
    record(db, told)
    await db.flush()
    return decision


async def _open(db: Session, invoice_id: UUID, reason: str) -> tuple[Invoice, int]:
    """The locked invoice and what is open of it."""
    if not 1 <= len(reason.strip()) <= 500:
        raise InvalidInput("1 to 500 characters.", code="REASON_MISSING", path=("reason",))
    found = await queries.get_invoice(db, invoice_id, db.principal)
    await lock_order(db, found.order_id)
    [invoice] = [
        row for row in (await queries.lock_invoices(db, [found.order_id]))[found.order_id] if row.id == found.id
    ]
    left = invoice.gross - invoice.credited - invoice.paid - invoice.written_off
    if left <= 0:
        raise NothingOpen("Nothing of this invoice is open.", number=invoice.number)
    return invoice, left


def _claimed(content: Mapping[str, Any], notes: Sequence[Mapping[str, Any]]) -> list[tuple[str, int, int]]:
    """What an invoice claims by way of taxing, less what was credited: detail, tax, gross."""
    sums: dict[str, tuple[int, int]] = {}
    for said, sign in ((content, 1), *((note, -1) for note in notes)):
        for row in said["taxes"]:
            detail = tax_detail(content, str(row["rate"]))
            tax, gross = sums.get(detail, (0, 0))
            sums[detail] = tax + sign * abs(row["tax"]), gross + sign * abs(row["gross"])
    return [(detail, tax, gross) for detail, (tax, gross) in sums.items()]


def _decided(
    db: Session, invoice: Invoice, kind: str, amount: int, reason: str, parts: Sequence[Part], *, now: datetime
) -> DebtDecision:
    decision = DebtDecision(
        id=new_id(), invoice_id=invoice.id, order_id=invoice.order_id, kind=kind, amount=amount, recovered=0,
        currency=invoice.currency, reason=reason.strip(), decided_at=now, decided_by=db.principal.name[:200],
        parts=[{"detail": part.detail, "net": part.net, "tax": part.tax} for part in parts],
    )  # fmt: skip
    db.add(decision)
    invoice.updated_at = now
    return decision


async def recover(db: Session, invoice: Invoice, *, now: datetime) -> None:
    """Take back what was written off and is paid or credited by now; the tax on it is owed again."""
    back = invoice.written_off - max(0, invoice.gross - invoice.credited - invoice.paid)
    if invoice.written_off == 0 or back <= 0:
        return
    found = sa.select(DebtDecision).where(DebtDecision.invoice_id == invoice.id, DebtDecision.kind == WRITE_OFF)
    for decision in await db.scalars(found.order_by(DebtDecision.id).with_for_update()):
        amount = min(back, decision.amount - decision.recovered)
        if not amount:
            continue
        parts = [Part(row["detail"], row["net"], row["tax"]) for row in decision.parts]
        moved = brought_back(parts, decision.recovered, decision.recovered + amount)
        decision.recovered += amount
        invoice.written_off -= amount
        back -= amount
        record(
            db,
            DebtRecovered(
                stream_id=invoice.order_id, invoice_id=invoice.id, decision_id=decision.id, number=invoice.number,
                amount=amount, parts=[{"detail": p.detail, "net": p.net, "tax": p.tax} for p in moved],
                currency=invoice.currency,
            ),
        )  # fmt: skip


async def decisions_of(db: Session, invoice_id: UUID) -> list[DebtDecision]:
    """What was decided about an invoice, in the order of the decisions."""
    found = sa.select(DebtDecision).where(DebtDecision.invoice_id == invoice_id).order_by(DebtDecision.id)
    return list(await db.scalars(found))
