"""What a partner still has in hand, and taking it back: each order moved or canceled, with an outcome of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from kontor.core.db import Session, chunks, in_key_order
from kontor.core.errors import InvalidInput, KontorError
from kontor.core.outbox import record
from kontor.fulfillment.canceling import WAITING, end_and_cancel
from kontor.fulfillment.errors import FulfillmentOrderNotFound
from kontor.fulfillment.events import CancellationAsked
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.rerouting import reroute
from kontor.fulfillment.states import OPEN_STATES, FulfillmentState
from kontor.fulfillment.work import check_state, load_work, pick_row
from kontor.inventory.models import Allocation, Reservation, StockLevel
from kontor.locations.models import StockLocation

S = FulfillmentState
BEGUN = (S.ACCEPTED, S.PICKED, S.PACKED)
MOST = 100


class Clearing(StrEnum):
    """What becomes of open work: another place gets it, or the customer does not get it."""

    MOVE = "MOVE"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class OpenWork:
    """How much a partner has in hand: orders, articles with stock, reservations, and orders whose stock is there."""

    orders: int = 0
    articles: int = 0
    reservations: int = 0
    promised: int = 0


async def open_work_of(db: Session, partner_ids: Sequence[UUID]) -> dict[UUID, OpenWork]:
    """The open work of partners, a fixed number of statements for all of them.

    `promised` are orders that were not given to a place yet and are planned anew when they are.
    """
    orders = await _counts(db, partner_ids, _orders())
    articles = await _counts(db, partner_ids, _at_places(StockLevel.variant_id, StockLevel, StockLevel.on_hand > 0))
    kept = await _counts(db, partner_ids, _at_places(Reservation.id, Reservation, Reservation.quantity > 0))
    waiting = Allocation.fulfillment_order_id.is_(None)
    promised = await _counts(db, partner_ids, _at_places(Allocation.order_id, Allocation, waiting))
    return {
        row_id: OpenWork(orders.get(row_id, 0), articles.get(row_id, 0), kept.get(row_id, 0), promised.get(row_id, 0))
        for row_id in partner_ids
    }


def _orders() -> sa.Select[UUID | None, int]:
    row = FulfillmentOrder
    return sa.select(row.partner_id, sa.func.count()).where(row.state.in_(OPEN_STATES)).group_by(row.partner_id)


def _at_places(
    what: InstrumentedAttribute[UUID],
    model: type[StockLevel] | type[Reservation] | type[Allocation],
    condition: sa.ColumnElement[bool],
) -> sa.Select[UUID | None, int]:
    """How many different things of a kind lie at each partner's places."""
    return (
        sa.select(StockLocation.partner_id, sa.func.count(what.distinct()))
        .join(model, model.location_id == StockLocation.id)
        .where(condition)
        .group_by(StockLocation.partner_id)
    )


async def _counts(db: Session, partner_ids: Sequence[UUID], statement: sa.Select[UUID | None, int]) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    column = statement.selected_columns[0]
    for part in chunks(in_key_order(partner_ids)):
        for partner_id, count in await db.execute(statement.where(column.in_(part))):
            assert partner_id is not None
            found[partner_id] = int(count)
    return found


async def clear_work(
    db: Session, partner_id: UUID, ids: Sequence[UUID], how: Clearing, *, reason: str, now: datetime
) -> list[FulfillmentOrder | KontorError]:
    """Take orders back from a partner; the fulfillment order, or its refusal, in the position of each id.

    Moved work goes to another place or stays, when there is none (`NoOtherPlace`). Canceled work that the partner has
    begun is asked back: it answers whether it is not on its way already. Raises `InvalidInput` for the call as a whole.
    """
    if not 1 <= len(ids) <= MOST:
        raise InvalidInput(f"1 to {MOST} rows.", code="INVALID_BATCH", path=("fulfillmentOrderIds",), max=MOST)
    if not 1 <= len(reason.strip()) <= 300:
        raise InvalidInput("1 to 300 characters.", code="INVALID_REASON", path=("reason",))
    rows = (
        await load_work(db, ids, principal=db.principal)
    ).rows  # all orders are locked in key order before any is touched
    own = {row_id for row_id, row in rows.items() if row.partner_id == partner_id}
    results: list[FulfillmentOrder | KontorError] = []
    for row_id in ids:
        try:
            if row_id not in own:
                raise FulfillmentOrderNotFound("There is no such fulfillment order.", fulfillment_order_id=str(row_id))
            async with db.savepoint():
                results.append(await _clear(db, row_id, how, reason.strip(), now))
        except KontorError as refusal:
            results.append(refusal)
    return results


async def _clear(db: Session, row_id: UUID, how: Clearing, reason: str, now: datetime) -> FulfillmentOrder:
    if how is Clearing.MOVE:
        row, _ = await reroute(db, row_id, reason=reason, now=now)
        return row
    work = await load_work(db, [row_id])
    row = pick_row(work, row_id, set())
    if row.state in WAITING or (row.state is S.ON_HOLD and row.held_from in WAITING):
        await end_and_cancel(db, work, row, reason=reason, now=now)
        return row
    check_state(row, *BEGUN)
    if not row.cancel_requested:
        row.cancel_requested, row.cancel_reason, row.updated_at = True, reason, now
        record(db, CancellationAsked(stream_id=row.order_id, fulfillment_order_id=row.id))
    return row
