"""How long cases of each kind may take: shown, and set from a moment on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.care import deadlines
from kontor.care.errors import InvalidDeadline
from kontor.care.models import CaseDeadline as Row
from kontor.care.values import DEADLINES, CaseKind, CaseQueue, queue_of
from kontor.core.db import Session


@strawberry.type(description="How long cases of a kind may take that are raised from a moment on. Never changed.")
class CaseDeadlineVersion:
    id: UUID
    channel_id: UUID | None = strawberry.field(description="Null: of all channels without one of their own.")
    hours: int | None = strawberry.field(description="Null: cases of the kind have no deadline.")
    valid_from: datetime
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, row: Row) -> CaseDeadlineVersion:
        """As the API shows it."""
        return cls(
            id=row.id, channel_id=row.channel_id, hours=row.hours, valid_from=row.valid_from,
            created_at=row.created_at, created_by=row.created_by,
        )  # fmt: skip


@strawberry.type(description="The deadline of cases of a kind that bring none of their own.")
class CaseDeadline:
    kind: CaseKind
    queue: CaseQueue
    hours: int | None = strawberry.field(description="As it counts now for the channel asked for; null: no deadline.")
    shipped_hours: int | None = strawberry.field(description="As it is where nobody has set anything.")
    in_force: CaseDeadlineVersion | None = strawberry.field(description="What was set; null where nothing was.")
    versions: list[CaseDeadlineVersion] = strawberry.field(description="All that was ever set, the newest first.")


@strawberry.input(
    description="Without hours there is no deadline; without a channel for all, without a moment at once."
)
class CaseDeadlineInput:
    kind: CaseKind
    hours: int | None = None
    channel_id: UUID | None = UNSET
    valid_from: datetime | None = UNSET


def _hours(kind: CaseKind) -> int | None:
    ours = DEADLINES.get(kind)
    return None if ours is None else int(ours.total_seconds() // 3600)


@strawberry.type
class CaseDeadlinesQuery:
    @strawberry.field(
        extensions=[requires(Permission.CARE_READ)],
        description="How long cases of each kind may take, for a channel or for all.",
    )
    async def case_deadlines(self, info: Info, channel_id: UUID | None = None) -> list[CaseDeadline]:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            rows, now = await deadlines.deadlines_of(db), db.now
        if principal.restricted and channel_id not in (principal.channel_ids or ()):
            channel_id = None
        rows = [row for row in rows if row.channel_id in (None, channel_id)]
        chosen = deadlines.in_force(rows, now)
        found = []
        for kind in CaseKind:
            row = chosen.row(kind, channel_id)
            found.append(
                CaseDeadline(
                    kind=kind, queue=queue_of(kind), hours=_hours(kind) if row is None else row.hours,
                    shipped_hours=_hours(kind), in_force=CaseDeadlineVersion.of(row) if row is not None else None,
                    versions=[CaseDeadlineVersion.of(each) for each in rows if each.kind == kind.value],
                )
            )  # fmt: skip
        return found


@strawberry.type
class CaseDeadlinesMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.CHANNELS_WRITE)],
        description="How long cases of a kind may take that are raised from then on; what is open keeps its deadline.",
    )
    async def set_case_deadline(
        self, info: Info, input: CaseDeadlineInput
    ) -> Annotated[CaseDeadlineVersion | Refusal, strawberry.union("SetCaseDeadlineResult")]:
        async def work(db: Session) -> CaseDeadlineVersion:
            channel_id, allowed = input.channel_id or None, db.principal.channel_ids
            if db.principal.restricted and (allowed is None or channel_id not in allowed):
                raise InvalidDeadline("There is no such channel.", code="CHANNEL_NOT_FOUND", path=("channelId",))
            row = await deadlines.set_deadline(
                db, input.kind, input.hours, channel_id=channel_id, valid_from=input.valid_from or None, now=db.now
            )
            return CaseDeadlineVersion.of(row)

        async def again(db: Session, ids: list[UUID]) -> CaseDeadlineVersion:
            return CaseDeadlineVersion.of(await db.get_one(Row, ids[0]))

        told = {"kind": input.kind.value, "hours": input.hours}
        return await change(
            info, work, body=input, again=again, targets=lambda done: [("case_deadline", done.id)], details=told
        )
