"""Cases: what somebody has to look after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.master_rows import Given, shown
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.care import queries, service
from kontor.care.models import Case as CaseRow
from kontor.care.states import CaseState
from kontor.care.values import CaseKind, NewCase
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.orders import queries as orders

strawberry.enum(CaseState)
strawberry.enum(CaseKind)


@strawberry.type(description="A task of care. A case of one kind about one thing is open once.")
class Case:
    id: UUID
    kind: CaseKind
    order_id: UUID | None
    state: CaseState
    facts: JSON
    owner_id: UUID | None
    due_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> Case:
        """As the API shows it."""
        return cls(**{**shown(cls, row), "kind": CaseKind(row.kind)})


@strawberry.input
class CasesFilter(Given):
    states: list[CaseState] | None = UNSET
    kinds: list[CaseKind] | None = UNSET
    owner_id: UUID | None = UNSET
    unowned: bool | None = UNSET
    order_id: UUID | None = UNSET
    order_number: str | None = UNSET
    due_before: datetime | None = UNSET
    changed_since: datetime | None = UNSET

    def value(self) -> queries.CaseFilter:
        """As the domain takes it."""
        return queries.CaseFilter(**self.values())


@strawberry.enum
class CasesSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT-"
    DUE_AT = "DUE_AT"
    DUE_AT_DESC = "DUE_AT-"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT-"


@strawberry.type
class CareQuery:
    @strawberry.field(extensions=[requires(Permission.CARE_READ)])
    async def cases(
        self,
        info: Info,
        filter: CasesFilter | None = None,
        sort: CasesSort = CasesSort.CREATED_AT,
        first: First = 50,
        after: After = None,
    ) -> Connection[Case]:
        wanted = filter.value() if filter else queries.CaseFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_cases(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, Case.of)

    @strawberry.field(extensions=[requires(Permission.CARE_READ)])
    async def case(self, info: Info, id: UUID) -> Case | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await queries.find_case(db, id)
        return None if row is None else Case.of(row)


@strawberry.type
class CaseChanged:
    case: Case


CaseResult = Annotated[CaseChanged | Refusal, strawberry.union("CaseResult")]


async def _again(db: Session, ids: list[UUID]) -> CaseChanged:
    return CaseChanged(case=Case.of(await queries.get_case(db, ids[0])))


async def _change(info: Info, case_id: UUID, step: Callable[[Session, CaseRow], None], body: Any) -> CaseChanged:
    async def work(db: Session) -> CaseChanged:
        row = await queries.lock_case(db, case_id)
        step(db, row)
        await db.flush()
        return CaseChanged(case=Case.of(row))

    return await change(info, work, body=body, again=_again, targets=lambda done: [("case", done.case.id)])


@strawberry.type
class CareMutation:
    @strawberry.mutation(extensions=[requires(Permission.CARE_WRITE)], description="Note something to be looked after.")
    async def open_case(self, info: Info, order_id: UUID, text: str, due_at: datetime | None = None) -> CaseResult:
        async def work(db: Session) -> CaseChanged:
            await orders.get_order(db, order_id, db.principal)
            service.check_text(text)
            wanted = NewCase(CaseKind.MANUAL, str(new_id()), order_id, {"text": text.strip()}, due_at)
            row = await service.open_case(db, wanted, now=db.now)
            await db.flush()
            return CaseChanged(case=Case.of(row))

        return await change(
            info, work, body=[order_id, text, due_at], again=_again, targets=lambda done: [("case", done.case.id)]
        )

    @strawberry.mutation(
        extensions=[requires(Permission.CARE_WRITE)], description="Give a case to somebody; without an owner, to all."
    )
    async def assign_case(
        self, info: Info, id: UUID, owner_id: UUID | None = None, due_at: datetime | None = None
    ) -> CaseResult:
        def step(db: Session, row: CaseRow) -> None:
            service.assign_case(db, row, owner_id=owner_id, now=db.now, due_at=due_at)

        return await _change(info, id, step, [id, owner_id, due_at])

    @strawberry.mutation(extensions=[requires(Permission.CARE_WRITE)], description="Put a case aside for a while.")
    async def wait_case(
        self, info: Info, id: UUID, note: str | None = None, until: datetime | None = None
    ) -> CaseResult:
        def step(db: Session, row: CaseRow) -> None:
            service.wait_case(db, row, now=db.now, note=note, until=until)

        return await _change(info, id, step, [id, note, until])

    @strawberry.mutation(extensions=[requires(Permission.CARE_WRITE)], description="The case needs nobody any more.")
    async def finish_case(self, info: Info, id: UUID, note: str | None = None) -> CaseResult:
        def step(db: Session, row: CaseRow) -> None:
            service.finish_case(db, row, now=db.now, note=note)

        return await _change(info, id, step, [id, note])
