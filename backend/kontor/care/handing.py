"""Cases from one hand to another: who may be given one, who may move what somebody else looks after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.auth.models import User
from kontor.auth.permissions import Permission
from kontor.care import service
from kontor.care.errors import CaseMoved, CaseTaken, InvalidCase
from kontor.care.models import Case
from kontor.care.owners import able_roles
from kontor.care.scope import require_whole
from kontor.care.states import CaseState
from kontor.care.values import CaseKind, may_decide
from kontor.core.db import Session

MOST_PEOPLE = 500
"""More than that no desk has; whoever is beyond is found by taking the case."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Somebody who can be given a case, and how many cases they have already."""

    id: UUID
    name: str
    cases: int


def may_move(case: Case, me: UUID | None, may: Callable[[str], bool]) -> bool:
    """Whether somebody may put aside, give on or end a case: their own, any with `care:assign`, and of nobody's those
    they may decide. Pure."""
    if may(Permission.CARE_ASSIGN) or (me is not None and case.owner_id == me):
        return True
    return case.owner_id is None and may_decide(may, CaseKind(case.kind))


def check_hand(db: Session, case: Case) -> None:
    """Raise, where who acts does not lead, `CaseTaken` for what somebody else looks after, `CaseNotDecidable` for what
    nobody does and they may not decide."""
    if not may_move(case, db.principal.id, db.principal.may):
        if case.owner_id is None:
            raise service.not_decidable(case)
        raise CaseTaken("Somebody else looks after it.", path=("id",), owner_id=str(case.owner_id))


async def hands_for(db: Session, kind: CaseKind) -> list[Hand]:
    """Everybody who can be given a case of the kind, by name. Raises `Forbidden` for who sees only a part."""
    require_whole(db.principal)
    mine = sa.select(sa.func.count()).select_from(Case)
    mine = mine.where(Case.owner_id == User.id, Case.state.in_((CaseState.ASSIGNED, CaseState.WAITING)))
    found = sa.select(User.id, User.name, mine.scalar_subquery().label("cases"))
    found = found.where(User.active, User.role.in_(able_roles(kind))).order_by(User.name, User.id).limit(MOST_PEOPLE)
    return [Hand(row.id, row.name, row.cases) for row in await db.execute(found)]


async def hand_over(
    db: Session,
    case: Case,
    *,
    owner_id: UUID | None,
    now: datetime,
    due_at: datetime | None = None,
    expected: tuple[UUID | None] | None = None,
) -> None:
    """Give a locked case to somebody, or with None back to all; what somebody else has only who leads gives on.

    `expected` holds whose it was when the caller looked. Raises `CaseDone`, `CaseTaken`, `CaseMoved` with whose it is
    by now, `CaseNotDecidable`, `InvalidCase` for a deadline that has passed and for who is gone or may not decide it.
    """
    service.check_open(case)
    if expected is not None and case.owner_id != expected[0]:
        name = None if case.owner_id is None else await db.scalar(sa.select(User.name).where(User.id == case.owner_id))
        if name is None:
            raise CaseMoved("It was put back meanwhile.", code="CASE_FREE", path=("id",))
        raise CaseMoved(f"It is with {name} by now.", path=("id",), owner_name=name)
    check_hand(db, case)
    if owner_id is not None and owner_id != case.owner_id:
        await check_owner(db, owner_id, CaseKind(case.kind))
    service.assign_case(db, case, owner_id=owner_id, now=now, due_at=due_at)


async def check_owner(db: Session, owner_id: UUID, kind: CaseKind) -> None:
    """Raise `InvalidCase` for who is gone, looks after no cases, or may not decide those of the kind."""
    role = await db.scalar(sa.select(User.role).where(User.id == owner_id, User.active))
    if role is None:
        raise InvalidCase("There is nobody like that.", code="OWNER_NOT_FOUND", path=("ownerId",))
    if role not in able_roles(kind):
        raise InvalidCase("They may not decide it.", code="OWNER_CANNOT_DECIDE", path=("ownerId",), kind=str(kind))
