"""How often places refuse what routing gives them: measured from their own answers, priced by routing."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState
from kontor.imports.saving import touch_masters
from kontor.locations.models import StockLocation

S = FulfillmentState
LOOKED_BACK = timedelta(days=90)
TRUSTED = 20
"""So many accepted orders every place is credited with: one refusal of a new place says little."""

LEAST_CHANGE = 5
"""A figure that moved by less, in permille, is left: each change makes all processes read the masters again."""


async def measure_rejections(db: Session, *, now: datetime) -> int:
    """Set the share of refused work of every place, in permille of what it answered lately; how many changed.

    Work that is not answered yet, or was canceled, says nothing about the place.
    """
    row = FulfillmentOrder.__table__.c
    refused = sa.func.sum(sa.case((row.state == S.REJECTED, 1), else_=0))
    answered = await db.execute(
        sa.select(row.location_id, refused, sa.func.count())
        .where(row.created_at >= now - LOOKED_BACK, row.state.not_in([S.SCHEDULED, S.OPEN, S.ON_HOLD, S.CANCELED]))
        .group_by(row.location_id)
    )
    found = {location_id: 1000 * int(no) // (count + TRUSTED) for location_id, no, count in answered}
    known = await db.execute(sa.select(StockLocation.id, StockLocation.rejection_permille).order_by(StockLocation.id))
    changed = 0
    for location_id, before in known.all():
        after = found.get(location_id, 0)
        if abs(after - before) >= LEAST_CHANGE or (before and not after):
            changed += 1
            await db.execute(
                sa.update(StockLocation).where(StockLocation.id == location_id).values(rejection_permille=after)
            )
    if changed:
        await touch_masters(db)
    return changed
