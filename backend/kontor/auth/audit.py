"""The audit trail: an entry is written in the transaction of what it tells, so neither is there without the other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.auth.models import AuditEntry, AuditTarget
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.pagination import Page, PageRequest, Sort, paginate
from kontor.core.principal import Principal


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted; what is `None` does not narrow. Times: from inclusive, until exclusive."""

    principal_id: UUID | None = None
    operation: str | None = None
    target_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


_ENTRY_COLUMNS = (
    "id", "at", "principal_kind", "principal_id", "principal_name", "operation", "targets", "details", "request_id",
)  # fmt: skip
_TARGET_COLUMNS = ("target_id", "entry_id")


def note(
    db: Session,
    operation: str,
    targets: Iterable[tuple[str, UUID]] = (),
    details: Mapping[str, Any] | None = None,
    *,
    principal: Principal | None = None,
    request_id: str | None = None,
) -> None:
    """Write down that the principal did `operation` (named as the mutation) to the targets.

    A target is a kind and an id, `("order", order.id)`. Details are plain data and never hold secrets. Principal and
    request are those of this unit of work, where one unit does not serve the calls of several.
    """
    things = list(dict.fromkeys(targets))
    entry_id, principal = new_id(), principal or db.principal
    entry = (
        entry_id, db.now, str(principal.kind), principal.id, principal.name[:200], operation,
        [f"{kind}:{target_id}" for kind, target_id in things], dict(details or {}), request_id or db.request_id,
    )  # fmt: skip
    db.insert_last(AuditEntry, _ENTRY_COLUMNS, [entry])
    db.insert_last(
        AuditTarget, _TARGET_COLUMNS, [(target_id, entry_id) for target_id in dict.fromkeys(item[1] for item in things)]
    )


async def list_entries(db: Session, wanted: AuditFilter, page: PageRequest) -> Page[AuditEntry]:
    """Entries, newest first."""
    found = sa.select(AuditEntry)
    if wanted.target_id is not None:
        about = sa.select(AuditTarget.entry_id).where(AuditTarget.target_id == wanted.target_id)
        found = found.where(AuditEntry.id.in_(about))
    if wanted.principal_id is not None:
        found = found.where(AuditEntry.principal_id == wanted.principal_id)
    if wanted.operation is not None:
        found = found.where(AuditEntry.operation == wanted.operation)
    if wanted.since is not None:
        found = found.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        found = found.where(AuditEntry.at < wanted.until)
    return await paginate(db, found, Sort(AuditEntry.at, descending=True), AuditEntry.id, page)
