"""Statements over cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.care.errors import CaseNotFound
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.care.values import CaseKind
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
    changed_since: datetime | None = None


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
