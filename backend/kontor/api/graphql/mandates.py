"""Mandates of SEPA direct debits: kept when the customer has signed, revoked, listed."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.master_rows import Given
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.payments import debiting
from kontor.payments.mandates import MandateKind
from kontor.payments.models import Mandate as MandateRow

strawberry.enum(MandateKind, name="MandateKind")
_SHOWN = (
    "id", "channel_id", "creditor_id", "reference", "kind", "once", "signed_on", "name", "revoked_at", "created_at",
    "updated_at",
)  # fmt: skip


@strawberry.type(
    description="A customer's signed permission to debit an account. Of its IBAN only the ending is shown."
)
class Mandate:
    id: UUID
    channel_id: UUID
    creditor_id: str
    reference: str
    kind: MandateKind
    once: bool = strawberry.field(description="For a single debit.")
    signed_on: date
    name: str
    iban_ending: str
    revoked_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> Mandate:
        """As the API shows it."""
        return cls(**{name: getattr(row, name) for name in _SHOWN}, iban_ending=row.iban[-4:])


@strawberry.input(description="A mandate as it was signed; `channel` by its code.")
class MandateInput:
    channel: str
    reference: str
    signed_on: date
    name: str
    iban: str
    kind: MandateKind = MandateKind.CORE
    once: bool = False


@strawberry.input
class MandatesFilter(Given):
    references: list[str] | None = UNSET
    channel_ids: list[UUID] | None = UNSET
    revoked: bool | None = UNSET
    changed_since: datetime | None = UNSET


@strawberry.enum
class MandatesSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.type
class MandatesQuery:
    @strawberry.field(
        extensions=[requires(Permission.PAYMENTS_READ)],
        description="Mandates of SEPA direct debits; shops see those of their channels.",
    )
    async def mandates(
        self,
        info: Info,
        filter: MandatesFilter | None = None,
        sort: MandatesSort = MandatesSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Mandate]:
        wanted = debiting.MandateFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await debiting.list_mandates(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, Mandate.of)


@strawberry.type
class MandateSaved:
    mandate: Mandate


MandateResult = Annotated[MandateSaved | Refusal, strawberry.union("MandateResult")]


async def _again(db: Session, ids: list[UUID]) -> MandateSaved:
    return MandateSaved(mandate=Mandate.of(await db.get_one(MandateRow, ids[0])))


@strawberry.type
class MandatesMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.ORDERS_PLACE)],
        description="Keep a mandate that payments of direct debits name. Sent twice it is one.",
    )
    async def save_mandate(self, info: Info, input: MandateInput) -> MandateResult:
        async def work(db: Session) -> MandateSaved:
            try:
                row = await debiting.save_mandate(db, debiting.MandateData(**vars(input)))
            except KontorError as problem:
                raise problem.within("input") from None
            return MandateSaved(mandate=Mandate.of(row))

        return await change(
            info, work, body=vars(input), again=_again, targets=lambda done: [("mandate", done.mandate.id)],
            details={"reference": input.reference},
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.PAYMENTS_WRITE)],
        description="The customer has withdrawn a mandate: nothing is debited by it any more.",
    )
    async def revoke_mandate(self, info: Info, id: UUID) -> MandateResult:
        async def work(db: Session) -> MandateSaved:
            return MandateSaved(mandate=Mandate.of(await debiting.revoke_mandate(db, id)))

        return await change(
            info, work, body=[str(id)], again=_again, targets=lambda done: [("mandate", done.mandate.id)]
        )
