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
from kontor.api.graphql.loaders import by_id
from kontor.api.graphql.master_rows import Given, shown
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.models import User
from kontor.auth.permissions import Permission
from kontor.care import handing, queries, service
from kontor.care.models import Case as CaseRow
from kontor.care.states import CaseState
from kontor.care.values import CaseKind, CaseQueue, NewCase, may_decide, queue_of
from kontor.core.db import Session
from kontor.core.errors import Forbidden
from kontor.core.ids import new_id
from kontor.core.principal import PrincipalKind
from kontor.orders import queries as orders
from kontor.orders.models import Order

strawberry.enum(CaseState)
strawberry.enum(CaseKind)
strawberry.enum(CaseQueue)


@strawberry.type(description="A task of care. A case of one kind about one thing is open once.")
class Case:
    id: UUID
    kind: CaseKind
    order_id: UUID | None
    state: CaseState
    facts: JSON
    owner_id: UUID | None
    due_at: datetime | None
    escalated_at: datetime | None = strawberry.field(description="When its deadline passed.")
    wait_until: datetime | None = strawberry.field(
        description="Until then it is put aside, and past no deadline but one that a bank has set; then it comes back."
    )
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> Case:
        """As the API shows it."""
        return cls(**{**shown(cls, row), "kind": CaseKind(row.kind)})

    @strawberry.field
    def queue(self) -> CaseQueue:
        return queue_of(self.kind)

    @strawberry.field(description="Whether the caller may do what ends it; who may not is not given it.")
    def decidable(self, info: Info) -> bool:
        return may_decide(info.context.principal.may, self.kind)

    @strawberry.field(description="Who looks after it.")
    async def owner_name(self, info: Info) -> str | None:
        owner = await by_id(info, User, self.owner_id)
        return None if owner is None else owner.name

    @strawberry.field
    async def order_number(self, info: Info) -> str | None:
        order = await by_id(info, Order, self.order_id)
        return None if order is None else order.number


@strawberry.type(description="What waits in a queue; `ages` of those nobody has: 0-1, 2-3, 4-7 and more days.")
class CaseQueueCount:
    queue: CaseQueue
    open: int
    assigned: int
    waiting: int
    escalated: int
    ages: list[int]

    @classmethod
    def of(cls, row: Any) -> CaseQueueCount:
        """As the API shows it."""
        return cls(**{**shown(cls, row), "ages": list(row.ages)})


@strawberry.type(description="Somebody who can be given cases of a kind, and how many they look after now.")
class CaseHand:
    id: UUID
    name: str
    cases: int


@strawberry.input
class CasesFilter(Given):
    states: list[CaseState] | None = UNSET
    kinds: list[CaseKind] | None = UNSET
    owner_id: UUID | None = UNSET
    unowned: bool | None = UNSET
    order_id: UUID | None = UNSET
    order_number: str | None = UNSET
    due_before: datetime | None = UNSET
    queues: list[CaseQueue] | None = UNSET
    escalated: bool | None = UNSET
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

    @strawberry.field(extensions=[requires(Permission.CARE_READ)], description="What waits where.")
    async def case_queues(self, info: Info) -> list[CaseQueueCount]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            rows = await queries.count_queues(db, now=db.now)
        return [CaseQueueCount.of(row) for row in rows]

    @strawberry.field(
        extensions=[requires(Permission.CARE_WRITE)],
        description="Who can be given cases of a kind: those who are there and may decide them, by name.",
    )
    async def case_hands(self, info: Info, kind: CaseKind) -> list[CaseHand]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            hands = await handing.hands_for(db, kind)
        return [CaseHand(id=each.id, name=each.name, cases=each.cases) for each in hands]


@strawberry.type
class CaseChanged:
    case: Case


@strawberry.type(description="The case that is yours now; null where none was free.")
class NextCase:
    case: Case | None


NextCaseResult = Annotated[NextCase | Refusal, strawberry.union("NextCaseResult")]
CaseResult = Annotated[CaseChanged | Refusal, strawberry.union("CaseResult")]


async def _again(db: Session, ids: list[UUID]) -> CaseChanged:
    return CaseChanged(case=Case.of(await queries.get_case(db, ids[0])))


async def _next_again(db: Session, ids: list[UUID]) -> NextCase:
    return NextCase(case=Case.of(await queries.get_case(db, ids[0])) if ids else None)


def _person(info: Info) -> UUID:
    """Who is to own a case: only people look after something. Raises `Forbidden`."""
    principal = info.context.principal
    if principal.kind is not PrincipalKind.USER or principal.id is None:
        raise Forbidden("Only a person can look after a case.", code="NOT_A_PERSON")
    return principal.id


async def _change(info: Info, case_id: UUID, step: Callable[[Session, CaseRow], None], body: Any) -> CaseChanged:
    async def work(db: Session) -> CaseChanged:
        row = await queries.lock_case(db, case_id)
        handing.check_hand(db, row)
        step(db, row)
        await db.flush()
        return CaseChanged(case=Case.of(row))

    return await change(info, work, body=body, again=_again, targets=lambda done: [("case", done.case.id)])


@strawberry.type
class CareMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.CARE_WRITE)],
        description="Note something to be looked after, for somebody or for whoever takes it.",
    )
    async def open_case(
        self,
        info: Info,
        order_id: UUID,
        text: str,
        due_at: datetime | None = None,
        owner_id: UUID | None = None,
    ) -> CaseResult:
        async def work(db: Session) -> CaseChanged:
            await orders.get_order(db, order_id, db.principal)
            service.check_text(text)
            service.check_deadline(due_at, now=db.now)
            wanted = NewCase(CaseKind.MANUAL, str(new_id()), order_id, {"text": text.strip()}, due_at)
            row = await service.open_case(db, wanted, now=db.now)
            if owner_id is not None:
                await handing.hand_over(db, row, owner_id=owner_id, now=db.now)
            await db.flush()
            return CaseChanged(case=Case.of(row))

        return await change(
            info, work, body=[order_id, text, due_at, owner_id], again=_again,
            targets=lambda done: [("case", done.case.id)], details={"owner": owner_id and str(owner_id)},
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.CARE_WRITE)],
        description=(
            "Give a case to somebody who may decide it; without an owner, to all. What somebody else looks after only"
            " who holds care:assign gives on. With `fromOwnerId` (null: nobody's) it is refused when it was given on"
            " meanwhile."
        ),
    )
    async def assign_case(
        self,
        info: Info,
        id: UUID,
        owner_id: UUID | None = None,
        due_at: datetime | None = None,
        from_owner_id: UUID | None = UNSET,
    ) -> CaseResult:
        expected = None if from_owner_id is UNSET else (from_owner_id,)

        async def work(db: Session) -> CaseChanged:
            row = await queries.lock_case(db, id)
            await handing.hand_over(db, row, owner_id=owner_id, now=db.now, due_at=due_at, expected=expected)
            await db.flush()
            return CaseChanged(case=Case.of(row))

        return await change(
            info, work, body=[id, owner_id, due_at, expected], again=_again,
            targets=lambda done: [("case", done.case.id)], details={"owner": owner_id and str(owner_id)},
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.CARE_WRITE)],
        description="Look after a case oneself; refused while it is somebody else's.",
    )
    async def take_case(self, info: Info, id: UUID) -> CaseResult:
        async def work(db: Session) -> CaseChanged:
            row = await queries.lock_case(db, id)
            await service.take_case(db, row, owner_id=_person(info), now=db.now)
            await db.flush()
            return CaseChanged(case=Case.of(row))

        return await change(info, work, body=[id], again=_again, targets=lambda done: [("case", done.case.id)])

    @strawberry.mutation(
        extensions=[requires(Permission.CARE_WRITE)],
        description=(
            "Look after the case that waits longest in these queues, or in any; escalated ones go first. However many"
            " ask at once, each gets another one."
        ),
    )
    async def take_next_case(self, info: Info, queues: list[CaseQueue] | None = None) -> NextCaseResult:
        async def work(db: Session) -> NextCase:
            row = await service.take_next_case(db, queues, owner_id=_person(info), now=db.now)
            await db.flush()
            return NextCase(case=None if row is None else Case.of(row))

        return await change(
            info, work, body=[queues], again=_next_again,
            targets=lambda done: [] if done.case is None else [("case", done.case.id)],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.CARE_WRITE)],
        description="Put a case aside, until a moment it comes back by itself.",
    )
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
