"""Cases that were put aside and come back by themselves."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from kontor.care import service
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.core.db import Session

AT_ONCE = 500


async def wake(db: Session, *, now: datetime) -> int:
    """Give the cases whose day has come back to their owners, to all where the owner is gone; how many."""
    found = await db.scalars(
        sa.select(Case)
        .where(Case.wait_until <= now, Case.state == CaseState.WAITING)
        .order_by(Case.wait_until, Case.id)
        .limit(AT_ONCE)
        .with_for_update(of=Case, skip_locked=True)
    )
    cases = found.all()
    await service.give_back(db, cases, now=now)
    return len(cases)
