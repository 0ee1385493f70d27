"""Plan all orders that wait jointly, and move those that gain: one run, stored with its bound.

Everything is read without locks and planned outside of every transaction, for as many seconds as are allowed. The
moves are then made in small units of work, each on rows locked in key order and checked anew: where anything changed
meanwhile, the order stays as it is and is counted. Two runs at once may therefore do the same work, never harm.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from time import monotonic
from uuid import UUID

import structlog

from kontor.core.db import Database, Session
from kontor.core.outbox import schedule
from kontor.core.principal import SYSTEM
from kontor.fulfillment.joint import JointPlan, Relocation, plan_jointly
from kontor.fulfillment.relocating import Gone, load_locked, relocate
from kontor.fulfillment.waiting import articles_in, find_waiting, load_waiting
from kontor.routing import masters as routing_masters
from kontor.routing import runs
from kontor.routing.excluding import shut_of
from kontor.routing.models import RoutingRun
from kontor.routing.runs import Occasion
from kontor.routing.service import load_supply

log = structlog.get_logger("kontor.reoptimizing")
JOB = "fulfillment.reoptimize"
LINE = UUID("0190b1f0-0000-7000-8000-000000000001")
"""The key of all runs: those of one key are done one after the other."""
ORDERS_PER_UNIT = 50
GIVEN_UP = timedelta(hours=6)
"""Longer than a job is tried again."""
Groups = Sequence[Sequence[Relocation]]


def request_run(db: Session, occasion: Occasion) -> RoutingRun:
    """Ask for a run; it begins after the commit, when the ones asked for before are done."""
    run = runs.add(db, occasion)
    schedule(db, JOB, {"run_id": run.id}, key=LINE)
    return run


async def request_due(db: Session, *, every: timedelta) -> RoutingRun | None:
    """Ask for a run when the last one is so long ago, and none waits or is under way.

    One that has not ended after `GIVEN_UP` never will: it does not keep others from being asked for.
    """
    last = await runs.last_run(db)
    if last is not None and last.requested_at > db.now - (every if last.ended_at else max(every, GIVEN_UP)):
        return None
    return request_run(db, Occasion.SCHEDULE)


async def reoptimize(database: Database, run_id: UUID, *, seconds: float) -> None:
    """Do a run that was asked for; one that is done already is left alone."""
    if not await database.in_unit(SYSTEM, lambda db: runs.start(db, run_id)):
        return
    begun = monotonic()
    joint, last = await _plan(database, run_id, seconds)
    moved, stale = await _make(database, run_id, joint)
    result = runs.Result(
        orders=joint.orders,
        stale=stale,
        cost=joint.cost,
        planned=joint.planned,
        bound=joint.bound,
        milliseconds=round((monotonic() - begun) * 1000),
        last_order_id=last,
    )
    await database.in_unit(SYSTEM, lambda db: runs.end(db, run_id, result))
    log.info("orders that wait were planned jointly", run=str(run_id), orders=joint.orders, moved=moved, stale=stale)


async def _plan(database: Database, run_id: UUID, seconds: float) -> tuple[JointPlan, UUID | None]:
    """The joint plan, and where the next run goes on when not all orders that wait could be looked at."""
    async with database.read_only() as db:
        masters = await routing_masters.load(db)
        taken = await find_waiting(db, await runs.last_order(db))
        found = await load_waiting(db, taken.order_ids)
        articles = await articles_in(db, found.values())
        variants = {line.variant_id for each in found.values() for line in each.lines if line.id in each.wanted}
        bound = {row.inbound_id for each in found.values() for row in each.held if row.inbound_id}
        book = await load_supply(db, masters, variants, bound=bound)
    orders = sorted(found.values(), key=lambda each: (-each.order.priority, each.order.placed_at, each.order.id))
    return await plan_jointly(book, orders, articles, seconds=seconds, run_id=run_id), taken.last


async def _make(database: Database, run_id: UUID, joint: JointPlan) -> tuple[int, int]:
    """Make the moves; how many orders moved, and how many were left."""
    moved = stale = 0
    for batch in _packed(joint.groups):
        failed: Groups = ()
        try:
            done, failed = await _unit(database, run_id, batch)
        except Gone:
            done = []
            for group in batch:
                try:
                    one, unlike = await _unit(database, run_id, [group])
                    done, failed = [*done, *one], [*failed, *unlike]
                except Gone:
                    failed = [*failed, group]
        moved += sum(len(group) for group in done)
        stale += sum(len(group) for group in failed)
    return moved, stale


async def _unit(database: Database, run_id: UUID, groups: Groups) -> tuple[Groups, Groups]:
    """The groups that were moved in one unit of work, and those that something had changed."""

    async def work(db: Session) -> tuple[Groups, Groups]:
        ids = [each.waiting.order.id for group in groups for each in group]
        fresh = await load_locked(db, ids)
        seals = {order_id: each.seal() for order_id, each in fresh.items()}
        shut = await _shut(db, groups)
        good = [group for group in groups if all(_holds(each, seals, shut) for each in group)]
        if good:
            await relocate(db, [each for group in good for each in group], fresh, run_id=run_id)
        return good, [group for group in groups if group not in good]

    return await database.in_unit(SYSTEM, work)


def _holds(move: Relocation, seals: Mapping[UUID, object], shut: set[UUID]) -> bool:
    order_id = move.waiting.order.id
    return order_id not in shut and seals.get(order_id) == move.seal


async def _shut(db: Session, groups: Groups) -> set[UUID]:
    """The orders that would move to places which were closed, paused or excluded since it was planned."""
    picks = [pick for group in groups for each in group for pick in each.picks]
    shut = await shut_of(db, {(pick.location_id, pick.variant_id, pick.order_id) for pick in picks})
    sites = (await routing_masters.load(db)).network.sites
    closed = {place for place, site in sites.items() if not (site.active and site.accepting and site.ships)}
    return {order_id for _, _, order_id in shut} | {pick.order_id for pick in picks if pick.location_id in closed}


def _packed(groups: Groups) -> list[list[Sequence[Relocation]]]:
    """Groups put together to units of work of a good size; a group is never torn."""
    packs: list[list[Sequence[Relocation]]] = []
    size = ORDERS_PER_UNIT
    for group in groups:
        if size + len(group) > ORDERS_PER_UNIT:
            packs.append([])
            size = 0
        packs[-1].append(group)
        size += len(group)
    return packs
