"""A place's answer to its work: take it on, refuse pieces, interrupt it. Batches; each request has its own result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.errors import InvalidInput, KontorError
from kontor.core.outbox import record
from kontor.core.principal import Principal
from kontor.fulfillment.canceling import book_canceled
from kontor.fulfillment.errors import FulfillmentLineNotFound
from kontor.fulfillment.events import FulfillmentAccepted, FulfillmentEscalated, FulfillmentRejected
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.splitting import Counts, counts_of, is_all, rest_of
from kontor.fulfillment.states import FulfillmentState, RejectReason
from kontor.fulfillment.values import Pieces
from kontor.fulfillment.work import (
    Work,
    check_kept,
    check_moving,
    check_state,
    check_stock,
    count,
    load_work,
    one,
    pick_row,
    settle_capacity,
    settle_splits,
    split,
    step,
)
from kontor.inventory import allocations as stock
from kontor.inventory.allocating import Key, movement_row, write_movements
from kontor.inventory.models import MovementKind

S = FulfillmentState
REFUSABLE = (S.OPEN, S.ACCEPTED, S.PICKED, S.PACKED)
Result = FulfillmentOrder | KontorError


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A place takes work on: all of it, or some pieces; the others are split off and wait for their own answer."""

    fulfillment_order_id: UUID
    pieces: tuple[Pieces, ...] | None = None


@dataclass(frozen=True, slots=True)
class RejectedPieces:
    """Pieces of a line a place does not serve, and why."""

    line_id: UUID
    quantity: int
    reason: RejectReason
    note: str | None = None


async def accept_all(
    db: Session, requests: Sequence[Acceptance], *, now: datetime, principal: Principal | None = None
) -> list[Result]:
    """Take work on; the fulfillment order, or the refusal, of each request in its position."""
    work = await load_work(db, [each.fulfillment_order_id for each in requests], principal=principal)
    seen: set[UUID] = set()
    results: list[Result] = []
    for each in requests:
        try:
            row = pick_row(work, each.fulfillment_order_id, seen)
            check_kept(row)
            check_state(row, S.OPEN)
            check_moving(work, row)
            counts = counts_of(work.lines[row.id], each.pieces)
            if not is_all(work.lines[row.id], counts):
                check_stock(work, row)
        except KontorError as refusal:
            results.append(refusal)
            continue
        if not is_all(work.lines[row.id], counts):
            split(db, work, row, rest_of(work.lines[row.id], counts), now=now, state=row.state)
        take_on(db, row, now=now)
        results.append(row)
    await settle_splits(db, work)
    await settle_capacity(db, work)
    return results


def take_on(db: Session, row: FulfillmentOrder, *, now: datetime) -> None:
    """The place takes the whole row on."""
    step(db, row, S.ACCEPTED, now=now)
    row.accepted_at = now
    record(db, FulfillmentAccepted(stream_id=row.order_id, fulfillment_order_id=row.id))


async def accept(
    db: Session, request: Acceptance, *, now: datetime, principal: Principal | None = None
) -> FulfillmentOrder:
    """Take work on; raises `FulfillmentOrderNotFound`, `WrongState`, `OrderHeld` or what is wrong with the pieces."""
    return one(await accept_all(db, [request], now=now, principal=principal))


async def reject(
    db: Session,
    fulfillment_order_id: UUID,
    rejected: Sequence[RejectedPieces] | None,
    *,
    now: datetime,
    principal: Principal | None = None,
    reason: RejectReason = RejectReason.OTHER,
) -> FulfillmentOrder:
    """Refuse pieces (None: all of them, for `reason`): they lose their stock and are to be routed again elsewhere.

    Where the reason says the pieces are not there, on hand falls by what was claimed. What is not refused stays as it
    was; the refused pieces become a REJECTED fulfillment order of their own, which is returned. Pieces that were asked
    to be canceled are canceled.
    """
    work = await load_work(db, [fulfillment_order_id], principal=principal)
    row = pick_row(work, fulfillment_order_id, set())
    check_state(row, *REFUSABLE)
    if rejected is None:
        rejected = [RejectedPieces(line.id, line.quantity, reason) for line in work.lines[row.id]]
    _check_once(rejected)
    counts = counts_of(work.lines[row.id], [Pieces(each.line_id, each.quantity) for each in rejected])
    why = {line.order_line_id: each for each in rejected for line in work.lines[row.id] if line.id == each.line_id}
    refused = row
    if not is_all(work.lines[row.id], counts):
        refused = split(db, work, row, counts, now=now, state=row.state)
        await settle_splits(db, work)
    for line in work.lines[refused.id]:
        line.reject_reason = str(why[line.order_line_id].reason)
        line.reject_note = (why[line.order_line_id].note or "")[:300] or None
    step(db, refused, S.REJECTED, now=now, reason=str(rejected[0].reason))
    work.count_parcel(refused, -1)
    await _give_up(db, work, refused, {line_id: each.reason for line_id, each in why.items()})
    _tell_rejected(db, work, refused)
    if refused.cancel_requested:
        pieces = {line.order_line_id: line.quantity for line in work.lines[refused.id]}
        order = work.order_of(refused)
        await book_canceled(
            db, order, work.order_lines[order.id], pieces, reason=refused.cancel_reason or "canceled", now=now,
            changes=work.changes,
        )  # fmt: skip
    await count(db, work, now=now)
    await settle_capacity(db, work)
    return refused


def _check_once(rejected: Sequence[RejectedPieces]) -> None:
    seen: set[UUID] = set()
    for index, each in enumerate(rejected):
        if each.line_id in seen:
            raise InvalidInput(
                "A line is refused once, for one reason.", code="LINE_NAMED_TWICE", path=("lines", index, "lineId")
            )
        seen.add(each.line_id)
    if not rejected:
        raise FulfillmentLineNotFound("Name at least one line.", path=("lines",))


async def _give_up(db: Session, work: Work, row: FulfillmentOrder, reasons: dict[UUID, RejectReason]) -> None:
    """Release the stock of a refused row, and book off what is not there."""
    whole: Counts = {line.id: line.quantity for line in work.lines[row.id]}
    await db.flush()
    slices = stock.cut(work.of_order.get(row.order_id, []), work.cut(row, whole))
    await stock.release(db, slices, reason="refused by the place")
    gone: dict[Key, list[int]] = {}
    movements = []
    for each in slices:
        line_id = each.allocation.order_line_id
        work.add(row.order_id, line_id, allocated=-each.quantity)
        if reasons[line_id].empties_stock:
            gone.setdefault(each.key, [0, 0, 0])[0] -= each.quantity
            movements.append(
                movement_row(
                    db, each.key, MovementKind.WRITE_OFF, on_hand=-each.quantity, order=(row.order_id, line_id),
                    reason=f"refused: {reasons[line_id]}",
                )
            )  # fmt: skip
    await stock.apply(db, gone)
    await write_movements(db, movements)
    work.free_capacity(row, sum(whole.values()))


def _tell_rejected(db: Session, work: Work, row: FulfillmentOrder) -> None:
    lines = tuple(
        {"order_line_id": str(line.order_line_id), "quantity": line.quantity, "reason": line.reject_reason}
        for line in work.lines[row.id]
    )
    event = FulfillmentRejected(
        stream_id=row.order_id, fulfillment_order_id=row.id, location_id=row.location_id, lines=lines
    )
    record(db, event)


async def hold(
    db: Session, fulfillment_order_id: UUID, *, reason: str, now: datetime, principal: Principal | None = None
) -> FulfillmentOrder:
    """Interrupt work; raises `TransitionRefused` when it is over."""
    work = await load_work(db, [fulfillment_order_id], principal=principal)
    row = pick_row(work, fulfillment_order_id, set())
    before = row.state
    step(db, row, S.ON_HOLD, now=now, reason=reason[:500])
    row.held_from = before
    return row


async def unhold(
    db: Session, fulfillment_order_id: UUID, *, now: datetime, principal: Principal | None = None
) -> FulfillmentOrder:
    """Go on where the work was interrupted."""
    work = await load_work(db, [fulfillment_order_id], principal=principal)
    row = pick_row(work, fulfillment_order_id, set())
    check_state(row, S.ON_HOLD)
    step(db, row, row.held_from or S.OPEN, now=now)
    row.held_from = None
    return row


async def escalate(db: Session, fulfillment_order_id: UUID, *, now: datetime) -> bool:
    """A place has not answered in time; False when it has, or when that was said before."""
    work = await load_work(db, [fulfillment_order_id])
    row = pick_row(work, fulfillment_order_id, set())
    if row.state is not S.OPEN or row.escalated_at is not None:
        return False
    row.escalated_at = row.updated_at = now
    event = FulfillmentEscalated(stream_id=row.order_id, fulfillment_order_id=row.id, location_id=row.location_id)
    record(db, event)
    return True
