"""A place's answer to its work: take it on, refuse pieces, interrupt it. Batches; each request has its own result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from kontor.core.db import Session
from kontor.core.errors import InvalidInput, KontorError
from kontor.core.outbox import record
from kontor.core.principal import Principal
from kontor.fulfillment.canceling import book_canceled
from kontor.fulfillment.errors import FulfillmentLineNotFound
from kontor.fulfillment.events import FulfillmentEscalated
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.splitting import Counts, counts_of, is_all, rest_of
from kontor.fulfillment.states import FulfillmentState, RejectReason
from kontor.fulfillment.telling import (
    ACCEPTED_KEPT,
    REJECTED_KEPT,
    keep_back,
    kept_until,
    tell_accepted,
    tell_kept,
    tell_rejected,
)
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
from kontor.inventory.allocating import Key, lock_levels, movement_row, write_movements
from kontor.inventory.models import MovementKind

S = FulfillmentState
LATEST = timedelta(days=365)
REFUSABLE = (S.OPEN, S.ACCEPTED, S.PICKED, S.PACKED)
Result = FulfillmentOrder | KontorError


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A place takes work on: all of it, or some pieces; the others are split off and wait for their own answer.

    `expected_on` is the day the goods leave where that is later than planned.
    """

    fulfillment_order_id: UUID
    pieces: tuple[Pieces, ...] | None = None
    expected_on: date | None = None


@dataclass(frozen=True, slots=True)
class RejectedPieces:
    """Pieces of a line a place does not serve, and why; with `sells_out` nothing of the article is there any more."""

    line_id: UUID
    quantity: int
    reason: RejectReason
    note: str | None = None
    sells_out: bool = False


async def accept_all(
    db: Session,
    requests: Sequence[Acceptance],
    *,
    now: datetime,
    principal: Principal | None = None,
    withdrawable: bool = False,
) -> list[Result]:
    """Take work on; the fulfillment order, or the refusal, of each request in its position.

    With `withdrawable` nobody hears of it before the time to take it back has passed; that ends when the answer is
    due.
    """
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
            check_day(each.expected_on, now)
            if not is_all(work.lines[row.id], counts):
                check_stock(work, row)
        except KontorError as refusal:
            results.append(refusal)
            continue
        if not is_all(work.lines[row.id], counts):
            split(db, work, row, rest_of(work.lines[row.id], counts), now=now, state=row.state)
        row.expected_on = each.expected_on
        take_on(db, work, row, now=now, withdrawable=withdrawable)
        results.append(row)
    await settle_splits(db, work)
    await settle_capacity(db, work)
    return results


def check_day(day: date | None, now: datetime) -> None:
    """Raise `InvalidInput` for a day on which goods cannot leave; somewhere it may still be yesterday."""
    if day is None:
        return
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    if not now - timedelta(days=1) <= noon <= now + LATEST:
        raise InvalidInput("A day of the coming year.", code="INVALID_DATE", path=("expectedOn",))


def take_on(db: Session, work: Work, row: FulfillmentOrder, *, now: datetime, withdrawable: bool = False) -> None:
    """The place takes the whole row on."""
    step(db, row, S.ACCEPTED, now=now)
    row.accepted_at = now
    until = kept_until(row, S.OPEN, ACCEPTED_KEPT, now=now)
    if withdrawable and until > now:
        keep_back(db, row, S.OPEN, until=until)
    else:
        tell_accepted(db, work, row)


async def accept(
    db: Session,
    request: Acceptance,
    *,
    now: datetime,
    principal: Principal | None = None,
    withdrawable: bool = False,
) -> FulfillmentOrder:
    """Take work on; raises `FulfillmentOrderNotFound`, `WrongState`, `OrderHeld` or what is wrong with the pieces."""
    return one(await accept_all(db, [request], now=now, principal=principal, withdrawable=withdrawable))


async def reject(
    db: Session,
    fulfillment_order_id: UUID,
    rejected: Sequence[RejectedPieces] | None,
    *,
    now: datetime,
    principal: Principal | None = None,
    reason: RejectReason = RejectReason.OTHER,
    withdrawable: bool = False,
) -> FulfillmentOrder:
    """Refuse pieces (None: all of them, for `reason`): they lose their stock and are to be routed again elsewhere.

    Where the reason says the pieces are not there, on hand falls by what was claimed, and to what is promised to others
    where the article is sold out. What is not refused stays as it was; the refused pieces become a REJECTED fulfillment
    order of their own, which is returned. Pieces that were asked to be canceled are canceled. With `withdrawable`
    nobody looks for another place before the time to take it back has passed.
    """
    work = await load_work(db, [fulfillment_order_id], principal=principal)
    row = pick_row(work, fulfillment_order_id, set())
    # Who has answered meanwhile, at this very moment even, keeps the work.
    check_state(row, *((S.OPEN,) if reason is RejectReason.NO_ANSWER else REFUSABLE))
    if rejected is None:
        rejected = [RejectedPieces(line.id, line.quantity, reason) for line in work.lines[row.id]]
    _check_once(rejected)
    counts = counts_of(work.lines[row.id], [Pieces(each.line_id, each.quantity) for each in rejected])
    why = {line.order_line_id: each for each in rejected for line in work.lines[row.id] if line.id == each.line_id}
    await tell_kept(db, work, row)
    refused = row
    if not is_all(work.lines[row.id], counts):
        refused = split(db, work, row, counts, now=now, state=row.state)
        await settle_splits(db, work)
    for line in work.lines[refused.id]:
        line.reject_reason = str(why[line.order_line_id].reason)
        line.reject_note = (why[line.order_line_id].note or "")[:300] or None
    before = refused.state
    step(db, refused, S.REJECTED, now=now, reason=str(rejected[0].reason))
    work.count_parcel(refused, -1)
    bound = await _give_up(db, work, refused, why)
    until = kept_until(refused, before, REJECTED_KEPT, now=now)
    if withdrawable and until > now and not bound and not refused.cancel_requested:
        keep_back(db, refused, before, until=until)
    else:
        tell_rejected(db, work, refused)
    if refused.cancel_requested:
        pieces = {line.order_line_id: line.quantity for line in work.lines[refused.id]}
        order = work.order_of(refused)
        await book_canceled(
            db, order, work.order_lines[order.id], pieces, reason=refused.cancel_reason or "canceled",
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


async def _give_up(db: Session, work: Work, row: FulfillmentOrder, why: Mapping[UUID, RejectedPieces]) -> bool:
    """Release the stock of a refused row, and book off what is not there. True when some of it is only expected."""
    whole: Counts = {line.id: line.quantity for line in work.lines[row.id]}
    await db.flush()
    slices = stock.cut(work.of_order.get(row.order_id, []), work.cut(row, whole))
    await stock.release(db, slices, reason="refused by the place")
    gone: dict[UUID, int] = {}
    for each in slices:
        line_id = each.allocation.order_line_id
        work.add(row.order_id, line_id, allocated=-each.quantity)
        if why[line_id].reason.empties_stock and not each.backordered:
            gone[line_id] = gone.get(line_id, 0) + each.quantity
    await _write_off(db, work, row, gone, why)
    work.free_capacity(row, sum(whole.values()))
    return any(each.backordered for each in slices)


async def _write_off(
    db: Session, work: Work, row: FulfillmentOrder, gone: dict[UUID, int], why: Mapping[UUID, RejectedPieces]
) -> None:
    """Take off the shelf what is not there; of what is sold out, all that nobody else was promised."""
    sold_out = [line for line in work.lines[row.id] if why[line.order_line_id].sells_out]
    levels = await lock_levels(db, [(row.location_id, line.variant_id) for line in sold_out])
    free = {key: level.on_hand - level.allocated for key, level in levels.items()}
    changes: dict[Key, list[int]] = {}
    movements = []
    for line in work.lines[row.id]:
        key = (row.location_id, line.variant_id)
        off = gone.get(line.order_line_id, 0)
        if line in sold_out:
            off = max(off, free.get(key, 0))
        if not off:
            continue
        free[key] = free.get(key, 0) - off
        line.written_off = off
        changes.setdefault(key, [0, 0, 0])[0] -= off
        movements.append(
            movement_row(
                db, key, MovementKind.WRITE_OFF, on_hand=-off, order=(row.order_id, line.order_line_id),
                reason=f"refused: {why[line.order_line_id].reason}",
            )
        )  # fmt: skip
    await stock.apply(db, changes)
    await write_movements(db, movements)


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
