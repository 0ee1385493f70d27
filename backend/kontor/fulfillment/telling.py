"""A place's answer is told at once, or kept back for a while in which it can still be taken back.

People change their minds a moment later: what they answer is true at once, but nobody acts on it before the time has
passed or the place itself has built upon it. Machines mean what they say.
"""

from datetime import datetime, timedelta
from uuid import UUID

from kontor.core.db import Session
from kontor.core.outbox import record, schedule, unschedule
from kontor.fulfillment.events import FulfillmentAccepted, FulfillmentPostponed, FulfillmentRejected
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState
from kontor.fulfillment.work import Work

S = FulfillmentState
ACCEPTED_KEPT = timedelta(minutes=5)
REJECTED_KEPT = timedelta(seconds=60)
"""Shorter, as refused pieces look for another place only when it has passed."""


def kept_until(row: FulfillmentOrder, before: FulfillmentState, span: timedelta, *, now: datetime) -> datetime:
    """How long an answer can be taken back: work that fell back to OPEN behind its deadline would wait for ever."""
    if before is S.OPEN and row.due_at is not None:
        return min(now + span, row.due_at)
    return now + span


def keep_back(db: Session, row: FulfillmentOrder, before: FulfillmentState, *, until: datetime) -> None:
    """Nobody hears of the row's new answer until then; it can be taken back to `before`."""
    row.answer_until, row.answered_from = until, before
    args = {"fulfillment_order_id": row.id}
    schedule(db, "fulfillment.announce_answer", args, key=row.order_id, due_at=until, unique_key=_announcement(row.id))


async def forget_timer(db: Session, row: FulfillmentOrder) -> None:
    """The answer was taken back or told; nothing is to be said of it later."""
    row.answer_until = row.answered_from = None
    await unschedule(db, [_announcement(row.id)])


def _announcement(row_id: UUID) -> str:
    return f"answer/{row_id}"


async def tell_kept(db: Session, work: Work, row: FulfillmentOrder) -> None:
    """Say now what was kept back, as something builds upon it. Work that ended meanwhile says nothing."""
    if row.answer_until is None:
        return
    await forget_timer(db, row)
    if row.state is S.REJECTED:
        tell_rejected(db, work, row)
    elif row.state not in (S.OPEN, S.CANCELED):
        tell_accepted(db, work, row)


def tell_accepted(db: Session, work: Work, row: FulfillmentOrder) -> None:
    """Record that the place takes the work on, and when the goods come later than planned."""
    record(db, FulfillmentAccepted(stream_id=row.order_id, fulfillment_order_id=row.id))
    late = _days_late(row)
    if row.expected_on is None or late <= timedelta():
        return
    promised = row.promised_on
    # As many days later as the goods leave later: the way takes as long as planned.
    row.promised_on = promised + late if promised is not None else None
    lines = tuple({"order_line_id": str(line.order_line_id), "quantity": line.quantity} for line in work.lines[row.id])
    event = FulfillmentPostponed(
        stream_id=row.order_id, fulfillment_order_id=row.id, lines=lines,
        was_expected_on=promised.isoformat() if promised is not None else None,
        expected_on=(row.promised_on or row.expected_on).isoformat(),
    )  # fmt: skip
    record(db, event)


def _days_late(row: FulfillmentOrder) -> timedelta:
    if row.expected_on is None or row.ship_on is None:
        return timedelta()
    return row.expected_on - row.ship_on


def tell_rejected(db: Session, work: Work, row: FulfillmentOrder) -> None:
    """Record that the place refuses the row's pieces: from now on another place is looked for."""
    lines = tuple(
        {"order_line_id": str(line.order_line_id), "quantity": line.quantity, "reason": line.reject_reason}
        for line in work.lines[row.id]
    )
    event = FulfillmentRejected(
        stream_id=row.order_id, fulfillment_order_id=row.id, location_id=row.location_id, lines=lines
    )
    record(db, event)
