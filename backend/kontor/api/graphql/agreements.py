"""Agreements with partners: terms and targets that hold from a day on."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.master_rows import Given, shown
from kontor.api.graphql.mutation import change
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.clock import utc_day
from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.partners import agreements, models, queries

strawberry.enum(models.ReturnPostage)


@strawberry.type(
    description="What was agreed from a day on; of one day the highest version counts. Times in working hours of the "
    "place, targets in permille of what is counted."
)
class PartnerAgreement:
    id: UUID
    partner_id: UUID
    version: int
    valid_from: date
    answer_hours: int = strawberry.field(description="Working hours to accept or reject.")
    ship_hours: int = strawberry.field(description="Working hours until the goods have left.")
    accepted_permille: int
    on_time_permille: int
    canceled_permille: int
    tracking_permille: int
    returned_permille: int
    stock_age_hours: int = strawberry.field(description="How old stock figures should be at most.")
    return_postage: models.ReturnPostage = strawberry.field(description="Who bears the postage of returns.")
    currency: str | None = strawberry.field(description="Of fees between the two; null where there are none.")
    note: str | None
    created_at: datetime
    created_by: strawberry.Private[str]

    @strawberry.field(description="Who made it; null for those who are not of the company.")
    def by(self, info: Info) -> str | None:
        return self.created_by if info.context.principal.inside else None

    @classmethod
    def of(cls, row: Any) -> PartnerAgreement:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.input(description="Terms that hold from a day on, today at the earliest; what is not given stays.")
class AgreementInput(Given):
    partner_id: UUID
    valid_from: date
    answer_hours: int | None = UNSET
    ship_hours: int | None = UNSET
    accepted_permille: int | None = UNSET
    on_time_permille: int | None = UNSET
    canceled_permille: int | None = UNSET
    tracking_permille: int | None = UNSET
    returned_permille: int | None = UNSET
    stock_age_hours: int | None = UNSET
    return_postage: models.ReturnPostage | None = UNSET
    currency: str | None = UNSET
    note: str | None = UNSET


@strawberry.type
class AgreementPayload:
    agreement: PartnerAgreement


AgreementResult = Annotated[AgreementPayload | Refusal, strawberry.union("AgreementResult")]


@strawberry.type
class AgreementsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERS_WRITE)],
        description="Agree on new terms with a partner from a day on. Work given before keeps its due times.",
    )
    async def make_agreement(self, info: Info, input: AgreementInput) -> AgreementResult:
        given = input.values()

        async def work(db: Session) -> AgreementPayload:
            terms = dict(given)
            partner_id, valid_from = terms.pop("partner_id"), terms.pop("valid_from")
            try:
                partner = await queries.lock_partner(db, id=partner_id)
            except KontorError as problem:
                problem.path = ("input", "partnerId")
                raise
            try:
                row = await agreements.agree(db, partner, cast(Any, terms), valid_from=valid_from)
            except KontorError as problem:
                raise problem.within("input") from None
            return AgreementPayload(agreement=PartnerAgreement.of(row))

        async def again(db: Session, ids: list[UUID]) -> AgreementPayload:
            return AgreementPayload(agreement=PartnerAgreement.of(await db.get_one(models.PartnerAgreement, ids[1])))

        return await change(
            info, work, body=given, again=again,
            targets=lambda done: [("partner", done.agreement.partner_id), ("partner_agreement", done.agreement.id)],
            details={name: str(value) for name, value in given.items() if name != "partner_id"},
        )  # fmt: skip


def in_force_today(rows: list[Any], now: datetime) -> PartnerAgreement | None:
    """Of a partner's agreements the one that holds now."""
    row = agreements.in_force(rows, utc_day(now))
    return None if row is None else PartnerAgreement.of(row)
