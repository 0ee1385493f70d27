"""How long cases of each kind may take: ours, or as a retailer has set it, by channel and from a moment on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from kontor.care.errors import InvalidDeadline
from kontor.care.models import CaseDeadline
from kontor.care.values import BOUND, DEADLINES, CaseKind
from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.orders.models import Order

MOST_HOURS = 2000
FARTHEST = timedelta(days=365)
Place = tuple[str, UUID | None]


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The deadlines in force, by kind and channel; None as channel stands for all channels."""

    chosen: Mapping[Place, CaseDeadline]

    def within(self, kind: CaseKind, channel_id: UUID | None) -> timedelta | None:
        """How long a case may take: as its channel says, else as all say, else as we do; None for no deadline."""
        row = self.row(kind, channel_id)
        if row is None:
            return DEADLINES.get(kind)
        return None if row.hours is None else timedelta(hours=row.hours)

    def row(self, kind: CaseKind, channel_id: UUID | None) -> CaseDeadline | None:
        """What a retailer has set for a kind; None where ours counts."""
        return self.chosen.get((kind.value, channel_id)) or self.chosen.get((kind.value, None))


def in_force(rows: Sequence[CaseDeadline], now: datetime) -> Deadlines:
    """Of each kind and channel what counts now: what began last. Pure."""
    chosen: dict[Place, CaseDeadline] = {}
    for row in sorted(rows, key=lambda row: (row.valid_from, row.created_at, row.id)):
        if row.valid_from <= now:
            chosen[row.kind, row.channel_id] = row
    return Deadlines(chosen)


def due_after(kind: CaseKind, due_at: datetime | None, within: timedelta | None, now: datetime) -> datetime | None:
    """Until when a case is to be done that came back now: as its kind may take from now on, but not before it was due.

    What a bank wants by a day it wants by that day. Pure.
    """
    if within is None or kind in BOUND:
        return due_at
    return now + within if due_at is None else max(due_at, now + within)


async def deadlines_of(db: Session, kinds: Collection[CaseKind] | None = None) -> list[CaseDeadline]:
    """All that was ever set for these kinds, or any; the newest first."""
    found = sa.select(CaseDeadline).order_by(CaseDeadline.valid_from.desc(), CaseDeadline.created_at.desc())
    if kinds is not None:
        found = found.where(CaseDeadline.kind.in_([kind.value for kind in kinds]))
    return list(await db.scalars(found.order_by(CaseDeadline.id.desc())))


async def channels_of(db: Session, order_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The channels of orders."""
    if not order_ids:
        return {}
    found = sa.select(Order.id, Order.channel_id).where(Order.id.in_(order_ids))
    return {row.id: row.channel_id for row in await db.execute(found)}


async def set_deadline(
    db: Session,
    kind: CaseKind,
    hours: int | None,
    *,
    channel_id: UUID | None = None,
    valid_from: datetime | None = None,
    now: datetime,
) -> CaseDeadline:
    """How long cases of a kind that are raised from then on may take; what is raised already keeps its deadline.

    Without hours they have none, without a moment it counts at once. Raises `InvalidDeadline` naming the field.
    """
    if hours is not None and not 1 <= hours <= MOST_HOURS:
        raise InvalidDeadline(f"1 to {MOST_HOURS} hours.", code="DEADLINE_HOURS", path=("hours",), max=MOST_HOURS)
    begins = valid_from or now
    if not now - timedelta(minutes=1) <= begins <= now + FARTHEST:
        raise InvalidDeadline("From now on or within a year.", code="INVALID_DATE", path=("validFrom",))
    if channel_id is not None and await db.get(SalesChannel, channel_id) is None:
        raise InvalidDeadline("There is no such channel.", code="CHANNEL_NOT_FOUND", path=("channelId",))
    row = CaseDeadline(
        id=new_id(), kind=kind.value, channel_id=channel_id, hours=hours, valid_from=begins, created_at=now,
        created_by=db.by,
    )  # fmt: skip
    db.add(row)
    await db.flush()
    return row
