"""What is said before and after a partner's deadlines. Who loses unanswered work is decided by its process.

An answer is reminded of once, when a quarter of its time is left and never more than `REMINDED_BEFORE`; a partner gets
one reminder for all that is due. Accepted work that has not left in time is told once.
"""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from kontor.core.clock import utc_day
from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.dropship.events import FulfillmentOverdue, PartnerReminded
from kontor.dropship.models import StockAge
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState
from kontor.fulfillment.work import load_work
from kontor.inventory.models import StockLevel
from kontor.locations.models import StockLocation

S = FulfillmentState
AT_ONCE = 200
REMINDED_BEFORE = timedelta(hours=4)
UNSHIPPED = (S.ACCEPTED, S.PICKED, S.PACKED)


async def remind_of_answers(db: Session, *, now: datetime) -> int:
    """Remind partners of orders that must be answered soon; how many orders were named."""
    row = FulfillmentOrder
    due = await db.execute(
        sa.select(row.id, row.created_at, row.due_at)
        .where(row.due_at > now, row.due_at <= now + REMINDED_BEFORE, row.state == S.OPEN, row.reminded_at.is_(None))
        .where(row.partner_id.is_not(None))
        .order_by(row.due_at, row.id)
    )
    # Filtered here, then bounded: many short deadlines must not stand before a long one whose last quarter began.
    near = [row_id for row_id, given, by in due if by is not None and by - now <= (by - given) / 4][:AT_ONCE]
    if not near:
        return 0
    work = await load_work(db, near)
    named: dict[UUID, list[FulfillmentOrder]] = {}
    for found in work.rows.values():
        if found.state is S.OPEN and found.reminded_at is None and found.partner_id is not None:
            found.reminded_at = now
            named.setdefault(found.partner_id, []).append(found)
    for partner_id, rows in sorted(named.items()):
        told = tuple(
            {"id": str(each.id), "number": each.number, "due_at": each.due_at.isoformat() if each.due_at else None}
            for each in sorted(rows, key=lambda each: (each.due_at or now, each.number))
        )
        record(db, PartnerReminded(stream_id=partner_id, fulfillment_orders=told))
    return sum(map(len, named.values()))


async def tell_overdue(db: Session, *, now: datetime) -> int:
    """Say of accepted work that has not left in time that it is overdue; how many were told."""
    row = FulfillmentOrder
    late = await db.scalars(
        sa.select(row.id)
        .where(row.ship_due_at < now, row.state.in_(UNSHIPPED), row.overdue_at.is_(None), row.partner_id.is_not(None))
        .order_by(row.ship_due_at, row.id)
        .limit(AT_ONCE)
    )
    ids = list(late)
    if not ids:
        return 0
    told = 0
    for found in (await load_work(db, ids)).rows.values():
        if found.state not in UNSHIPPED or found.overdue_at is not None or found.partner_id is None:
            continue
        assert found.ship_due_at is not None
        found.overdue_at = found.updated_at = now
        record(
            db, FulfillmentOverdue(
                stream_id=found.order_id, fulfillment_order_id=found.id, partner_id=found.partner_id,
                number=found.number, ship_due_at=found.ship_due_at.isoformat(),
            )
        )  # fmt: skip
        told += 1
    return told


async def note_stock_age(db: Session, *, now: datetime) -> None:
    """Remember how old the stock figures of every partner's places are today; said again, the later number counts."""
    today = utc_day(now)
    rows = await db.execute(
        sa.select(StockLocation.partner_id, StockLevel.as_of, sa.func.count())
        .join(StockLevel, StockLevel.location_id == StockLocation.id)
        .where(StockLocation.partner_id.is_not(None), StockLocation.active)
        .group_by(StockLocation.partner_id, StockLevel.as_of)
    )
    sums: dict[UUID, tuple[int, float]] = {}
    for partner_id, as_of, count in rows:
        assert partner_id is not None
        levels, hours = sums.get(partner_id, (0, 0.0))
        sums[partner_id] = (levels + count, hours + count * max(0.0, (now - as_of).total_seconds() / 3600))
    if not sums:
        return
    await db.execute(
        sa.delete(StockAge)
        .where(StockAge.day == today, StockAge.partner_id.in_(sums))
        .execution_options(synchronize_session=False)
    )
    db.add_all(
        StockAge(partner_id=partner_id, day=today, levels=levels, hours=round(hours))
        for partner_id, (levels, hours) in sorted(sums.items())
    )
    await db.flush()
