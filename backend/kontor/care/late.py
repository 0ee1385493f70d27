"""Cases of work that did not leave in time: they end with the lateness."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.care import service
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.care.values import CaseKind
from kontor.care.watching import NOT_LEFT
from kontor.core.db import Session
from kontor.fulfillment.models import FulfillmentOrder

AT_ONCE = 500
WORK = "fulfillment_order_id"


async def settle_late(db: Session, *, now: datetime) -> None:
    """End the cases of late work that is no longer waiting to be shipped."""
    open_cases = await db.scalars(
        sa.select(Case.facts)
        .where(Case.kind == CaseKind.LATE.value, Case.state != CaseState.DONE)
        .order_by(Case.created_at, Case.id)
        .limit(AT_ONCE)
    )
    named = {UUID(facts[WORK]) for facts in open_cases if WORK in facts}
    if not named:
        return
    row = FulfillmentOrder
    there = set(await db.scalars(sa.select(row.id).where(row.id.in_(named), row.state.in_(NOT_LEFT))))
    await service.settle_cases(db, [(CaseKind.LATE, str(row_id)) for row_id in sorted(named - there)], now=now)
