"""Write what carriers answered."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.carriers import queries
from kontor.carriers.events import LabelCreated, LabelRefused
from kontor.carriers.models import CarrierLabel
from kontor.carriers.ports import Done, Made, Progress, Refused, TrackingNews
from kontor.carriers.service import begin_cancel, end_canceled
from kontor.carriers.states import LABEL, LabelState
from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.core.principal import SYSTEM
from kontor.core.statemachine import transition
from kontor.fulfillment.delivering import Delivery, record_deliveries
from kontor.fulfillment.models import FulfillmentOrder, Parcel
from kontor.fulfillment.stalling import note_progress
from kontor.fulfillment.states import ParcelState

S = LabelState
STILL = timedelta(days=4)  # without news for so long a parcel is looked after
ASKED_EVERY = timedelta(hours=4)
AWAY_FOR = timedelta(minutes=10)
FORGOTTEN_AFTER = timedelta(days=60)


async def end_made(
    db: Session, label_id: UUID, made: Made, document_id: UUID, *, tracks: bool, now: datetime
) -> None:  # fmt: skip
    """The carrier made the label: the parcel bears its number, and is asked about where the carrier `tracks`.

    Taken back at once if that was asked meanwhile, or if the goods left in other parcels.
    """
    label, parcel, row = await _locked(db, label_id)
    if label.state is not S.REQUESTED:
        return
    transition(db, label, S.CREATED, table=LABEL, now=now)
    label.tracking_number, label.tracking_url = made.tracking_number, made.tracking_url or None
    label.document_id, label.track_at, label.updated_at = document_id, now if tracks else None, now
    label.problem = label.problem_code = None
    if label.cancel_asked or parcel.state is ParcelState.VOIDED:
        begin_cancel(db, label, now=now)
        return
    _bear(db, label, parcel, row, now=now)


def _bear(db: Session, label: CarrierLabel, parcel: Parcel, row: FulfillmentOrder, *, now: datetime) -> None:
    """The parcel bears the number of its label."""
    parcel.carrier, parcel.tracking_number = label.asked["carrier"], label.tracking_number
    parcel.tracking_url, parcel.updated_at = label.tracking_url, now
    record(
        db,
        LabelCreated(
            stream_id=row.order_id, label_id=label.id, parcel_id=parcel.id, fulfillment_order_id=row.id,
            carrier=label.asked["carrier"], tracking_number=label.tracking_number or "",
        ),
    )  # fmt: skip


async def end_refused(db: Session, label_id: UUID, refused: Refused, *, now: datetime) -> None:
    """The carrier will not make the label; its words stay on it."""
    label, parcel, row = await _locked(db, label_id)
    if label.state is not S.REQUESTED:
        return
    transition(db, label, S.REFUSED, table=LABEL, now=now, reason=refused.message[:500])
    _note(label, refused, now)
    record(
        db,
        LabelRefused(
            stream_id=row.order_id, label_id=label.id, parcel_id=parcel.id, fulfillment_order_id=row.id,
            code=refused.code,
        ),
    )  # fmt: skip


async def end_unknown(db: Session, label_id: UUID, *, now: datetime) -> None:
    """Nobody can tell what became of the order of a label, and ordering again could cost twice: a person decides."""
    label, _, _ = await _locked(db, label_id)
    if label.state is S.REQUESTED:
        transition(db, label, S.UNKNOWN, table=LABEL, now=now)
        _note(label, Refused("OUTCOME_UNKNOWN", "The carrier did not say whether the label was made."), now)


async def end_cancel(db: Session, label_id: UUID, outcome: Done | Refused, *, now: datetime) -> None:
    """The carrier took the label back, or did not."""
    label, parcel, row = await _locked(db, label_id)
    if label.state is not S.CANCELING:
        return
    if isinstance(outcome, Done):
        await end_canceled(db, label, parcel, now=now)
    else:
        transition(db, label, S.CREATED, table=LABEL, now=now, reason=outcome.message[:500])
        _note(label, outcome, now)
        if label.cancel_asked and parcel.tracking_number is None and parcel.state is ParcelState.CREATED:
            _bear(db, label, parcel, row, now=now)  # it was taken back before the parcel ever bore it
        label.cancel_asked = False


def _note(label: CarrierLabel, refused: Refused, now: datetime) -> None:
    label.problem_code, label.problem, label.updated_at = refused.code[:60], refused.message[:500], now


async def note_closed(db: Session, account_id: UUID, outcomes: dict[str, Done | Refused], *, now: datetime) -> None:
    """What a close-out answered for each tracking number of an account."""
    found = sa.select(CarrierLabel).where(
        CarrierLabel.account_id == account_id, CarrierLabel.tracking_number.in_(list(outcomes))
    )
    for label in await db.scalars(found.order_by(CarrierLabel.id).with_for_update()):
        outcome = outcomes[label.tracking_number or ""]
        if isinstance(outcome, Refused):
            _note(label, outcome, now)
        else:
            label.closed_at = label.closed_at or now
            label.updated_at = now


async def note_tracking(db: Session, label_id: UUID, news: TrackingNews | None, *, now: datetime) -> None:
    """What a carrier says of a parcel: delivered, sent back, stuck or moving. Without news for days it is stuck too."""
    label = await db.get_one(CarrierLabel, label_id)
    parcel = await db.get_one(Parcel, label.parcel_id)
    progress = news.progress if news is not None else Progress.UNKNOWN
    moved = progress is Progress.UNDER_WAY and (news is None or news.at is None or news.at != label.moved_at)
    last = (
        (news.at if news is not None and progress is Progress.UNDER_WAY else None) or label.moved_at or label.created_at
    )
    if progress is Progress.DELIVERED and news is not None:
        at = min(news.at, now) if news.at else None
        await record_deliveries(db, [Delivery(tracking_number=label.tracking_number, delivered_at=at)], now=now)
    elif progress is Progress.SENT_BACK and news is not None:
        await note_progress(db, label.fulfillment_order_id, parcel.id, ParcelState.RETURNED, reason=news.text, now=now)
    elif progress is Progress.STALLED or now - last > STILL:
        reason = news.text if news is not None and progress is Progress.STALLED else f"no news since {last:%Y-%m-%d}"
        await note_progress(db, label.fulfillment_order_id, parcel.id, ParcelState.EXCEPTION, reason=reason, now=now)
    elif moved:
        text = news.text if news is not None else ""
        await note_progress(db, label.fulfillment_order_id, parcel.id, ParcelState.IN_TRANSIT, reason=text, now=now)
    locked = await queries.lock_label(db, label_id)
    ended = progress in (Progress.DELIVERED, Progress.SENT_BACK) or now - locked.created_at > FORGOTTEN_AFTER
    locked.progress, locked.track_at = progress.value, None if ended else now + ASKED_EVERY
    if news is not None and news.at is not None and progress is Progress.UNDER_WAY:
        locked.moved_at = news.at


async def track_no_more(db: Session, account_id: UUID) -> None:
    """The carrier of an account tells nothing of parcels: none of its labels is asked about."""
    await db.execute(_of_account(account_id).values(track_at=None))


async def ask_later(db: Session, account_id: UUID, *, now: datetime) -> None:
    """The carrier of an account does not answer: its labels that are due wait behind those of others."""
    later = _of_account(account_id).where(CarrierLabel.track_at <= now)
    await db.execute(later.values(track_at=now + AWAY_FOR))


def _of_account(account_id: UUID) -> sa.Update:
    return (
        sa.update(CarrierLabel)
        .where(CarrierLabel.account_id == account_id, CarrierLabel.track_at.is_not(None))
        .execution_options(synchronize_session=False)
    )


async def _locked(db: Session, label_id: UUID) -> tuple[CarrierLabel, Parcel, FulfillmentOrder]:
    """A label with its parcel and work, locked from the top."""
    label = await db.get_one(CarrierLabel, label_id)
    parcel, row = await queries.lock_parcel(db, label.parcel_id, SYSTEM)
    return await queries.lock_label(db, label_id), parcel, row


def due_for_tracking(now: datetime) -> sa.Select[Any, Any, Any]:
    """Labels of parcels on their way that are to be asked about, the longest waiting first."""
    return (
        sa.select(CarrierLabel.id, CarrierLabel.tracking_number, CarrierLabel.account_id)
        .join(Parcel, Parcel.id == CarrierLabel.parcel_id)
        .where(
            CarrierLabel.state == S.CREATED,
            CarrierLabel.track_at <= now,
            Parcel.state.in_([ParcelState.IN_TRANSIT, ParcelState.EXCEPTION]),
        )
        .order_by(CarrierLabel.track_at, CarrierLabel.id)
    )
