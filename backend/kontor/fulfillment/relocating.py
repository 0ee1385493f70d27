"""Make moves of a joint plan: give up, allocate, end and give out work anew; all of it or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.fulfillment import queries
from kontor.fulfillment.canceling import end_row
from kontor.fulfillment.events import OrderMoved
from kontor.fulfillment.joint import Relocation
from kontor.fulfillment.releasing import Release, create_fulfillment_orders
from kontor.fulfillment.sourcing import recount
from kontor.fulfillment.waiting import Waiting, load_waiting
from kontor.fulfillment.work import Work
from kontor.inventory import allocations as stock
from kontor.inventory.allocating import lock_inbound, lock_levels, try_allocate
from kontor.orders import queries as orders
from kontor.routing import runs
from kontor.routing.service import store_decisions

REASON = "moved to gain elsewhere"


class Gone(Exception):
    """Stock that moves were planned on was taken meanwhile: the unit of work is to be rolled back."""


async def load_locked(db: Session, order_ids: Sequence[UUID]) -> dict[UUID, Waiting]:
    """What of these orders may move now, the orders locked in key order."""
    await orders.lock_orders(db, order_ids)
    return await load_waiting(db, order_ids)


async def relocate(db: Session, moves: Sequence[Relocation], fresh: Mapping[UUID, Waiting], *, run_id: UUID) -> None:
    """Make the moves of locked orders, which stand as they did when they were planned; raises `Gone`.

    Stock rows of both sides, and expected goods, are locked at once and in key order: moves may cross.
    """
    now = db.now
    held = {row.id: row for each in moves for row in fresh[each.waiting.order.id].held}
    gives = [replace(part, allocation=held[part.allocation.id]) for each in moves for part in each.given_up]
    picks = [pick for each in moves for pick in each.picks]
    keys = {part.key for part in gives if not part.backordered}
    await lock_levels(db, keys | {pick.key for pick in picks if pick.inbound_id is None})
    coming = {*[part.allocation.inbound_id for part in gives], *[pick.inbound_id for pick in picks]}
    await lock_inbound(db, [goods_id for goods_id in coming if goods_id is not None])
    work = await _end_work(db, moves, fresh, now=now)
    await stock.release(db, gives, reason=REASON)
    if not await try_allocate(db, picks):
        raise Gone
    await store_decisions(db, [row for each in moves for row in each.decisions])
    releases = [_release(each, fresh[each.waiting.order.id]) for each in moves]
    made = await create_fulfillment_orders(db, releases, now=now, freed=work.take_capacity())
    for each in moves:
        waiting = fresh[each.waiting.order.id]
        recount(db, waiting.order, waiting.lines, made.allocations.get(waiting.order.id, []), now=now)
        record(db, _told(each, run_id))
    await runs.add_moves(db, run_id, [(each.waiting.order.id, each.decisions[0][0], each.gain) for each in moves])


async def _end_work(db: Session, moves: Sequence[Relocation], fresh: Mapping[UUID, Waiting], *, now: datetime) -> Work:
    """End the work of later days that moves; what its places need release no more is remembered."""
    ids = [row_id for each in moves for row_id in each.ended]
    rows = await queries.lock_rows(db, ids) if ids else {}
    lines = await queries.lines_of(db, rows) if rows else {}
    found = {each.waiting.order.id: fresh[each.waiting.order.id] for each in moves}
    work = Work(
        {order_id: waiting.order for order_id, waiting in found.items()},
        {order_id: list(waiting.lines) for order_id, waiting in found.items()},
        rows, lines, [row for waiting in found.values() for row in waiting.held],
    )  # fmt: skip
    for row in rows.values():
        work.free_capacity(row, sum(line.quantity for line in lines[row.id]))
        end_row(db, work, row, REASON, now=now)
    await db.flush()
    return work


def _release(move: Relocation, waiting: Waiting) -> Release:
    decisions = {number: row[0] for number, row in enumerate(move.decisions)}
    return Release(waiting.order, waiting.lines, move.plans if move.ended else (), decisions)


def _told(move: Relocation, run_id: UUID) -> OrderMoved:
    return OrderMoved(
        stream_id=move.waiting.order.id,
        run_id=run_id,
        gain=move.gain,
        decision_ids=tuple(str(row[0]) for row in move.decisions),
        pieces=sum(pick.quantity for pick in move.picks),
    )
