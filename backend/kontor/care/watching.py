"""What only the time tells: promises and deadlines that passed, parcels that stand still, invoices that are half paid.

Each look takes a bounded part, the oldest first; what it leaves the next look finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.care import service
from kontor.care.events import CaseEscalated
from kontor.care.models import Case
from kontor.care.parcels import settled_parcels
from kontor.care.states import CaseState
from kontor.care.values import CaseKind, NewCase
from kontor.core.clock import local_day, utc_day
from kontor.core.db import Session, chunks
from kontor.core.outbox import record
from kontor.fulfillment import models
from kontor.fulfillment.models import FulfillmentOrder, Parcel
from kontor.fulfillment.states import FulfillmentState, ParcelState
from kontor.invoicing.models import PARTLY_PAID, Invoice
from kontor.invoicing.states import InvoiceState
from kontor.locations.models import StockLocation
from kontor.returns.models import Return
from kontor.returns.queries import OPEN as OPEN_RETURNS

AT_ONCE = 500
PART_PAID_FOR = timedelta(days=7)
"""So long after its due day an invoice may be half paid before somebody asks for the rest."""
NOT_LEFT = (
    FulfillmentState.SCHEDULED, FulfillmentState.OPEN, FulfillmentState.ACCEPTED, FulfillmentState.PICKED,
    FulfillmentState.PACKED, FulfillmentState.ON_HOLD,
)  # fmt: skip
STILL = {
    ParcelState.EXCEPTION: CaseKind.LATE,
    ParcelState.LOST: CaseKind.LATE,
    ParcelState.RETURNED: CaseKind.UNDELIVERABLE,
}
OWED = (
    InvoiceState.PARTIALLY_PAID, InvoiceState.ISSUED, InvoiceState.OVERDUE, InvoiceState.DUNNING_1,
    InvoiceState.DUNNING_2, InvoiceState.DUNNING_3,
)  # fmt: skip


async def raise_overdue(db: Session, *, now: datetime) -> None:
    """Raise what is late by now: work that has not left after its promised day, parcels that stand still, invoices."""
    wanted = [*await _promises(db, now), *await _parcels(db), *await _half_paid(db, utc_day(now))]
    if wanted:
        await service.open_cases(db, wanted, now=now)


def _unknown(kind: CaseKind, subject: Any) -> Any:
    """No case of the kind about the subject is open."""
    return ~sa.exists().where(
        Case.subject_key == sa.literal(f"{kind.lower()}:") + subject, Case.state != CaseState.DONE
    )


def _finished(kind: CaseKind, subject: Any, order_id: Any, since: Any) -> Any:
    """A case of the kind about something of an order has ended since a moment."""
    return sa.exists().where(
        Case.order_id == order_id, Case.subject_key == sa.literal(f"{kind.lower()}:") + subject,
        Case.state == CaseState.DONE, Case.updated_at >= since,
    )  # fmt: skip


def _as_text(db: Session, column: Any) -> Any:
    """An id as cases write it in their subject."""
    if not db.sqlite:
        return sa.cast(column, sa.Text)
    raw = sa.func.lower(sa.cast(column, sa.Text))
    parts = [sa.func.substr(raw, start, length) for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))]
    joined: Any = parts[0]
    for part in parts[1:]:
        joined = joined + "-" + part
    return joined


async def _promises(db: Session, now: datetime) -> list[NewCase]:
    """Work of days that are over where it is to be done."""
    row, zone = FulfillmentOrder, StockLocation.timezone
    days: dict[date, list[str]] = {}
    for name in await db.scalars(sa.select(zone).distinct().order_by(zone)):
        days.setdefault(local_day(now, name), []).append(name)
    if not days:
        return []
    found = (
        sa.select(row.id, row.order_id, row.number, row.promised_on)
        .join(StockLocation, StockLocation.id == row.location_id)
        .where(
            sa.text(f"fulfillment_order.{models.NOT_LEFT}"),
            row.promised_on < max(days),
            sa.or_(*(sa.and_(zone.in_(zones), row.promised_on < today) for today, zones in days.items())),
            _unknown(CaseKind.LATE, _as_text(db, row.id)),
        )
        .order_by(row.promised_on, row.id)
        .limit(AT_ONCE)
    )
    return [
        NewCase(
            CaseKind.LATE, str(each.id), each.order_id,
            {"fulfillment_order_id": str(each.id), "number": each.number, "promised_on": each.promised_on.isoformat()},
        )
        for each in (await db.execute(found)).all()
    ]  # fmt: skip


async def _parcels(db: Session) -> list[NewCase]:
    """Parcels that stand still, of which nobody has looked at the latest news: what was finished stays finished."""
    row, text = Parcel, _as_text(db, Parcel.id)
    known = [
        sa.and_(
            row.state == state, _unknown(kind, text),
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


async def _half_paid(db: Session, today: date) -> list[NewCase]:
    row = Invoice
    found = (
        sa.select(row.id, row.order_id, row.number, row.due_on)
        .where(
            sa.text(f"invoice.{PARTLY_PAID}"), row.due_on < today - PART_PAID_FOR,
            _unknown(CaseKind.UNPAID, _as_text(db, row.id)),
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
    """End the cases of invoices that nobody owes any more, parcels that move again or whose goods are back or replaced,
    returns that are settled."""
    gone: list[tuple[CaseKind, str]] = []
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
    """Mark the cases whose deadline has passed, once for each deadline; how many."""
    rows = await db.scalars(
        sa.select(Case)
        .where(
            Case.state != CaseState.DONE, Case.due_at < now,
            sa.or_(Case.escalated_at.is_(None), Case.escalated_at < Case.due_at),
        )
        .order_by(Case.due_at, Case.id)
        .limit(AT_ONCE)
        .with_for_update(of=Case, skip_locked=True)
    )  # fmt: skip
    late = rows.all()
    for case in late:
        case.escalated_at = case.updated_at = now
        assert case.due_at is not None
        record(
            db,
            CaseEscalated(
                stream_id=case.order_id or case.id, case_id=case.id, kind=case.kind, due_at=case.due_at.isoformat(),
                owner_id=case.owner_id,
            ),
        )  # fmt: skip
    return len(late)
