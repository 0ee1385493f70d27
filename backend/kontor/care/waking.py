"""Cases that were put aside and come back by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from kontor.care import deadlines, handing, service
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.care.values import BOUND, CaseKind
from kontor.core.db import Session

AT_ONCE = 500


def due_after(kind: CaseKind, due_at: datetime | None, within: timedelta | None, now: datetime) -> datetime | None:
    """Until when a case is to be done that came back now: as its kind may take from now on, but not before it was due.

    What a bank wants by a day it wants by that day. Pure.
    """
    if within is None or kind in BOUND:
        return due_at
    return now + within if due_at is None else max(due_at, now + within)


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
    if not cases:
        return 0
    there = await handing.able_owners(db, cases)
    set_ones = deadlines.in_force(await deadlines.deadlines_of(db, {CaseKind(case.kind) for case in cases}), now)
    ids = {case.order_id for case in cases if case.order_id is not None} if set_ones.chosen else set()
    channels = await deadlines.channels_of(db, ids)
    for case in cases:
        kind = CaseKind(case.kind)
        within = set_ones.within(kind, channels.get(case.order_id) if case.order_id else None)
        due_at = due_after(kind, case.due_at, within, now)
        owner_id = case.owner_id if case.id in there else None
        service.assign_case(db, case, owner_id=owner_id, now=now, due_at=due_at if due_at != case.due_at else None)
    return len(cases)
