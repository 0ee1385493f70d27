"""Pieces that are not wanted any more: taken out of what waits at once, asked back from places that have begun.

What is free is canceled first, then what waits at a place, the work that has gone furthest last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import ProductKind
from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.core.principal import Principal
from kontor.fulfillment import queries
from kontor.fulfillment.amounts import of_pieces
from kontor.fulfillment.errors import NoCancellationAsked
from kontor.fulfillment.events import (
    CancellationAsked,
    CancellationRefused,
    CancellationWithdrawn,
    FulfillmentCanceled,
)
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.splitting import Counts, is_all
from kontor.fulfillment.states import OPEN_STATES, FulfillmentState
from kontor.fulfillment.work import Work, count, load_work, pick_row, settle_capacity, settle_splits, split, step
from kontor.inventory import allocations as stock
from kontor.orders import queries as orders
from kontor.orders.errors import LineNotFound, OrderNotCancelable
from kontor.orders.events import OrderLinesCanceled
from kontor.orders.models import Order, OrderCharge, OrderLine
from kontor.orders.states import OVER
from kontor.orders.totals import LOST_DISCOUNT

S = FulfillmentState
WAITING = frozenset({S.SCHEDULED, S.OPEN})
_DISTANCE = {S.SCHEDULED: 0, S.OPEN: 1, S.ACCEPTED: 2, S.PICKED: 3, S.PACKED: 4, S.READY_FOR_PICKUP: 5}


@dataclass(slots=True)
class CancelOutcome:
    """Pieces by order line: canceled now, and asked back from places that may refuse. `amount` gross, minor units."""

    canceled: dict[UUID, int] = field(default_factory=dict)
    asked: dict[UUID, int] = field(default_factory=dict)
    amount: int = 0


@dataclass(slots=True)
class CancelPlan:
    """Where pieces are taken from: not at a place yet, out of work that waits, asked back of work that has begun."""

    free: list[stock.Cut] = field(default_factory=list)
    waiting: dict[UUID, Counts] = field(default_factory=dict)
    begun: dict[UUID, Counts] = field(default_factory=dict)


async def cancel_lines(
    db: Session,
    order: Order,
    lines: Sequence[OrderLine],
    wanted: Mapping[UUID, int],
    *,
    reason: str,
    now: datetime,
    change_id: UUID | None = None,
) -> CancelOutcome:
    """Cancel pieces of a locked order (all of its lines are given): counters, stock, work, charges and events.

    Raises `LineNotFound`, or `OrderNotCancelable` when the order has ended or more is asked than neither shipped nor
    asked back already; then nothing is changed.
    """
    if wanted and order.state in OVER:
        raise OrderNotCancelable(f"The order is {order.state}.", code="ORDER_ENDED", state=str(order.state))
    rows = await queries.lock_of_order(db, order.id, OPEN_STATES)
    work = Work(
        {order.id: order}, {order.id: list(lines)}, {row.id: row for row in rows},
        await queries.lines_of(db, [row.id for row in rows]), await stock.of_orders(db, [order.id]),
        numbers=await queries.count_rows(db, FulfillmentOrder, [order.id]),
    )  # fmt: skip
    plan, outcome = plan_cancel(work, order, lines, wanted)
    _ask_back(db, work, plan.begun, reason, now=now)
    await settle_splits(db, work)
    await _take_out(db, work, order, plan, reason, now=now)
    if outcome.canceled:
        outcome.amount = await book_canceled(
            db, order, lines, outcome.canceled, reason=reason, changes=work.changes, change_id=change_id
        )
        await count(db, work, now=now)
    await settle_capacity(db, work)
    return outcome


async def look_at_open_work(db: Session, order: Order, lines: Sequence[OrderLine]) -> Work:
    """The open work of an order and what it holds, without locks: for who only asks what a cancellation would do."""
    found = sa.select(FulfillmentOrder).where(
        FulfillmentOrder.order_id == order.id, FulfillmentOrder.state.in_(list(OPEN_STATES))
    )
    rows = list(await db.scalars(found.order_by(FulfillmentOrder.id)))
    return Work(
        {order.id: order}, {order.id: list(lines)}, {row.id: row for row in rows},
        await queries.lines_of(db, [row.id for row in rows]), await stock.of_orders(db, [order.id]),
    )  # fmt: skip


def plan_cancel(
    work: Work, order: Order, lines: Sequence[OrderLine], wanted: Mapping[UUID, int]
) -> tuple[CancelPlan, CancelOutcome]:
    """Where the pieces are taken from; raises what `cancel_lines` raises. Changes nothing, the amount is not told."""
    _check(work, order, lines, wanted)
    plan, outcome = CancelPlan(), CancelOutcome()
    for line in lines:
        if wanted.get(line.id):
            _choose(work, line, wanted[line.id], plan, outcome)
    return plan, outcome


def _check(work: Work, order: Order, lines: Sequence[OrderLine], wanted: Mapping[UUID, int]) -> None:
    asked: dict[UUID, int] = {}
    for row in work.rows.values():
        for line in work.lines[row.id] if row.cancel_requested else ():
            asked[line.order_line_id] = asked.get(line.order_line_id, 0) + line.quantity
    known = {line.id: line for line in lines}
    for index, (line_id, quantity) in enumerate(wanted.items()):
        found = known.get(line_id)
        if found is None:
            raise LineNotFound("The order has no such line.", path=("lines", index, "lineId"), line_id=str(line_id))
        possible = found.open_quantity - asked.get(line_id, 0)
        if not 1 <= quantity <= possible:
            raise OrderNotCancelable(
                f"{max(0, possible)} pieces of {found.sku} can still be canceled.",
                path=("lines", index, "quantity"),
                order=order.number,
                requested=quantity,
                possible=max(0, possible),
            )


def _choose(work: Work, line: OrderLine, quantity: int, plan: CancelPlan, outcome: CancelOutcome) -> None:
    """Where the pieces of one line are taken from."""
    held = sum(row.quantity for row in work.allocations if row.order_line_id == line.id)
    loose = sum(
        row.quantity for row in work.allocations if row.order_line_id == line.id and row.fulfillment_order_id is None
    )
    now_free = min(quantity, max(0, line.open_quantity - held))
    from_stock = min(quantity - now_free, loose)
    if from_stock:
        plan.free.append(stock.Cut(line.id, from_stock))
    left = quantity - now_free - from_stock
    for row in sorted(work.rows.values(), key=_distance):
        if row.cancel_requested:
            continue
        for own in work.lines[row.id]:
            part = min(left, own.quantity) if own.order_line_id == line.id else 0
            if part:
                target = plan.waiting if _phase(row) in WAITING else plan.begun
                target.setdefault(row.id, {})[own.id] = part
                if target is plan.begun:
                    outcome.asked[line.id] = outcome.asked.get(line.id, 0) + part
                left -= part
    canceled = quantity - outcome.asked.get(line.id, 0)
    if canceled:
        outcome.canceled[line.id] = canceled


def _phase(row: FulfillmentOrder) -> FulfillmentState:
    return (row.held_from or S.OPEN) if row.state is S.ON_HOLD else row.state


def _distance(row: FulfillmentOrder) -> tuple[int, UUID]:
    return (_DISTANCE[_phase(row)], row.id)


def _ask_back(db: Session, work: Work, begun: Mapping[UUID, Counts], reason: str, *, now: datetime) -> None:
    """Ask places to stop; if only some pieces are meant, they become a fulfillment order of their own."""
    for row_id, counts in begun.items():
        row = work.rows[row_id]
        asked = row
        if not is_all(work.lines[row_id], counts):
            asked = split(db, work, row, counts, now=now, state=row.state)
            asked.pickup_code = row.pickup_code
        asked.cancel_requested, asked.cancel_reason, asked.updated_at = True, reason[:300], now
        record(db, CancellationAsked(stream_id=row.order_id, fulfillment_order_id=asked.id))


async def _take_out(db: Session, work: Work, order: Order, plan: CancelPlan, reason: str, *, now: datetime) -> None:
    """Take pieces out of what waits, and give their stock back."""
    cuts = list(plan.free)
    ended: list[FulfillmentOrder] = []
    for row_id, counts in plan.waiting.items():
        row = work.rows[row_id]
        cuts.extend(work.cut(row, counts))
        work.free_capacity(row, sum(counts.values()))
        row.updated_at = now
        if is_all(work.lines[row_id], counts):
            ended.append(row)
            continue
        for line in work.lines[row_id]:
            line.quantity -= counts.get(line.id, 0)
            if not line.quantity:
                await db.delete(line)
    for row in ended:
        end_row(db, work, row, reason, now=now)
    await release_pieces(db, work, order, cuts, reason)


async def release_pieces(db: Session, work: Work, order: Order, cuts: Sequence[stock.Cut], reason: str) -> None:
    """Give the stock of pieces back, and remember what that does to the counters."""
    await db.flush()
    slices = stock.cut(work.allocations, cuts)
    if slices:
        await stock.release(db, slices, reason=reason[:300])
    for each in slices:
        name = "backordered" if each.backordered else "allocated"
        work.add(order.id, each.allocation.order_line_id, **{name: -each.quantity})


def end_row(db: Session, work: Work, row: FulfillmentOrder, reason: str, *, now: datetime) -> None:
    """The work of a row is over without anything leaving."""
    step(db, row, S.CANCELED, now=now, reason=reason[:500])
    work.count_parcel(row, -1)
    record(db, FulfillmentCanceled(stream_id=row.order_id, fulfillment_order_id=row.id, reason=reason[:300]))


async def book_canceled(
    db: Session,
    order: Order,
    lines: Sequence[OrderLine],
    canceled: Mapping[UUID, int],
    *,
    reason: str,
    changes: dict[UUID, dict[UUID, dict[str, int]]],
    change_id: UUID | None = None,
) -> int:
    """Record that pieces are canceled and what that takes off the total, gross; adds to `changes`, which the caller
    counts. Charges nobody has earned go with the last piece of an order of which nothing ships."""
    rows, amount = [], 0
    for line in lines:
        quantity = canceled.get(line.id, 0)
        if quantity:
            worth = of_pieces(line, line.shipped + line.canceled, quantity, gross=order.gross).gross
            rows.append({"line_id": str(line.id), "quantity": quantity, "amount": worth})
            amount += worth
            line.canceled_gross += worth
            counters = changes.setdefault(order.id, {}).setdefault(line.id, {})
            counters["canceled"] = counters.get("canceled", 0) + quantity
    whole = all(line.ordered == line.canceled + canceled.get(line.id, 0) for line in lines)
    for charge in await falling_away(db, order, lines, canceled):
        charge.canceled = True
        amount += charge.gross
    record(
        db,
        OrderLinesCanceled(
            stream_id=order.id, lines=tuple(rows), amount=amount, reason=reason[:300], whole=whole, change_id=change_id
        ),
    )  # fmt: skip
    return amount


async def falling_away(
    db: Session, order: Order, lines: Sequence[OrderLine], canceled: Mapping[UUID, int]
) -> list[OrderCharge]:
    """Charges that nothing is left to bear once these pieces are canceled.

    All that nobody has charged go with the last piece of an order of which nothing ships; what kept goods no longer
    earn of discounts is charged with the last shipment, so it goes when nothing else is to leave.
    """
    whole = all(line.ordered == line.canceled + canceled.get(line.id, 0) for line in lines)
    left = any(line.open_quantity > canceled.get(line.id, 0) for line in lines if line.kind == ProductKind.PHYSICAL)
    if not whole and left:
        return []
    charges = (await orders.charges_of(db, [order.id]))[order.id]
    return [
        charge
        for charge in charges
        if not charge.canceled and charge.shipment_id is None and (whole or charge.kind == LOST_DISCOUNT)
    ]


async def answer_cancellation(
    db: Session, fulfillment_order_id: UUID, *, agreed: bool, now: datetime, principal: Principal | None = None
) -> FulfillmentOrder:
    """The place stops the work it was asked to stop, or goes on; raises `NoCancellationAsked`."""
    work = await load_work(db, [fulfillment_order_id], principal=principal)
    row = pick_row(work, fulfillment_order_id, set())
    if not row.cancel_requested or row.state not in OPEN_STATES:
        raise NoCancellationAsked("Nobody asked to stop this work.", fulfillment_order_id=str(row.id))
    if not agreed:
        row.cancel_requested, row.updated_at = False, now
        record(db, CancellationRefused(stream_id=row.order_id, fulfillment_order_id=row.id))
        return row
    await end_and_cancel(db, work, row, reason=row.cancel_reason or "canceled", now=now)
    return row


def withdraw_question(db: Session, row: FulfillmentOrder, *, now: datetime) -> bool:
    """Ask a place no more to stop its work; whether it had not answered yet."""
    if not row.cancel_requested or row.state not in OPEN_STATES:
        return False
    row.cancel_requested, row.updated_at = False, now
    record(db, CancellationWithdrawn(stream_id=row.order_id, fulfillment_order_id=row.id))
    return True


async def end_and_cancel(db: Session, work: Work, row: FulfillmentOrder, *, reason: str, now: datetime) -> None:
    """End the work of a row; its pieces are canceled, not routed again."""
    order, lines = work.order_of(row), work.lines[row.id]
    cuts = work.cut(row, {line.id: line.quantity for line in lines})
    end_row(db, work, row, reason, now=now)
    work.free_capacity(row, sum(line.quantity for line in lines))
    await release_pieces(db, work, order, cuts, reason)
    pieces = {line.order_line_id: line.quantity for line in lines}
    await book_canceled(db, order, work.order_lines[order.id], pieces, reason=reason, changes=work.changes)
    await count(db, work, now=now)
    await settle_capacity(db, work)


async def withdraw(db: Session, order: Order, *, reason: str, now: datetime) -> None:
    """Take back everything of a locked order that is refused as a whole: its stock is free, nothing is counted as
    canceled. For orders that were rejected before anything left."""
    rows = await queries.lock_of_order(db, order.id, OPEN_STATES)
    work = Work(
        {order.id: order}, await orders.lines_of(db, [order.id]), {row.id: row for row in rows},
        await queries.lines_of(db, [row.id for row in rows]), await stock.of_orders(db, [order.id]),
    )  # fmt: skip
    for row in rows:
        work.free_capacity(row, sum(line.quantity for line in work.lines[row.id]))
        end_row(db, work, row, reason, now=now)
    cuts = [stock.Cut(held.order_line_id, held.quantity, held.fulfillment_order_id) for held in work.allocations]
    await release_pieces(db, work, order, cuts, reason)
    await count(db, work, now=now)
    await settle_capacity(db, work)
