"""Partners: inviting them, and the steps of their life."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from kontor.api.graphql.agreements import PartnerAgreement, in_force_today
from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.loaders import by_key, by_parent
from kontor.api.graphql.master_rows import EACH, Given, SavedRowsResult, lookup, save_rows, shown
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.performance import open_work_by_partner
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.partners import inviting, queries, service
from kontor.partners.models import Partner as PartnerRow
from kontor.partners.models import PartnerAgreement as PartnerAgreementRow
from kontor.partners.models import PartnerKind
from kontor.partners.states import PartnerState

for _kind in (PartnerKind, PartnerState):
    strawberry.enum(_kind)


@strawberry.type(
    description="What a partner has in hand: orders that are open, articles with stock, reservations, and orders with "
    "stock there that were not given to a place yet."
)
class PartnerOpenWork:
    orders: int
    articles: int
    reservations: int
    promised: int


@strawberry.type(description="A dropshipper, franchisee, marketplace or other party that owns places.")
class Partner:
    id: UUID
    code: str
    name: str
    kind: PartnerKind
    state: PartnerState
    email: str | None
    language: str
    country: str
    vat_id: str | None
    agreement: JSON
    created_at: datetime
    updated_at: datetime

    @strawberry.field(description="All agreements by version, those to come among them.")
    async def agreements(self, info: Info) -> list[PartnerAgreement]:
        rows = await by_parent(info, PartnerAgreementRow.partner_id, self.id, order_by=PartnerAgreementRow.version)
        return [PartnerAgreement.of(row) for row in rows]

    @strawberry.field(description="What is agreed today; null where nothing is.")
    async def present_agreement(self, info: Info) -> PartnerAgreement | None:
        rows = await by_parent(info, PartnerAgreementRow.partner_id, self.id, order_by=PartnerAgreementRow.version)
        return in_force_today(rows, await info.context.runtime.database.clock.now())

    @strawberry.field(description="What is to be finished, moved or canceled when the partner is suspended.")
    async def open_work(self, info: Info) -> PartnerOpenWork:
        found = await by_key(info, open_work_by_partner, self.id)
        return PartnerOpenWork(**{name: getattr(found, name) for name in _OPEN_WORK})

    @classmethod
    def of(cls, row: Any) -> Partner:
        """As the API shows it."""
        return cls(**shown(cls, row))


_OPEN_WORK = ("orders", "articles", "reservations", "promised")


@strawberry.input
class PartnersFilter(Given):
    codes: list[str] | None = UNSET
    kinds: list[PartnerKind] | None = UNSET
    states: list[PartnerState] | None = UNSET
    countries: list[str] | None = UNSET
    search: str | None = UNSET
    changed_since: datetime | None = UNSET


@strawberry.enum
class PartnersSort(Enum):
    CODE = "CODE"
    CODE_DESC = "CODE-"
    NAME = "NAME"
    NAME_DESC = "NAME-"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT-"


@strawberry.input(description="A partner by its code; what is not given stays as it is.")
class PartnerInput(Given):
    code: str
    name: str | None = UNSET
    kind: PartnerKind | None = UNSET
    email: str | None = UNSET
    language: str | None = UNSET
    country: str | None = UNSET
    vat_id: str | None = UNSET
    agreement: JSON | None = UNSET


@strawberry.input(description="Who begins for the partner and gets the invitation mail.")
class FirstPersonInput:
    name: str
    email: str

    def value(self) -> inviting.FirstPerson:
        """As the domain takes it."""
        return inviting.FirstPerson(self.name, self.email)


@strawberry.type
class PartnerPayload:
    partner: Partner


PartnerResult = Annotated[PartnerPayload | Refusal, strawberry.union("PartnerResult")]


@strawberry.type
class PartnersQuery:
    @strawberry.field(
        extensions=[requires(Permission.PARTNERS_READ)],
        description="The partners the caller may see; a partner sees itself.",
    )
    async def partners(
        self,
        info: Info,
        filter: PartnersFilter | None = None,
        sort: PartnersSort = PartnersSort.CODE,
        first: First = 50,
        after: After = None,
    ) -> Connection[Partner]:
        wanted = queries.PartnerFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_partners(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, Partner.of)

    @strawberry.field(extensions=[requires(Permission.PARTNERS_READ)], description="By id or by code.")
    async def partner(self, info: Info, id: UUID | None = None, code: str | None = None) -> Partner | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await queries.find_partner(db, **lookup(id=id, code=code))
        return None if row is None else Partner.of(row)


@strawberry.type
class PartnersMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERS_WRITE)],
        description="Add a partner as invited; its first person, where one is named, gets the invitation mail.",
    )
    async def invite_partner(
        self, info: Info, input: PartnerInput, person: FirstPersonInput | None = None
    ) -> PartnerResult:
        if person is not None:
            info.context.principal.require_person()

        async def work(db: Session) -> PartnerRow:
            try:
                partner = await service.invite_partner(db, cast(Any, input.values()))
            except KontorError as problem:
                raise problem.within("input") from None
            if person is not None:
                await inviting.invite_person(db, partner, person.value())
            return partner

        return await _changed(info, work, [input.values(), person])

    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERS_WRITE, person=True)],
        description="Let somebody in for a partner by mail; who has not begun yet is mailed again.",
    )
    async def invite_partner_person(self, info: Info, id: UUID, person: FirstPersonInput) -> PartnerResult:
        async def work(db: Session) -> PartnerRow:
            partner = await queries.lock_partner(db, id=id)
            await inviting.invite_person(db, partner, person.value())
            return partner

        return await _changed(info, work, [id, person])

    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERS_WRITE)],
        description=f"Change partners by code and invite those that are new. {EACH}",
    )
    async def save_partners(
        self, info: Info, inputs: list[PartnerInput], all_or_nothing: bool = False
    ) -> SavedRowsResult:
        return await save_rows(info, inputs, service.save_partners, noun="partner", all_or_nothing=all_or_nothing)

    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERS_WRITE)], description="The partner accepted and is being set up."
    )
    async def start_onboarding(self, info: Info, id: UUID) -> PartnerResult:
        async def work(db: Session) -> PartnerRow:
            return await service.start_onboarding(db, await queries.lock_partner(db, id=id))

        return await _changed(info, work, [id])

    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERS_WRITE)], description="From now on the partner may be routed to."
    )
    async def activate_partner(self, info: Info, id: UUID) -> PartnerResult:
        async def work(db: Session) -> PartnerRow:
            return await service.activate_partner(db, await queries.lock_partner(db, id=id))

        return await _changed(info, work, [id])

    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERS_WRITE)], description="No new work at once; open work stays finishable."
    )
    async def suspend_partner(self, info: Info, id: UUID, reason: str) -> PartnerResult:
        async def work(db: Session) -> PartnerRow:
            return await service.suspend_partner(db, await queries.lock_partner(db, id=id), reason=reason)

        return await _changed(info, work, [id, reason])

    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERS_WRITE)],
        description="The relation is over; the access of the partner's people and machines ends with it.",
    )
    async def end_partner(self, info: Info, id: UUID, reason: str) -> PartnerResult:
        async def work(db: Session) -> PartnerRow:
            return await service.end_partner(db, await queries.lock_partner(db, id=id), reason=reason)

        return await _changed(info, work, [id, reason])


async def _changed(info: Info, work: Callable[[Session], Awaitable[PartnerRow]], body: Any) -> PartnerPayload:
    async def again(db: Session, ids: list[UUID]) -> PartnerRow:
        return await queries.lock_partner(db, id=ids[0])

    row = await change(info, work, body=body, targets=lambda done: [("partner", done.id)], again=again)
    return PartnerPayload(partner=Partner.of(row))
