"""Take a whole place out for a while, and back in: no new work until a moment."""

from datetime import datetime, timedelta
from uuid import UUID

from kontor.core import outbox
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.imports.saving import touch_masters
from kontor.locations import queries
from kontor.locations.events import StockLocationsSaved
from kontor.locations.models import StockLocation
from kontor.locations.service import LOCATIONS_STREAM

LONGEST_DAYS = 366


async def pause_location(db: Session, location_id: UUID, *, until: datetime, reason: str) -> StockLocation:
    """No order is routed to the place until that moment; work it has stays. Records StockLocationsSaved.

    Said again, the later call counts. Raises `LocationNotFound`, or `InvalidInput` for a moment that is past or more
    than a year ahead and for a missing reason, which the audit trail keeps.
    """
    if not 1 <= len(reason.strip()) <= 300:
        raise InvalidInput("1 to 300 characters.", code="INVALID_REASON", path=("reason",))
    if not db.now < until <= db.now + timedelta(days=LONGEST_DAYS):
        raise InvalidInput("The end is past or too far ahead.", code="INVALID_EXPIRY", path=("until",))
    return await _pause(db, location_id, until)


async def resume_location(db: Session, location_id: UUID) -> StockLocation:
    """The place gets work again; one that is not paused stays as it is. Raises `LocationNotFound`."""
    return await _pause(db, location_id, None)


async def _pause(db: Session, location_id: UUID, until: datetime | None) -> StockLocation:
    place = await queries.get_stock_location(db, id=location_id)
    await db.refresh(place, with_for_update=True)
    if place.paused_until != until:
        place.paused_until, place.updated_at = until, db.now
        await db.flush()
        await touch_masters(db)
        outbox.record(db, StockLocationsSaved(stream_id=LOCATIONS_STREAM, codes=(place.code,)))
    return place
