"""A place's answer piece by piece: some taken on now, some for a later day, some refused, the rest still open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.principal import Principal
from kontor.fulfillment.answering import Acceptance, RejectedPieces, accept, check_day, reject, take_on
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder
from kontor.fulfillment.splitting import counts_of, is_all
from kontor.fulfillment.states import FulfillmentState
from kontor.fulfillment.values import Pieces
from kontor.fulfillment.work import (
    check_moving,
    check_state,
    check_stock,
    load_work,
    pick_row,
    settle_capacity,
    settle_splits,
    split,
)

S = FulfillmentState


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the pieces of a fulfillment order; those not named wait for an answer of their own."""

    accepted: tuple[Pieces, ...] = ()
    later: tuple[Pieces, ...] = ()
    expected_on: date | None = None
    rejected: tuple[RejectedPieces, ...] = ()


async def decide(
    db: Session,
    fulfillment_order_id: UUID,
    decision: Decision,
    *,
    now: datetime,
    principal: Principal | None = None,
    withdrawable: bool = False,
) -> list[FulfillmentOrder]:
    """Answer piece by piece in one go; the fulfillment orders that have an answer now, each of one state.

    Raises `WrongState` unless the work is open, `InvalidQuantity` for more pieces than there are, `InvalidInput` when
    nothing is named or the day of the later pieces is missing.
    """
    work = await load_work(db, [fulfillment_order_id], principal=principal)
    row = pick_row(work, fulfillment_order_id, set())
    check_state(row, S.OPEN)
    check_moving(work, row)
    check_decision(work.lines[row.id], decision, now)
    answered = []
    if decision.rejected:
        answered.append(
            await reject(
                db, row.id, decision.rejected, now=now, principal=principal, withdrawable=withdrawable
            )
        )  # fmt: skip
        await db.flush()
    if decision.later:
        answered.append(await _postpone(db, row.id, decision, now=now, withdrawable=withdrawable))
        await db.flush()
    if decision.accepted:
        request = Acceptance(row.id, decision.accepted)
        answered.append(await accept(db, request, now=now, principal=principal, withdrawable=withdrawable))
    return answered


def check_decision(lines: Sequence[FulfillmentLine], decision: Decision, now: datetime) -> None:
    """Raise `InvalidInput` (or `InvalidQuantity`) for a decision the lines do not allow, naming what is wrong."""
    named: list[Pieces] = []
    for field, pieces in (("accept", decision.accepted), ("later", decision.later)):
        if pieces:
            counts_of(lines, pieces, field)
            named += pieces
    if decision.rejected:
        refused = [Pieces(each.line_id, each.quantity) for each in decision.rejected]
        counts_of(lines, refused, "reject")
        named += refused
    counts_of(lines, named, "accept")  # together no more than there are; something has to be named
    if decision.later and decision.expected_on is None:
        raise InvalidInput("Name the day on which the pieces leave.", code="INVALID_DATE", path=("expectedOn",))
    check_day(decision.expected_on, now)


async def _postpone(
    db: Session, row_id: UUID, decision: Decision, *, now: datetime, withdrawable: bool
) -> FulfillmentOrder:
    """Take pieces on for a later day, as work of their own unless they are all there is."""
    work = await load_work(db, [row_id])
    row = pick_row(work, row_id, set())
    counts = counts_of(work.lines[row.id], decision.later, "later")
    if not is_all(work.lines[row.id], counts):
        check_stock(work, row)
        row = split(db, work, row, counts, now=now, state=S.OPEN)
        await settle_splits(db, work)
    row.expected_on = decision.expected_on
    take_on(db, work, row, now=now, withdrawable=withdrawable)
    await settle_capacity(db, work)
    return row
