"""What carriers tell of parcels under way: stuck, or moving again. Arrivals are `delivering`."""

from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.statemachine import transition
from kontor.fulfillment import queries
from kontor.fulfillment.models import Parcel
from kontor.fulfillment.states import PARCEL, ParcelState
from kontor.fulfillment.work import load_work


async def note_progress(
    db: Session, fulfillment_order_id: UUID, parcel_id: UUID, *, stalled: bool, reason: str, now: datetime
) -> Parcel | None:
    """A parcel is stuck, or moves again: the parcel if that is news, else None. Locks the order first."""
    await load_work(db, [fulfillment_order_id])
    parcels = (await queries.parcels_of(db, [fulfillment_order_id]))[fulfillment_order_id]
    parcel = next((each for each in parcels if each.id == parcel_id), None)
    before = ParcelState.IN_TRANSIT if stalled else ParcelState.EXCEPTION
    if parcel is None or parcel.state is not before:
        return None
    after = ParcelState.EXCEPTION if stalled else ParcelState.IN_TRANSIT
    transition(db, parcel, after, table=PARCEL, now=now, reason=reason[:500] or None)
    parcel.updated_at = now
    return parcel
