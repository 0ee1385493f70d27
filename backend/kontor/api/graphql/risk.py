"""Risk: assessments with their reasons in words, reviews, the retailer's rules and lists."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.master_rows import EACH, Given, SavedRowsResult, save_rows, shown
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.orders import queries as orders
from kontor.risk import queries, saving, service
from kontor.risk.scoring import describe
from kontor.risk.states import RiskState
from kontor.risk.values import Decision, ListKind

strawberry.enum(RiskState)
strawberry.enum(Decision, name="RiskDecision")
strawberry.enum(ListKind, name="RiskListKind")


@strawberry.type(description="Something that speaks against (or for) an order.")
class RiskReason:
    code: str
    score: int
    params: JSON
    kept: strawberry.Private[dict[str, Any]]

    @strawberry.field(description="In words, in the language asked for.")
    def text(self, info: Info) -> str:
        return describe(self.kept, info.context.language)


@strawberry.type(description="The check of one order.")
class RiskAssessment:
    id: UUID
    order_id: UUID
    state: RiskState
    score: int
    assessed_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    note: str | None
    facts: JSON = strawberry.field(
        description="What was counted: orders within a day by kind of trace, earlier orders and their usual total."
    )
    reasons: list[RiskReason]

    @classmethod
    def of(cls, row: Any) -> RiskAssessment:
        """As the API shows it."""
        reasons = [
            RiskReason(code=each["code"], score=each["score"], params=JSON(each.get("params") or {}), kept=each)
            for each in row.reasons
        ]
        return cls(**{**shown(cls, row), "reasons": reasons})


@strawberry.type(description="A condition in CEL over an order's facts, and what it adds to the score.")
class RiskRule:
    id: UUID
    code: str
    channel_id: UUID | None
    condition: str
    score: int
    decision: Decision | None
    text: JSON
    active: bool

    @classmethod
    def of(cls, row: Any) -> RiskRule:
        """As the API shows it."""
        return cls(**{**shown(cls, row), "decision": Decision(row.decision) if row.decision else None})


@strawberry.type(description="A value that is blocked or trusted.")
class RiskListEntry:
    id: UUID
    kind: ListKind
    value: str
    blocked: bool
    reason: str
    until: datetime | None
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, row: Any) -> RiskListEntry:
        """As the API shows it."""
        return cls(**{**shown(cls, row), "kind": ListKind(row.kind)})


@strawberry.input
class RiskAssessmentsFilter(Given):
    states: list[RiskState] | None = UNSET
    order_ids: list[UUID] | None = UNSET
    min_score: int | None = UNSET
    assessed_since: datetime | None = UNSET
    changed_since: datetime | None = UNSET

    def value(self) -> queries.AssessmentFilter:
        """As the domain takes it."""
        return queries.AssessmentFilter(**self.values())


@strawberry.enum
class RiskAssessmentsSort(Enum):
    ASSESSED_AT = "ASSESSED_AT"
    ASSESSED_AT_DESC = "ASSESSED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.enum
class RiskRulesSort(Enum):
    CODE = "CODE"
    CODE_DESC = "CODE_DESC"
    SCORE = "SCORE"
    SCORE_DESC = "SCORE_DESC"


@strawberry.enum
class RiskListEntriesSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    VALUE = "VALUE"
    VALUE_DESC = "VALUE_DESC"


@strawberry.input
class RiskListEntriesFilter(Given):
    kinds: list[ListKind] | None = UNSET
    blocked: bool | None = UNSET
    search: str | None = UNSET


@strawberry.input(description="A rule by its code; what is absent stays as it is. `text` is {de, en}.")
class RiskRuleInput(Given):
    code: str
    condition: str | None = UNSET
    channel: str | None = UNSET
    score: int | None = UNSET
    decision: Decision | None = UNSET
    text: JSON | None = UNSET
    active: bool | None = UNSET


@strawberry.input(
    description="A value by its kind, blocked unless said otherwise; an `until` in the past takes it off."
)
class RiskListEntryInput(Given):
    kind: ListKind
    value: str
    reason: str | None = UNSET
    blocked: bool | None = UNSET
    until: datetime | None = UNSET


@strawberry.type
class RiskQuery:
    @strawberry.field(extensions=[requires(Permission.RISK_REVIEW, Permission.RISK_WRITE)])
    async def risk_assessment(self, info: Info, order_id: UUID) -> RiskAssessment | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await queries.find_assessment(db, order_id)
        return None if row is None else RiskAssessment.of(row)

    @strawberry.field(extensions=[requires(Permission.RISK_REVIEW, Permission.RISK_WRITE)])
    async def risk_assessments(
        self,
        info: Info,
        filter: RiskAssessmentsFilter | None = None,
        sort: RiskAssessmentsSort = RiskAssessmentsSort.ASSESSED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[RiskAssessment]:
        wanted = filter.value() if filter else queries.AssessmentFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_assessments(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, RiskAssessment.of)

    @strawberry.field(extensions=[requires(Permission.RISK_REVIEW, Permission.RISK_WRITE)])
    async def risk_rules(
        self,
        info: Info,
        channel_id: UUID | None = None,
        active: bool | None = None,
        sort: RiskRulesSort = RiskRulesSort.CODE,
        first: First = 50,
        after: After = None,
    ) -> Connection[RiskRule]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_rules(
                db, page_of(first, after), channel_id=channel_id, active=active, **sorting(sort)
            )
        return connect(page, RiskRule.of)

    @strawberry.field(extensions=[requires(Permission.RISK_REVIEW, Permission.RISK_WRITE)])
    async def risk_list_entries(
        self,
        info: Info,
        filter: RiskListEntriesFilter | None = None,
        sort: RiskListEntriesSort = RiskListEntriesSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[RiskListEntry]:
        wanted = queries.ListEntryFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_entries(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, RiskListEntry.of)


@strawberry.type
class RiskReviewed:
    assessment: RiskAssessment


async def _review_again(db: Session, ids: list[UUID]) -> RiskReviewed:
    row = await queries.find_assessment(db, ids[0])
    return RiskReviewed(assessment=RiskAssessment.of(row))


@strawberry.type
class RiskMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.RISK_REVIEW)],
        description="Decide on an order in review: accepting releases its hold, rejecting ends the order.",
    )
    async def review_risk(
        self, info: Info, order_id: UUID, accept: bool, note: str | None = None
    ) -> Annotated[RiskReviewed | Refusal, strawberry.union("ReviewRiskResult")]:
        async def work(db: Session) -> RiskReviewed:
            order = await orders.lock_order(db, order_id, db.principal)
            row = await service.review_order(db, order, accept=accept, now=db.now, note=note)
            await db.flush()
            return RiskReviewed(assessment=RiskAssessment.of(row))

        return await change(
            info, work, body=[order_id, accept, note], again=_review_again,
            targets=lambda done: [("order", done.assessment.order_id)],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.RISK_WRITE)], description=f"Save rules; conditions are checked. {EACH}"
    )
    async def save_risk_rules(
        self, info: Info, inputs: list[RiskRuleInput], all_or_nothing: bool = False
    ) -> SavedRowsResult:
        return await save_rows(info, inputs, saving.save_risk_rules, noun="riskRule", all_or_nothing=all_or_nothing)

    @strawberry.mutation(extensions=[requires(Permission.RISK_WRITE)], description=f"Block or trust values. {EACH}")
    async def save_risk_list_entries(
        self, info: Info, inputs: list[RiskListEntryInput], all_or_nothing: bool = False
    ) -> SavedRowsResult:
        save = saving.save_risk_list_entries
        return await save_rows(info, inputs, save, noun="riskListEntry", all_or_nothing=all_or_nothing)
