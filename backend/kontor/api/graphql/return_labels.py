"""Labels of returns: how they stand with the carrier, and asking it again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.carriers.ports import Carrier
from kontor.core.db import Session
from kontor.returnlabels import queries, service
from kontor.returnlabels.models import ReturnLabel as Row
from kontor.returnlabels.states import ReturnLabelState
from kontor.returns import queries as returns
from kontor.returns.models import Return

strawberry.enum(ReturnLabelState)


@strawberry.type(description="The label of a return, bought from the carrier of the place the goods come back to.")
class ReturnLabel:
    id: UUID
    return_id: UUID
    state: ReturnLabelState
    carrier: str
    tracking_number: str | None
    tracking_url: str | None
    document_id: UUID | None
    problem_code: str | None
    problem: str | None = strawberry.field(description="Why there is none, in the carrier's words.")
    updated_at: datetime

    @classmethod
    def of(cls, row: Row) -> ReturnLabel:
        """As the API shows it."""
        return cls(
            id=row.id, return_id=row.return_id, state=row.state, carrier=row.asked["carrier"],
            tracking_number=row.tracking_number, tracking_url=row.tracking_url, document_id=row.document_id,
            problem_code=row.problem_code, problem=row.problem, updated_at=row.updated_at,
        )  # fmt: skip


@strawberry.type
class ReturnLabelsQuery:
    @strawberry.field(
        extensions=[requires(Permission.RETURNS_READ)], description="Null where none was asked for at a carrier."
    )
    async def return_label(self, info: Info, return_id: UUID) -> ReturnLabel | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            seen = returns.visible_to(db.principal).with_only_columns(Return.id).where(Return.id == return_id)
            row = await queries.label_of(db, return_id) if await db.scalar(seen) is not None else None
        return None if row is None else ReturnLabel.of(row)


@strawberry.type
class ReturnLabelsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.RETURNS_WRITE, Permission.CARE_WRITE)],
        description="Ask the carrier for the label of an approved return, again where it failed.",
    )
    async def request_return_label(
        self, info: Info, return_id: UUID
    ) -> Annotated[ReturnLabel | Refusal, strawberry.union("RequestReturnLabelResult")]:
        ports = info.context.runtime.ports
        own = {name: ports.get(Carrier, name).abilities.own_numbers for name in ports.names(Carrier)}  # type: ignore[type-abstract]

        async def work(db: Session) -> ReturnLabel:
            row = await service.want_label(db, return_id, own_numbers=own, now=db.now, principal=db.principal)
            return ReturnLabel.of(row)

        async def again(db: Session, ids: list[UUID]) -> ReturnLabel:
            return ReturnLabel.of(await db.get_one(Row, ids[0]))

        return await change(
            info, work, body=[return_id], again=again,
            targets=lambda done: [("return_label", done.id), ("return", done.return_id)],
        )  # fmt: skip
