"""Reading the event log in its order, which is by transaction, then position.

A position alone may be taken early and committed late: nobody reads past a transaction that is still open.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from kontor.core.outbox import START, EventRecord, Place

if TYPE_CHECKING:
    from kontor.core.db import Session

_CLOSED = sa.text("event.transaction < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)")
LARGEST = 2**63 - 1


def place_of(text: str) -> Place:
    """The place that a reader was told; raises `ValueError` for a text that is none."""
    transaction, _, position = text.partition(".")
    place = int(transaction), int(position)
    if not all(-1 <= number <= LARGEST for number in place):
        raise ValueError("no place in the log")
    return place


async def read_log(
    db: Session,
    after: Place | None,
    *,
    limit: int = 500,
    stream_id: UUID | None = None,
    names: Collection[str] | None = None,
    without: Collection[str] = (),
    back: bool = False,
) -> list[EventRecord]:
    """Events after a place in the log (None: from its beginning), in its order, none of a transaction that is open.

    `back` reads towards the beginning: the events before a place (None: from the end), the latest first.
    """
    found = sa.select(EventRecord)
    if after is not None:
        place, known = sa.tuple_(EventRecord.transaction, EventRecord.position), sa.tuple_(*map(sa.literal, after))
        found = found.where(place < known if back else place > known)
    if stream_id is not None:
        found = found.where(EventRecord.stream_id == stream_id)
    if names is not None:
        found = found.where(EventRecord.name.in_(names))
    if without:
        found = found.where(EventRecord.name.not_in(without))
    if not db.sqlite:
        found = found.where(_CLOSED)
    order = EventRecord.transaction, EventRecord.position
    return list(await db.scalars(found.order_by(*(each.desc() if back else each for each in order)).limit(limit)))


async def end_of_log(db: Session) -> Place:
    """The place from which a reader sees whatever is not told yet: behind it no transaction is open."""
    found = sa.select(EventRecord.transaction, EventRecord.position)
    if not db.sqlite:
        found = found.where(_CLOSED)
    last = (
        await db.execute(found.order_by(EventRecord.transaction.desc(), EventRecord.position.desc()).limit(1))
    ).first()
    return START if last is None else (last[0], last[1])
