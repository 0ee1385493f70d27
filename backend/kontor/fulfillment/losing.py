"""Work that lost its stock: a count or a correction took away what pieces of it were promised.

Inventory gives the promises up and tells so; here the pieces leave the work, so that no place is asked for goods that
are not there. Until then a place that tries to ship them is refused.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.fulfillment import queries
from kontor.fulfillment.canceling import book_canceled, end_row
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.splitting import Counts, is_all
from kontor.fulfillment.states import OPEN_STATES, ParcelState
from kontor.fulfillment.work import Work, count, load_work, lost_pieces, settle_capacity

REASON = "the stock is not there"


async def take_out_lost(db: Session, ids: Iterable[UUID], *, now: datetime) -> None:
    """Take the pieces without stock out of open work; work that has none left is over.

    What is missing is computed from the allocations, so a second call changes nothing. Pieces that were asked to be
    canceled are canceled, all others are routed again with the order.
    """
    work = await load_work(db, ids)
    for row in list(work.rows.values()):
        lost = lost_pieces(work, row) if row.state in OPEN_STATES else {}
        if lost:
            await _take_out(db, work, row, lost, now=now)
    await count(db, work, now=now)
    await settle_capacity(db, work)


async def _take_out(db: Session, work: Work, row: FulfillmentOrder, lost: Counts, *, now: datetime) -> None:
    lines, order = work.lines[row.id], work.order_of(row)
    pieces = {line.order_line_id: lost[line.id] for line in lines if line.id in lost}
    work.free_capacity(row, sum(lost.values()))
    if is_all(lines, lost):
        end_row(db, work, row, REASON, now=now)
    else:
        row.updated_at = now
        for line in lines:
            line.quantity -= lost.get(line.id, 0)
            line.picked = min(line.picked, line.quantity)
            if not line.quantity:
                await db.delete(line)
        for parcel in (await queries.parcels_of(db, [row.id]))[row.id]:
            if parcel.state is ParcelState.CREATED:  # what is in it is no longer known
                parcel.contents, parcel.updated_at = [], now
    if row.cancel_requested:
        await book_canceled(
            db, order, work.order_lines[order.id], pieces, reason=row.cancel_reason or REASON,
            changes=work.changes,
        )  # fmt: skip
