"""Statements over cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.care.errors import CaseNotFound
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.care.values import CaseKind, CaseQueue, kinds_of, may_decide, queue_of
from kontor.core.db import Session, chunks
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.orders import queries as orders
from kontor.orders.models import Order

SORTS: dict[str, Any] = {"CREATED_AT": Case.created_at, "DUE_AT": Case.due_at, "UPDATED_AT": Case.updated_at}


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases are wanted; what is None does not narrow. `due_before` is exclusive."""

    states: Sequence[CaseState] | None = None
    kinds: Sequence[CaseKind] | None = None
    owner_id: UUID | None = None
    unowned: bool | None = None
    order_id: UUID | None = None
    order_number: str | None = None
    due_before: datetime | None = None
    queues: Sequence[CaseQueue] | None = None
    escalated: bool | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueCount:
    """What waits in a queue: nobody's, somebody's, put aside, past its deadline; nobody's by age in whole days."""

    queue: CaseQueue
    open: int
    assigned: int
    waiting: int
    escalated: int
    ages: tuple[int, int, int, int]


AGES = (timedelta(days=2), timedelta(days=4), timedelta(days=8))
"""Where the second, third and fourth group of ages begin: 0-1, 2-3, 4-7 and more days."""


def visible_to(principal: Principal) -> sa.Select[Case]:
    """Who is scoped sees cases of the orders in scope, and none that is about no order."""
    found = sa.select(Case)
    if not principal.restricted:
        return found
    return found.where(Case.order_id.in_(orders.visible_to(principal).with_only_columns(Order.id)))


def narrowed(found: sa.Select[Case], wanted: CaseFilter) -> sa.Select[Case]:
    """Of these cases the wanted ones."""
    return narrow(
        found,
        (Case.state.in_, wanted.states),
        (Case.kind.in_, None if wanted.kinds is None else [str(kind) for kind in wanted.kinds]),
        (Case.owner_id.__eq__, wanted.owner_id),
        (lambda none: Case.owner_id.is_(None) if none else Case.owner_id.is_not(None), wanted.unowned),
        (Case.order_id.__eq__, wanted.order_id),
        (lambda number: Case.order_id.in_(sa.select(Order.id).where(Order.number == number)), wanted.order_number),
        (Case.due_at.__lt__, wanted.due_before),
        (lambda queues: Case.kind.in_(kinds_of(queues)), wanted.queues),
        (lambda yes: Case.escalated_at.is_not(None) if yes else Case.escalated_at.is_(None), wanted.escalated),
        (Case.updated_at.__ge__, wanted.changed_since),
    )


async def list_cases(
    db: Session, wanted: CaseFilter, page: PageRequest, *, sort: str = "CREATED_AT", descending: bool = False
) -> Page[Case]:
    """A page of cases the principal of the session may see; the oldest first unless asked otherwise."""
    found = narrowed(visible_to(db.principal), wanted)
    return await paginate(db, found, choose(SORTS, sort, descending=descending), Case.id, page)


async def find_case(db: Session, case_id: UUID) -> Case | None:
    """A case the principal of the session may see."""
    return await db.scalar(visible_to(db.principal).where(Case.id == case_id))


async def get_case(db: Session, case_id: UUID) -> Case:
    """A case the principal of the session may see; raises `CaseNotFound`."""
    return await _one(db, visible_to(db.principal), case_id)


async def lock_case(db: Session, case_id: UUID) -> Case:
    """The same, locked."""
    found = visible_to(db.principal).with_for_update(of=Case).execution_options(populate_existing=True)
    return await _one(db, found, case_id)


async def _one(db: Session, found: sa.Select[Case], case_id: UUID) -> Case:
    case = await db.scalar(found.where(Case.id == case_id))
    if case is None:
        raise CaseNotFound("There is no such case.", path=("id",), case_id=str(case_id))
    return case


async def lock_next_case(db: Session, queues: Sequence[CaseQueue] | None) -> Case | None:
    """The open case of these queues, or of any, that is next for whom the session acts, locked.

    What they may not decide is left to others, and those that others have locked are passed over.
    On SQLite a unit of work has the database to itself from its beginning: what it reads nobody else takes.
    """
    wanted = kinds_of(list(CaseQueue) if queues is None else queues)
    kinds = [kind for kind in wanted if may_decide(db.principal.may, kind)]
    found = visible_to(db.principal).where(Case.state == CaseState.OPEN, Case.kind.in_(kinds))
    order = (sa.case((Case.escalated_at.is_(None), 1), else_=0), Case.created_at, Case.id)
    found = found.order_by(*order).limit(1).with_for_update(of=Case, skip_locked=True)
    return await db.scalar(found.execution_options(populate_existing=True))


async def count_queues(db: Session, *, now: datetime) -> list[QueueCount]:
    """What waits in each queue of what the principal of the session may see, in the order of the queues."""
    limits = [now - age for age in AGES]
    edges = zip([None, *limits], [*limits, None], strict=True)
    free = Case.state == CaseState.OPEN
    counts = [
        sa.func.sum(sa.case((each, 1), else_=0))
        for each in (
            free, Case.state == CaseState.ASSIGNED, Case.state == CaseState.WAITING, Case.escalated_at.is_not(None),
            *(sa.and_(free, *_between(newer, older)) for newer, older in edges),
        )
    ]  # fmt: skip
    found = visible_to(db.principal).where(Case.state != CaseState.DONE)
    rows = (await db.execute(found.with_only_columns(Case.kind, *counts).group_by(Case.kind))).all()
    sums = {queue: [0] * len(counts) for queue in CaseQueue}
    for kind, *values in rows:
        mine = sums[queue_of(CaseKind(kind))]
        mine[:] = [known + int(value) for known, value in zip(mine, values, strict=True)]
    return [_counted(queue, values) for queue, values in sums.items()]


def _counted(queue: CaseQueue, values: Sequence[int]) -> QueueCount:
    free, assigned, waiting, escalated, *ages = values
    return QueueCount(queue, free, assigned, waiting, escalated, (ages[0], ages[1], ages[2], ages[3]))


def _between(newer: datetime | None, older: datetime | None) -> list[Any]:
    """Raised not after `newer`, and after `older`."""
    return [
        *([] if newer is None else [Case.created_at <= newer]),
        *([] if older is None else [Case.created_at > older]),
    ]


async def open_subjects(db: Session, subject_keys: Iterable[str]) -> dict[str, Case]:
    """Cases that are not done, by what they are about; locked."""
    found: dict[str, Case] = {}
    for part in chunks(sorted(set(subject_keys))):
        rows = await db.scalars(
            sa.select(Case)
            .where(Case.subject_key.in_(part), Case.state != CaseState.DONE)
            .order_by(Case.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        found.update({row.subject_key: row for row in rows})
    return found
