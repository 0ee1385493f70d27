"""Runs of the joint planning as they are kept: asked for, begun, ended, listed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.sets import any_of
from kontor.routing.models import RoutingMove, RoutingRun


class Occasion(StrEnum):
    """Why a run was asked for."""

    SCHEDULE = "SCHEDULE"
    STOCK = "STOCK"
    REJECTION = "REJECTION"
    PLACES = "PLACES"
    MANUAL = "MANUAL"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a run, beside its moves; see `RoutingRun`."""

    orders: int
    stale: int
    cost: int
    planned: int
    bound: int
    milliseconds: int
    last_order_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are wanted; what is None does not narrow."""

    occasions: Sequence[Occasion] | None = None
    requested_since: datetime | None = None
    moved: bool | None = None


@dataclass(frozen=True, slots=True)
class MoveFilter:
    """Which moves are wanted; what is None does not narrow."""

    run_ids: Sequence[UUID] | None = None
    order_ids: Sequence[UUID] | None = None


MOVE_SORTS: dict[str, Any] = {"GAIN": RoutingMove.gain}
SORTS: dict[str, Any] = {"REQUESTED_AT": RoutingRun.requested_at}


def add(db: Session, occasion: Occasion) -> RoutingRun:
    """A run that waits for its turn."""
    run = RoutingRun(
        id=new_id(), occasion=str(occasion), requested_at=db.now, requested_by=db.by, orders=0, moved=0, stale=0,
        gained=0, cost=0, planned=0, bound=0, milliseconds=0,
    )  # fmt: skip
    db.add(run)
    return run


async def last_run(db: Session) -> RoutingRun | None:
    """The run that was asked for last."""
    found = sa.select(RoutingRun).order_by(RoutingRun.requested_at.desc(), RoutingRun.id.desc()).limit(1)
    last: RoutingRun | None = await db.scalar(found)
    return last


async def last_order(db: Session) -> UUID | None:
    """How far the last run that is over came with the orders that are taken in turn."""
    found = sa.select(RoutingRun.last_order_id).where(RoutingRun.ended_at.is_not(None))
    last: UUID | None = await db.scalar(found.order_by(RoutingRun.requested_at.desc(), RoutingRun.id.desc()).limit(1))
    return last


async def find_run(db: Session, run_id: UUID) -> RoutingRun | None:
    """A run by its id; callers with a scope see none."""
    return None if db.principal.restricted else await db.get(RoutingRun, run_id)


async def start(db: Session, run_id: UUID) -> bool:
    """The run begins, perhaps anew after a fall; False when it is done or was never asked for."""
    run = await db.get(RoutingRun, run_id, with_for_update=True)
    if run is None or run.ended_at is not None:
        return False
    run.started_at = db.now
    return True


async def end(db: Session, run_id: UUID, result: Result) -> None:
    """The run is over; what it moved is what its moves say, those from before a fall among them."""
    run = await db.get_one(RoutingRun, run_id, with_for_update=True)
    run.ended_at = db.now
    made = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(RoutingMove.gain), 0))
    moved, gained = (await db.execute(made.where(RoutingMove.run_id == run_id))).one()
    run.moved, run.gained = int(moved), int(gained)
    for name, value in asdict(result).items():
        setattr(run, name, value)


async def add_moves(db: Session, run_id: UUID, rows: Sequence[tuple[UUID, UUID, int]]) -> None:
    """Note what a run moved: order, decision and gain of each."""
    columns = ("id", "run_id", "order_id", "decision_id", "gain")
    await db.bulk_insert(RoutingMove, columns, [(new_id(), run_id, *row) for row in rows])


async def forget_runs(db: Session, *, before: datetime, most: int) -> int:
    """Delete runs that ended before a moment with what they moved, at most `most` of them; how many.

    The decisions behind the moves stay with their orders.
    """
    old = sa.select(RoutingRun.id).where(RoutingRun.ended_at < before).order_by(RoutingRun.requested_at).limit(most)
    ids = list(await db.scalars(old))
    await db.execute(sa.delete(RoutingMove).where(any_of(RoutingMove.run_id, ids)))
    await db.execute(sa.delete(RoutingRun).where(any_of(RoutingRun.id, ids)))
    return len(ids)


async def list_runs(
    db: Session, wanted: RunFilter, page: PageRequest, *, sort: str = "REQUESTED_AT", descending: bool = True
) -> Page[RoutingRun]:
    """Runs, the latest first unless asked otherwise."""
    found = narrow(
        sa.select(RoutingRun),
        (RoutingRun.occasion.in_, None if wanted.occasions is None else [str(each) for each in wanted.occasions]),
        (RoutingRun.requested_at.__ge__, wanted.requested_since),
    )
    if db.principal.restricted:
        found = found.where(sa.false())
    if wanted.moved is not None:
        found = found.where(RoutingRun.moved > 0 if wanted.moved else RoutingRun.moved == 0)
    return await paginate(db, found, choose(SORTS, sort, descending=descending), RoutingRun.id, page)


async def list_moves(
    db: Session, wanted: MoveFilter, page: PageRequest, *, visible: Any, sort: str = "GAIN", descending: bool = True
) -> Page[RoutingMove]:
    """What runs moved, the largest gain first; `visible` selects the ids of orders that may be seen."""
    found = narrow(
        sa.select(RoutingMove).where(RoutingMove.order_id.in_(visible)),
        (RoutingMove.run_id.in_, wanted.run_ids),
        (RoutingMove.order_id.in_, wanted.order_ids),
    )
    return await paginate(db, found, choose(MOVE_SORTS, sort, descending=descending), RoutingMove.id, page)
