"""Who may be given cases of a kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import sqlalchemy as sa

from kontor.auth.models import User
from kontor.auth.permissions import Permission, Role, of_role
from kontor.care.models import Case
from kontor.care.values import CaseKind, may_decide
from kontor.core.db import Session


def able_roles(kind: CaseKind) -> list[Role]:
    """The roles that look after cases and may decide those of the kind. Pure."""
    return [role for role in Role if Permission.CARE_WRITE in of_role(role) and may_decide(_held(role), kind)]


def _held(role: Role) -> Callable[[str], bool]:
    held = frozenset(map(str, of_role(role)))
    return lambda permission: str(permission) in held


async def able_owners(db: Session, cases: Sequence[Case]) -> set[UUID]:
    """Of these cases those whose owner is still there and may decide them."""
    people = sa.select(User.id, User.role).where(User.id.in_({case.owner_id for case in cases}), User.active)
    roles = {row.id: row.role for row in await db.execute(people)}
    return {case.id for case in cases if case.owner_id and roles.get(case.owner_id) in able_roles(CaseKind(case.kind))}
