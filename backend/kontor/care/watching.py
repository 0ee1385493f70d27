"""What only the time tells: promises and deadlines that passed, parcels that stand still, invoices that are half paid.

Each look takes a bounded part, the oldest first; what it leaves the next look finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.care import late, service
from kontor.care.events import CaseEscalated
from kontor.care.models import Case
from kontor.care.parcels import settled_parcels
from kontor.care.states import CaseState
from kontor.care.subjects import as_text, unknown
from kontor.care.values import BOUND, CaseKind, NewCase
from kontor.core.clock import utc_day
from kontor.core.db import Session, chunks
from kontor.core.outbox import record
from kontor.fulfillment import models
from kontor.fulfillment.models import FulfillmentOrder, Parcel
from kontor.fulfillment.states import ParcelState
from kontor.invoicing.models import PARTLY_PAID, DunningPlan, Invoice
from kontor.invoicing.states import InvoiceState
from kontor.returns.models import Return
from kontor.returns.queries import OPEN as OPEN_RETURNS

AT_ONCE = 500
PART_PAID_FOR = timedelta(days=7)
"""So long after its due day an invoice may be half paid before somebody asks for the rest."""
STILL = {
    ParcelState.EXCEPTION: CaseKind.LATE,
    ParcelState.LOST: CaseKind.LATE,
    ParcelState.RETURNED: CaseKind.UNDELIVERABLE,
}
OWED = (
    InvoiceState.PARTIALLY_PAID, InvoiceState.ISSUED, InvoiceState.OVERDUE, InvoiceState.DUNNING_1,
    InvoiceState.DUNNING_2, InvoiceState.DUNNING_3,
)  # fmt: skip
OWED_AGAIN_WITHIN = timedelta(hours=1)
"""By then an invoice whose debit came back says that it is owed again; before, it may still say that it is paid."""


async def raise_overdue(db: Session, *, now: datetime) -> None:
    """Raise what the time alone tells: promises that were not kept, parcels that stand still, half paid invoices."""
    wanted = [*await late.raise_late(db, now=now), *await _parcels(db), *await _half_paid(db, now)]
    if wanted:
        await service.open_cases(db, wanted, now=now)


def _finished(kind: CaseKind, subject: Any, order_id: Any, since: Any) -> Any:
    """A case of the kind about something of an order has ended since a moment."""
    return sa.exists().where(
        Case.order_id == order_id, Case.subject_key == sa.literal(f"{kind.lower()}:") + subject,
        Case.state == CaseState.DONE, Case.updated_at >= since,
    )  # fmt: skip


async def _parcels(db: Session) -> list[NewCase]:
    """Parcels that stand still, of which nobody has looked at the latest news: what was finished stays finished."""
    row, text = Parcel, as_text(db, Parcel.id)
    known = [
        sa.and_(
            row.state == state, unknown(kind, text),
            ~_finished(kind, text, FulfillmentOrder.order_id, row.updated_at),
        )
        for state, kind in STILL.items()
    ]  # fmt: skip
    found = (
        sa.select(row.id, row.state, row.carrier, row.tracking_number, FulfillmentOrder.order_id)
        .join(FulfillmentOrder, FulfillmentOrder.id == row.fulfillment_order_id)
        .where(sa.text(f"parcel.{models.STUCK}"), sa.or_(*known))
        .order_by(row.updated_at, row.id)
        .limit(AT_ONCE)
    )
    return [
        NewCase(
            STILL[each.state], str(each.id), each.order_id,
            {"parcel_id": str(each.id), "state": each.state.value, "carrier": each.carrier,
             "tracking_number": each.tracking_number},
        )
        for each in (await db.execute(found)).all()
    ]  # fmt: skip


async def _half_paid(db: Session, now: datetime) -> list[NewCase]:
    """Invoices of which a part is paid and the rest is neither given time for nor in instalments, whatever was asked.

    What somebody has ended is not raised anew for a while although it is half paid still.
    """
    row, plan, today = Invoice, DunningPlan, utc_day(now)
    agreed = sa.exists().where(
        plan.id == row.id, sa.or_(plan.paused_until >= today, sa.cast(plan.instalments, sa.Text) != "[]")
    )
    found = (
        sa.select(row.id, row.order_id, row.number, row.due_on)
        .where(
            sa.text(PARTLY_PAID), row.due_on < today - PART_PAID_FOR, ~agreed,
            unknown(CaseKind.UNPAID, as_text(db, row.id), ended_after=now - late.LOOKED_BACK),
        )
        .order_by(row.due_on, row.id)
        .limit(AT_ONCE)
    )  # fmt: skip
    return [
        NewCase(
            CaseKind.UNPAID, str(each.id), each.order_id,
            {"invoice_id": str(each.id), "number": each.number, "due_on": each.due_on.isoformat()},
        )
        for each in (await db.execute(found)).all()
    ]  # fmt: skip


async def settle_gone(db: Session, *, now: datetime) -> None:
    """End the cases of money that nobody owes any more, parcels that move again or whose goods are back or replaced,
    returns that are settled."""
    gone = await _paid_again(db, now)
    for kinds, fact, model, still in (
        ((CaseKind.UNPAID,), "invoice_id", Invoice, Invoice.state.in_(OWED)),
        ((CaseKind.LATE,), "parcel_id", Parcel, Parcel.state.in_([s for s in STILL if STILL[s] is CaseKind.LATE])),
        ((CaseKind.UNDELIVERABLE,), "parcel_id", Parcel, Parcel.state == ParcelState.RETURNED),
        ((CaseKind.WRONG_ARTICLE, CaseKind.RETURN_LABEL), "return_id", Return, Return.state.in_(OPEN_RETURNS)),
    ):
        gone += await _gone(db, kinds, fact, model, still)
    parcels = await _named(db, (CaseKind.LATE, CaseKind.UNDELIVERABLE), "parcel_id")
    settled = await settled_parcels(db, [each for _, each in parcels])
    gone += [(kind, str(each)) for kind, each in parcels if each in settled]
    if gone:
        await service.settle_cases(db, gone, now=now)


async def _paid_again(db: Session, now: datetime) -> list[tuple[CaseKind, str]]:
    """Direct debits that came back and whose invoices are paid after all, written off, or handed to an agency."""
    any_invoice = sa.exists().where(Invoice.order_id == Case.order_id)
    found = sa.select(Case.subject_key).where(
        Case.kind == CaseKind.RETURNED_DEBIT.value, Case.state != CaseState.DONE,
        Case.created_at < now - OWED_AGAIN_WITHIN, any_invoice, ~any_invoice.where(Invoice.state.in_(OWED)),
    )  # fmt: skip
    return [(CaseKind.RETURNED_DEBIT, key.partition(":")[2]) for key in await db.scalars(found)]


async def _gone(
    db: Session, kinds: Sequence[CaseKind], fact: str, model: Any, still: Any
) -> list[tuple[CaseKind, str]]:
    named = await _named(db, kinds, fact)
    there: set[UUID] = set()
    for part in chunks(sorted({each for _, each in named})):
        there.update(await db.scalars(sa.select(model.id).where(model.id.in_(part), still)))
    return [(kind, str(each)) for kind, each in named if each not in there]


async def _named(db: Session, kinds: Sequence[CaseKind], fact: str) -> list[tuple[CaseKind, UUID]]:
    """What the open cases of these kinds are about, where they name it so."""
    rows = await db.execute(
        sa.select(Case.kind, Case.facts)
        .where(Case.kind.in_([kind.value for kind in kinds]), Case.state != CaseState.DONE)
        .order_by(Case.created_at, Case.id)
    )
    return [(CaseKind(row.kind), UUID(row.facts[fact])) for row in rows if fact in row.facts]


async def escalate(db: Session, *, now: datetime) -> int:
    """Mark the cases whose deadline has passed, once for each deadline; how many.

    What waits for a day waits for its deadline, too, but where a bank has set that.
    """
    rows = await db.scalars(
        sa.select(Case)
        .where(
            Case.state != CaseState.DONE, Case.due_at < now,
            sa.or_(Case.escalated_at.is_(None), Case.escalated_at < Case.due_at),
            sa.or_(Case.wait_until.is_(None), Case.kind.in_([kind.value for kind in BOUND])),
        )
        .order_by(Case.due_at, Case.id)
        .limit(AT_ONCE)
        .with_for_update(of=Case, skip_locked=True)
    )  # fmt: skip
    passed = rows.all()
    for case in passed:
        case.escalated_at = case.updated_at = now
        assert case.due_at is not None
        record(
            db,
            CaseEscalated(
                stream_id=case.order_id or case.id, case_id=case.id, kind=case.kind, due_at=case.due_at.isoformat(),
                owner_id=case.owner_id,
            ),
        )  # fmt: skip
    return len(passed)
