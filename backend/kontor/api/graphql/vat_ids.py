"""VAT ids, and what registers said of them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.loaders import by_id
from kontor.api.graphql.master_rows import Given, shown
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.tax import checking, queries
from kontor.tax.errors import RegisterOff
from kontor.tax.models import VatId as VatIdRow
from kontor.tax.models import VatIdCheck as CheckRow
from kontor.tax.ports import VatRegister
from kontor.tax.vat_ids import CheckOutcome, VatIdStatus

strawberry.enum(VatIdStatus)
strawberry.enum(CheckOutcome, name="VatIdCheckOutcome")


@strawberry.type(
    description="One question to a register. proof is its consultation number: it shows that it was asked that day."
)
class VatIdCheck:
    id: UUID
    number: str
    outcome: CheckOutcome
    register: str
    requester: str | None
    proof: str | None
    name: str | None
    address: str | None
    reason: str | None
    asked_at: datetime
    asked_by: str

    @classmethod
    def of(cls, row: Any) -> VatIdCheck:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.type(
    description="A VAT id that customers order with. Until its register has answered, form and check digits decide; "
    "from the day it is INVALID, orders are taxed as if there were none."
)
class VatId:
    id: UUID
    number: str
    status: VatIdStatus
    checked_at: datetime | None
    unanswered: int
    due_at: datetime
    updated_at: datetime
    check_id: strawberry.Private[UUID | None]

    @strawberry.field(description="The last answer.")
    async def check(self, info: Info) -> VatIdCheck | None:
        row = await by_id(info, CheckRow, self.check_id)
        return None if row is None else VatIdCheck.of(row)

    @classmethod
    def of(cls, row: Any) -> VatId:
        """As the API shows it."""
        names = ("id", "number", "status", "checked_at", "unanswered", "due_at", "updated_at", "check_id")
        return cls(**{name: getattr(row, name) for name in names})


async def vat_ids_of(context: Context, numbers: list[str]) -> list[VatIdRow | None]:
    """What is known of VAT ids, in the order asked for; one statement."""
    async with context.runtime.database.read_only(context.principal) as db:
        found = await checking.vat_ids_by_number(db, numbers)
    return [found.get(number) for number in numbers]


@strawberry.input
class VatIdsFilter(Given):
    numbers: list[str] | None = UNSET
    statuses: list[VatIdStatus] | None = UNSET
    changed_since: datetime | None = UNSET


@strawberry.input
class VatIdChecksFilter(Given):
    numbers: list[str] | None = UNSET
    outcomes: list[CheckOutcome] | None = UNSET
    since: datetime | None = UNSET


@strawberry.enum
class VatIdsSort(Enum):
    NUMBER = "NUMBER"
    NUMBER_DESC = "NUMBER_DESC"
    DUE_AT = "DUE_AT"
    DUE_AT_DESC = "DUE_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.enum
class VatIdChecksSort(Enum):
    ASKED_AT = "ASKED_AT"
    ASKED_AT_DESC = "ASKED_AT_DESC"


@strawberry.type
class VatIdsQuery:
    @strawberry.field(extensions=[requires(Permission.TAX_READ)])
    async def vat_ids(
        self,
        info: Info,
        filter: VatIdsFilter | None = None,
        sort: VatIdsSort = VatIdsSort.NUMBER,
        first: First = 50,
        after: After = None,
    ) -> Connection[VatId]:
        wanted = queries.VatIdFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_vat_ids(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, VatId.of)

    @strawberry.field(extensions=[requires(Permission.TAX_READ)], description="Every question and how it ended.")
    async def vat_id_checks(
        self,
        info: Info,
        filter: VatIdChecksFilter | None = None,
        sort: VatIdChecksSort = VatIdChecksSort.ASKED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[VatIdCheck]:
        wanted = queries.VatIdCheckFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_vat_id_checks(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, VatIdCheck.of)


@strawberry.type(description="The VAT id; its register is asked right after.")
class VatIdChecking:
    vat_id: VatId


VatIdCheckResult = Annotated[VatIdChecking | Refusal, strawberry.union("VatIdCheckResult")]


async def _again(db: Session, ids: list[UUID]) -> VatIdChecking:
    return VatIdChecking(vat_id=VatId.of(await db.get_one(VatIdRow, ids[0])))


@strawberry.type
class VatIdsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.TAX_WRITE)],
        description="Ask the register about a VAT id now; requester is the own VAT id in whose name it is asked.",
    )
    async def check_vat_id(self, info: Info, number: str, requester: str | None = None) -> VatIdCheckResult:
        if not info.context.runtime.ports.names(VatRegister):
            raise RegisterOff("This installation asks no register about VAT ids.")

        async def work(db: Session) -> VatIdChecking:
            row = await checking.note_vat_id(db, number, requester=requester, now=db.now)
            checking.ask(db, row.number, requester=row.requester)
            return VatIdChecking(vat_id=VatId.of(row))

        return await change(
            info,
            work,
            body=[number, requester],
            again=_again,
            targets=lambda done: [("vat_id", done.vat_id.id)],
            details={"number": number[:40]},
        )
