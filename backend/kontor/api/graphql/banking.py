"""Bank statements, what came in, and what it pays."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.loaders import by_parent
from kontor.api.graphql.mutation import change
from kontor.api.graphql.order_types import money
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.payment_types import amounts, plain
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Long, Money
from kontor.auth.permissions import Permission
from kontor.banking import debts, models, queries, service
from kontor.core.db import Session


@strawberry.type(description="A part of an entry that pays a debt.")
class BankAssignment:
    id: UUID
    payment_id: UUID
    order_id: UUID
    amount: Long
    assigned_at: datetime
    assigned_by: str
    undone_at: datetime | None
    notice_id: UUID | None = strawberry.field(description="The reminder whose fee and interest it pays.")
    interest: Long = strawberry.field(description="What of the amount is interest.")


_ASSIGNMENT = ("id", "payment_id", "order_id", "amount", "assigned_at", "assigned_by", "undone_at", "notice_id",
    "interest",
)  # fmt: skip


@strawberry.type(description="A movement of an account of ours; what came in is positive.")
class BankEntry:
    id: UUID
    statement_id: UUID
    legal_entity_id: UUID
    reference: str
    amount: Money
    assigned: Money
    open: Money = strawberry.field(description="What of it is still looked for: 0 for what went out or was set aside.")
    booked_on: date
    name: str
    counter_iban: str
    end_to_end: str
    purpose: str
    set_aside: bool
    updated_at: datetime

    @strawberry.field
    async def assignments(self, info: Info) -> list[BankAssignment]:
        rows = await by_parent(info, models.BankAssignment.entry_id, self.id)
        return [BankAssignment(**plain(row, _ASSIGNMENT)) for row in rows]

    @classmethod
    def of(cls, row: Any) -> BankEntry:
        """From a row."""
        left = 0 if row.set_aside else max(0, row.amount - row.assigned)
        return cls(**plain(row, _ENTRY), **amounts(row, ("amount", "assigned")), open=money(left, row.currency))


_ENTRY = (
    "id", "statement_id", "legal_entity_id", "reference", "booked_on", "name", "counter_iban", "end_to_end", "purpose",
    "set_aside", "updated_at",
)  # fmt: skip


@strawberry.type
class BankStatement:
    id: UUID
    legal_entity_id: UUID
    iban: str
    reference: str
    opening: Money
    closing: Money
    ends_on: date
    entries: int = strawberry.field(description="Those that had not come with another statement before.")
    imported_at: datetime
    imported_by: str

    @classmethod
    def of(cls, row: Any) -> BankStatement:
        """From a row."""
        names = ("id", "legal_entity_id", "iban", "reference", "ends_on", "entries", "imported_at", "imported_by")
        return cls(**plain(row, names), **amounts(row, ("opening", "closing")))


@strawberry.type(description="A debt that an entry may pay.")
class BankSuggestion:
    payment_id: UUID
    invoice_id: UUID | None
    order_id: UUID
    number: str = strawberry.field(description="Of the invoice; empty for money awaited in advance.")
    order_number: str
    name: str
    open: Long
    amount: Long = strawberry.field(description="What of the entry would go there.")
    score: int
    reasons: list[str] = strawberry.field(description="NUMBER, ORDER, AMOUNT, NAME: what speaks for it.")


@strawberry.type
class BankStatementsImported:
    statements: list[BankStatement]


@strawberry.input(description="All conditions hold together.")
class BankEntriesFilter:
    legal_entity_id: UUID | None = None
    statement_id: UUID | None = None
    open: bool | None = None
    booked_from: date | None = None
    booked_until: date | None = None
    search: str | None = None
    changed_since: datetime | None = None


@strawberry.enum
class BankEntriesSort(Enum):
    BOOKED_ON = "BOOKED_ON"
    BOOKED_ON_DESC = "BOOKED_ON_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.enum
class BankStatementsSort(Enum):
    IMPORTED_AT = "IMPORTED_AT"
    IMPORTED_AT_DESC = "IMPORTED_AT_DESC"


ImportBankStatementResult = Annotated[BankStatementsImported | Refusal, strawberry.union("ImportBankStatementResult")]
BankEntryResult = Annotated[BankEntry | Refusal, strawberry.union("BankEntryResult")]


async def _entry(db: Session, entry_id: UUID) -> BankEntry:
    return BankEntry.of(await queries.get_entry(db, entry_id, db.principal))


@strawberry.type
class BankingQuery:
    @strawberry.field(extensions=[requires(Permission.JOURNAL_READ)])
    async def bank_statements(
        self,
        info: Info,
        sort: BankStatementsSort = BankStatementsSort.IMPORTED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[BankStatement]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_statements(db, page_of(first, after), **sorting(sort))
        return connect(page, BankStatement.of)

    @strawberry.field(extensions=[requires(Permission.JOURNAL_READ)])
    async def bank_entries(
        self,
        info: Info,
        filter: BankEntriesFilter | None = None,
        sort: BankEntriesSort = BankEntriesSort.BOOKED_ON_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[BankEntry]:
        wanted = queries.BankEntryFilter(**vars(filter)) if filter else queries.BankEntryFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_entries(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, BankEntry.of)

    @strawberry.field(extensions=[requires(Permission.JOURNAL_READ)], description="What an entry may pay, best first.")
    async def bank_suggestions(self, info: Info, entry_id: UUID) -> list[BankSuggestion]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            found = await service.suggest(db, await queries.get_entry(db, entry_id, db.principal))
        names = ("payment_id", "invoice_id", "order_id", "number", "order_number", "name", "open")
        return [
            BankSuggestion(
                **plain(each.debt, names), amount=Long(each.amount), score=each.score, reasons=list(each.reasons)
            )
            for each in found
        ]


@strawberry.type
class BankingMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Take in a statement in ISO 20022's camt.053 (the XML as text); a known one is not taken in twice.",
    )
    async def import_bank_statement(self, info: Info, content: str) -> ImportBankStatementResult:
        async def work(db: Session) -> BankStatementsImported:
            found = await service.import_statements(db, content.encode(), now=db.now)
            return BankStatementsImported(statements=[BankStatement.of(row) for row in found])

        async def again(db: Session, ids: list[UUID]) -> BankStatementsImported:
            rows = [await db.get_one(models.BankStatement, row_id) for row_id in ids]
            return BankStatementsImported(statements=[BankStatement.of(row) for row in rows])

        return await change(
            info, work, body=content, again=again,
            targets=lambda done: [("bankStatement", row.id) for row in done.statements],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Book a part of an entry, in minor units, as the transfer that a payment waits for.",
    )
    async def assign_bank_entry(self, info: Info, entry_id: UUID, payment_id: UUID, amount: Long) -> BankEntryResult:
        async def work(db: Session) -> BankEntry:
            await service.assign(db, entry_id, payment_id, amount, now=db.now)
            return await _entry(db, entry_id)

        return await change(
            info, work, body=[entry_id, payment_id, amount], again=lambda db, ids: _entry(db, ids[0]),
            targets=lambda done: [("bankEntry", done.id), ("payment", payment_id)],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Book what is left of an entry for an invoice on account and the fees and interest of its "
        "reminders, in the channel's order of appropriation; what is beyond stays open.",
    )
    async def pay_debt(self, info: Info, entry_id: UUID, invoice_id: UUID) -> BankEntryResult:
        async def work(db: Session) -> BankEntry:
            await debts.pay_debt(db, entry_id, invoice_id, now=db.now)
            return await _entry(db, entry_id)

        return await change(
            info, work, body=[entry_id, invoice_id], again=lambda db, ids: _entry(db, ids[0]),
            targets=lambda done: [("bankEntry", done.id), ("invoice", invoice_id)],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Take an assignment back: the entry is open again and the debt as it was.",
    )
    async def undo_bank_assignment(self, info: Info, assignment_id: UUID) -> BankEntryResult:
        async def work(db: Session) -> BankEntry:
            return BankEntry.of(await service.undo(db, assignment_id, now=db.now))

        return await change(
            info, work, body=assignment_id, again=lambda db, ids: _entry(db, ids[0]),
            targets=lambda done: [("bankEntry", done.id), ("bankAssignment", assignment_id)],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Say that nobody has to look for what an entry pays, or that somebody has to after all.",
    )
    async def set_aside_bank_entry(self, info: Info, entry_id: UUID, aside: bool) -> BankEntryResult:
        async def work(db: Session) -> BankEntry:
            return BankEntry.of(await service.set_aside(db, entry_id, aside=aside, now=db.now))

        return await change(
            info, work, body=[entry_id, aside], again=lambda db, ids: _entry(db, ids[0]),
            targets=lambda done: [("bankEntry", done.id)],
        )  # fmt: skip
