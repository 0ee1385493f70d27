"""What carriers and people tell of parcels under way: stuck, moving again, lost or back. Arrivals are `delivering`."""

from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.outbox import record
from kontor.core.principal import Principal
from kontor.core.statemachine import transition
from kontor.fulfillment import queries
from kontor.fulfillment.errors import ParcelNotFound, WrongState
from kontor.fulfillment.events import ParcelLost, ParcelReturned
from kontor.fulfillment.models import Parcel
from kontor.fulfillment.states import PARCEL, ParcelState
from kontor.fulfillment.work import load_work

P = ParcelState
# From which states each piece of news is one. A carrier that has lost a parcel does not know yet what became of it.
NEWS = {
    P.EXCEPTION: frozenset({P.IN_TRANSIT}),
    P.IN_TRANSIT: frozenset({P.EXCEPTION}),
    P.LOST: frozenset({P.IN_TRANSIT, P.EXCEPTION}),
    P.RETURNED: frozenset({P.IN_TRANSIT, P.EXCEPTION, P.LOST}),
}
_EVENTS = {P.LOST: ParcelLost, P.RETURNED: ParcelReturned}
LONGEST_REASON = 500


async def note_progress(
    db: Session, fulfillment_order_id: UUID, parcel_id: UUID, to: ParcelState, *, reason: str, now: datetime
) -> Parcel | None:
    """A parcel is stuck, moves again, is lost or back with its sender: the parcel if that is news, else None.

    Locks the order first. Records ParcelLost, ParcelReturned.
    """
    work = await load_work(db, [fulfillment_order_id])
    parcels = (await queries.parcels_of(db, [fulfillment_order_id]))[fulfillment_order_id]
    parcel = next((each for each in parcels if each.id == parcel_id), None)
    if parcel is None or parcel.state not in NEWS[to]:
        return None
    transition(db, parcel, to, table=PARCEL, now=now, reason=reason[:LONGEST_REASON] or None)
    parcel.updated_at = now
    told = _EVENTS.get(to)
    if told is not None:
        order_id = work.rows[fulfillment_order_id].order_id
        record(db, told(stream_id=order_id, fulfillment_order_id=fulfillment_order_id, parcel_id=parcel_id,
                        reason=reason[:LONGEST_REASON]))  # fmt: skip
    return parcel


async def report_parcel(
    db: Session, parcel_id: UUID, to: ParcelState, *, reason: str, now: datetime, principal: Principal
) -> Parcel:
    """Somebody knows what became of a parcel that no carrier tells of. Said twice, it is true once.

    Raises `ParcelNotFound`, `WrongState` for one that has not left or has arrived, `InvalidInput` for the reason.
    """
    if len(reason) > LONGEST_REASON:
        raise InvalidInput("At most 500 characters.", code="INVALID_TEXT", path=("reason",))
    # Only the key: the row itself is read once its order is locked.
    seen = queries.parcels_visible_to(principal).where(Parcel.id == parcel_id)
    row_id = await db.scalar(seen.with_only_columns(Parcel.fulfillment_order_id))
    if row_id is None:
        raise ParcelNotFound("There is no such parcel.", path=("parcelId",))
    told = await note_progress(db, row_id, parcel_id, to, reason=reason.strip(), now=now)
    parcel = told if told is not None else await db.get_one(Parcel, parcel_id)
    if parcel.state is not to:
        raise WrongState(f"The parcel is {parcel.state}.", state=str(parcel.state), path=("parcelId",))
    return parcel
