"""Statements over routing policies and simulations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.routing.models import RoutingPolicy

POLICY_SORTS: dict[str, Any] = {"CODE": RoutingPolicy.code, "CREATED_AT": RoutingPolicy.created_at}


@dataclass(frozen=True, slots=True)
class PolicyFilter:
    """Which versions are wanted; what is None does not narrow."""

    codes: Sequence[str] | None = None
    channel_ids: Sequence[UUID] | None = None
    withdrawn: bool | None = None
    changed_since: datetime | None = None


async def list_policies(
    db: Session, wanted: PolicyFilter, page: PageRequest, *, sort: str = "CREATED_AT", descending: bool = True
) -> Page[Any]:
    """A page of policy versions."""
    found = narrow(
        sa.select(RoutingPolicy),
        (RoutingPolicy.code.in_, wanted.codes),
        (RoutingPolicy.channel_id.in_, wanted.channel_ids),
        (RoutingPolicy.updated_at.__ge__, wanted.changed_since),
    )
    if wanted.withdrawn is not None:
        gone = RoutingPolicy.withdrawn_at.is_not(None)
        found = found.where(gone if wanted.withdrawn else sa.not_(gone))
    order = choose(POLICY_SORTS, sort, descending=descending)
    return await paginate(db, found, order, RoutingPolicy.id, page, plain=True)


async def find_policy(db: Session, policy_id: UUID) -> RoutingPolicy | None:
    """One version."""
    return await db.get(RoutingPolicy, policy_id)
