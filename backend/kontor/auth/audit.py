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
from kontor.core.pagination import Page, PageRequest, Sort, narrow, paginate
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


async def list_entries(
    db: Session, wanted: AuditFilter, page: PageRequest, *, descending: bool = True
) -> Page[AuditEntry]:
    """Entries, newest first unless asked otherwise."""
    row = AuditEntry

    def about(target_id: UUID) -> sa.ColumnElement[bool]:
        return row.id.in_(sa.select(AuditTarget.entry_id).where(AuditTarget.target_id == target_id))

    found = narrow(
        sa.select(row),
        (about, wanted.target_id),
        (row.principal_id.__eq__, wanted.principal_id),
        (row.operation.__eq__, wanted.operation),
        (row.at.__ge__, wanted.since),
        (row.at.__lt__, wanted.until),
    )
    return await paginate(db, found, Sort(row.at, descending), row.id, page)
