"""Refunds that go back by transfer, and the files that take them to the bank."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.payment_types import plain
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Long
from kontor.auth.permissions import Permission
from kontor.banking import models, payouts
from kontor.core.db import Session


@strawberry.type(description="A refund in euro that waits to go back by transfer; without account it is in no file.")
class WaitingPayout:
    transaction_id: UUID
    order_id: UUID
    order_number: str
    amount: Long
    name: str
    iban: str


@strawberry.type
class PayoutAccount:
    transaction_id: UUID
    name: str
    iban: str


@strawberry.type(description="A file of transfers for the bank (SEPA, pain.001.001.09); each payout leaves once.")
class PayoutFile:
    id: UUID
    number: str
    legal_entity_id: UUID
    execute_on: date
    transfers: int
    total: Long = strawberry.field(description="In cents.")
    sha256: str | None
    created_at: datetime
    created_by: str
    document_id: UUID | None = strawberry.field(description="Null while the file is being written.")

    @strawberry.field(description="Where the content is, for the caller as signed in.")
    def url(self) -> str | None:
        return f"/files/documents/{self.document_id}" if self.document_id else None

    @classmethod
    def of(cls, row: Any) -> PayoutFile:
        """From a row."""
        return cls(**plain(row, _FILE))


_FILE = (
    "id", "number", "legal_entity_id", "execute_on", "transfers", "total", "sha256", "created_at", "created_by",
    "document_id",
)  # fmt: skip


@strawberry.enum
class PayoutFilesSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"


SetPayoutAccountResult = Annotated[PayoutAccount | Refusal, strawberry.union("SetPayoutAccountResult")]
CreatePayoutFileResult = Annotated[PayoutFile | Refusal, strawberry.union("CreatePayoutFileResult")]


def _account(row: models.Payout) -> PayoutAccount:
    return PayoutAccount(transaction_id=row.id, name=row.name, iban=row.iban)


@strawberry.type
class PayoutsQuery:
    @strawberry.field(
        extensions=[requires(Permission.JOURNAL_READ)], description="What waits to be paid out, at most 1,000."
    )
    async def waiting_payouts(self, info: Info, legal_entity_id: UUID) -> list[WaitingPayout]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            found = await payouts.waiting(db, legal_entity_id)
        names = ("transaction_id", "order_id", "order_number", "amount", "name", "iban")
        return [WaitingPayout(**plain(each, names)) for each in found]

    @strawberry.field(extensions=[requires(Permission.JOURNAL_READ)])
    async def payout_files(
        self,
        info: Info,
        sort: PayoutFilesSort = PayoutFilesSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[PayoutFile]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await payouts.list_files(db, page_of(first, after), **sorting(sort))
        return connect(page, PayoutFile.of)


@strawberry.type
class PayoutsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Say where a refund goes that came from no account we know.",
    )
    async def set_payout_account(
        self, info: Info, transaction_id: UUID, name: str, iban: str
    ) -> SetPayoutAccountResult:
        async def work(db: Session) -> PayoutAccount:
            return _account(await payouts.set_account(db, transaction_id, name=name, iban=iban, now=db.now))

        async def again(db: Session, ids: list[UUID]) -> PayoutAccount:
            return _account(await db.get_one(models.Payout, ids[0]))

        return await change(
            info, work, body=[transaction_id, name, iban], again=again,
            targets=lambda done: [("payout", done.transaction_id)],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Put together the refunds that wait and whose account is known; the file follows within moments.",
    )
    async def create_payout_file(self, info: Info, legal_entity_id: UUID, execute_on: date) -> CreatePayoutFileResult:
        async def work(db: Session) -> PayoutFile:
            file = await payouts.create_file(db, legal_entity_id, execute_on=execute_on, now=db.now)
            return PayoutFile.of(file)

        async def again(db: Session, ids: list[UUID]) -> PayoutFile:
            return PayoutFile.of(await db.get_one(models.PayoutFile, ids[0]))

        return await change(
            info, work, body=[legal_entity_id, execute_on], again=again,
            targets=lambda done: [("payoutFile", done.id)],
        )  # fmt: skip
