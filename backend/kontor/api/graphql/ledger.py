"""The books: the journal, the numbers of its accounts, exports."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.loaders import by_parent
from kontor.api.graphql.master_rows import Given
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.payment_types import plain
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Long
from kontor.auth.permissions import Permission
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.invoicing.models import JournalLine as LineRow
from kontor.invoicing.posting import Account
from kontor.ledger import models, queries, service
from kontor.ledger.models import ExportState
from kontor.ledger.service import AccountData

strawberry.enum(Account, name="JournalAccount")
strawberry.enum(ExportState, name="LedgerExportState")
MOST_ACCOUNTS = 500


@strawberry.type(description="One side of an entry: debit positive, credit negative, minor units.")
class JournalLine:
    account: Account
    detail: str = strawberry.field(description="How it is taxed (`DOMESTIC/19`, `OSS/FR/20`), or how money moves.")
    amount: Long


@strawberry.type(description="One financial event in double entry; it never changes.")
class JournalEntry:
    id: UUID
    kind: str
    legal_entity_id: UUID | None
    order_id: UUID | None
    reference: str
    currency: str
    posted_at: datetime

    @strawberry.field
    async def lines(self, info: Info) -> list[JournalLine]:
        rows = await by_parent(info, LineRow.entry_id, self.id, order_by=LineRow.position)
        return [JournalLine(account=Account(row.account), detail=row.detail, amount=Long(row.amount)) for row in rows]

    @classmethod
    def of(cls, row: Any) -> JournalEntry:
        """From a row."""
        return cls(**plain(row, _ENTRY))


_ENTRY = ("id", "kind", "legal_entity_id", "order_id", "reference", "currency", "posted_at")


@strawberry.type(description="How a legal entity keeps its books.")
class LedgerSettings:
    legal_entity_id: UUID
    chart: str = strawberry.field(description="The shipped chart its own numbers lie over: SKR03 or SKR04.")
    consultant_number: int = strawberry.field(description="Of DATEV; 0 while not known.")
    client_number: int
    fiscal_year_month: int = strawberry.field(description="The month in which the fiscal year begins.")
    account_length: int
    lock_exports: bool = strawberry.field(description="Whether DATEV takes the bookings in as final.")
    gift_card_years: int | None = strawberry.field(
        description="How many years after the end of the year of their sale gift cards can be claimed. What is left on "
        "them then is booked off by itself; null: never."
    )
    waiting_entries: Long = strawberry.field(description="Entries that have not been exported.")
    oldest_waiting: datetime | None


@strawberry.type(description="The number of an account of the journal.")
class LedgerAccount:
    account: Account
    detail: str
    number: str
    name: str
    automatic: bool = strawberry.field(description="The accounting program takes the tax out of what is booked here.")
    tax_key: str
    valid_from: date | None = strawberry.field(description="Null for a number that comes with Kontor.")

    @classmethod
    def of(cls, row: Any) -> LedgerAccount:
        """From a row of a chart."""
        names = ("detail", "number", "name", "automatic", "tax_key", "valid_from")
        return cls(account=Account(row.account), **plain(row, names))


@strawberry.type(description="A file of an export.")
class LedgerExportFile:
    document_id: UUID
    format: str = strawberry.field(description="DATEV, CSV or JSON.")
    name: str
    rows: int
    size: Long | None = strawberry.field(description="In bytes; null in exports made before sizes were noted.")
    sha256: str
    since: date | None
    until: date | None
    currency: str | None
    rounding: Long | None = strawberry.field(
        description="By how much the documents' tax differs from what DATEV computes row by row, minor units."
    )

    @strawberry.field(description="Where the content is, for the caller as signed in.")
    def url(self) -> str:
        return f"/files/documents/{self.document_id}"


def _file(note: dict[str, Any]) -> LedgerExportFile:
    days = {name: date.fromisoformat(note[name]) if note.get(name) else None for name in ("since", "until")}
    rest = {name: note.get(name) for name in ("format", "name", "rows", "size", "sha256", "currency", "rounding")}
    return LedgerExportFile(document_id=UUID(note["document_id"]), **days, **rest)  # type: ignore[arg-type]


@strawberry.type(description="Entries that left together; each entry leaves once.")
class LedgerExport:
    id: UUID
    number: str
    legal_entity_id: UUID
    since: date | None
    until: date
    entries: int
    created_at: datetime
    created_by: str
    started_at: datetime | None = strawberry.field(description="When the last try to write the files began.")
    finished_at: datetime | None = strawberry.field(description="Null while the files are being written.")
    state: ExportState
    problem: str | None = strawberry.field(description="Why the last try failed; it is tried again.")
    size: Long | None = strawberry.field(description="Of all files, in bytes.")
    files: list[LedgerExportFile]

    @classmethod
    def of(cls, row: models.LedgerExport) -> LedgerExport:
        """From a row."""
        return cls(**plain(row, _EXPORT), state=row.progress, files=[_file(note) for note in row.files])


_EXPORT = (
    "id", "number", "legal_entity_id", "since", "until", "entries", "created_at", "created_by", "started_at",
    "finished_at", "problem", "size",
)  # fmt: skip


@strawberry.input(description="All conditions hold together.")
class JournalEntriesFilter:
    legal_entity_id: UUID | None = None
    order_id: UUID | None = None
    kind: list[str] | None = None
    account: Account | None = None
    reference: str | None = None
    posted_from: datetime | None = None
    posted_before: datetime | None = None
    exported: bool | None = None


@strawberry.enum
class JournalEntriesSort(Enum):
    POSTED_AT = "POSTED_AT"
    POSTED_AT_DESC = "POSTED_AT_DESC"


@strawberry.enum
class LedgerExportsSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"


@strawberry.input(description="What is given changes.")
class LedgerSettingsInput(Given):
    legal_entity_id: UUID
    chart: str | None = UNSET
    consultant_number: int | None = UNSET
    client_number: int | None = UNSET
    fiscal_year_month: int | None = UNSET
    account_length: int | None = UNSET
    lock_exports: bool | None = UNSET
    gift_card_years: int | None = strawberry.field(default=UNSET, description="0: gift cards are never booked off.")


@strawberry.input(description="A number from a day on, until the next one of the same account and detail.")
class LedgerAccountInput:
    account: Account
    number: str
    name: str
    valid_from: date
    detail: str = ""
    automatic: bool = False
    tax_key: str = ""


@strawberry.type
class LedgerAccountsSet:
    accounts: list[LedgerAccount]


SaveLedgerSettingsResult = Annotated[LedgerSettings | Refusal, strawberry.union("SaveLedgerSettingsResult")]
SetLedgerAccountsResult = Annotated[LedgerAccountsSet | Refusal, strawberry.union("SetLedgerAccountsResult")]
CreateLedgerExportResult = Annotated[LedgerExport | Refusal, strawberry.union("CreateLedgerExportResult")]


async def _settings(db: Session, legal_entity_id: UUID) -> LedgerSettings:
    entity = await queries.get_entity(db, legal_entity_id, db.principal)
    row = await queries.settings_of(db, entity)
    count, oldest = await queries.waiting_of(db, entity.id)
    names = (
        "chart", "consultant_number", "client_number", "fiscal_year_month", "account_length",
        "lock_exports", "gift_card_years",
    )  # fmt: skip
    return LedgerSettings(
        legal_entity_id=entity.id, **plain(row, names), waiting_entries=Long(count), oldest_waiting=oldest
    )


@strawberry.type
class LedgerQuery:
    @strawberry.field(extensions=[requires(Permission.JOURNAL_READ)])
    async def journal_entries(
        self,
        info: Info,
        filter: JournalEntriesFilter | None = None,
        sort: JournalEntriesSort = JournalEntriesSort.POSTED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[JournalEntry]:
        wanted = queries.EntryFilter(**vars(filter)) if filter else queries.EntryFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_entries(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, JournalEntry.of)

    @strawberry.field(extensions=[requires(Permission.JOURNAL_READ)])
    async def ledger_settings(self, info: Info, legal_entity_id: UUID) -> LedgerSettings:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            return await _settings(db, legal_entity_id)

    @strawberry.field(
        extensions=[requires(Permission.JOURNAL_READ)],
        description="The numbers valid on a day (today): the entity's own, and the shipped ones for the rest.",
    )
    async def ledger_accounts(self, info: Info, legal_entity_id: UUID, on: date | None = None) -> list[LedgerAccount]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            entity = await queries.get_entity(db, legal_entity_id, db.principal)
            settings = await queries.settings_of(db, entity)
            chart = await queries.chart_of(db, settings)
            day = on or local_day(db.now, entity.timezone)
        return [LedgerAccount.of(row) for row in chart.on(day)]

    @strawberry.field(extensions=[requires(Permission.JOURNAL_READ)])
    async def ledger_exports(
        self,
        info: Info,
        legal_entity_id: UUID | None = None,
        sort: LedgerExportsSort = LedgerExportsSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[LedgerExport]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_exports(
                db, page_of(first, after), legal_entity_id=legal_entity_id, **sorting(sort)
            )
        return connect(page, LedgerExport.of)


@strawberry.type
class LedgerMutation:
    @strawberry.mutation(extensions=[requires(Permission.LEDGER_WRITE)])
    async def save_ledger_settings(self, info: Info, input: LedgerSettingsInput) -> SaveLedgerSettingsResult:
        given = {name: value for name, value in input.values().items() if value is not None}
        entity_id = given.pop("legal_entity_id")
        if given.get("gift_card_years") == 0:
            given["gift_card_years"] = None

        async def work(db: Session) -> LedgerSettings:
            entity = await queries.get_entity(db, entity_id, db.principal)
            await service.save_settings(db, entity, given)
            await db.flush()
            return await _settings(db, entity_id)

        return await change(
            info, work, body=[entity_id, given], again=lambda db, ids: _settings(db, ids[0]),
            targets=lambda done: [("legalEntity", done.legal_entity_id)], details=given,
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Give accounts of the journal other numbers; all of the rows or none. "
        "Days up to which entries were exported are refused.",
    )
    async def set_ledger_accounts(
        self, info: Info, legal_entity_id: UUID, inputs: list[LedgerAccountInput]
    ) -> SetLedgerAccountsResult:
        if not 1 <= len(inputs) <= MOST_ACCOUNTS:
            raise InvalidInput(f"1 to {MOST_ACCOUNTS} rows.", code="INVALID_BATCH", path=("inputs",), max=MOST_ACCOUNTS)
        rows = [AccountData(**{**vars(each), "account": Account(each.account)}) for each in inputs]

        async def work(db: Session) -> LedgerAccountsSet:
            entity = await queries.get_entity(db, legal_entity_id, db.principal)
            saved = await service.set_accounts(db, entity, rows)
            return LedgerAccountsSet(accounts=[LedgerAccount.of(row) for row in saved])

        async def again(db: Session, ids: list[UUID]) -> LedgerAccountsSet:
            settings = await queries.settings_of(db, await queries.get_entity(db, ids[0], db.principal))
            chart = await queries.chart_of(db, settings)
            found = [chart.find(row.account.value, row.detail, row.valid_from) for row in rows]
            return LedgerAccountsSet(accounts=[LedgerAccount.of(row) for row in found])

        return await change(
            info, work, body=[legal_entity_id, [vars(each) for each in inputs]], again=again,
            targets=lambda _: [("legalEntity", legal_entity_id)],
            details={"accounts": [
                f"{row.account} {row.detail} {row.number} from {row.valid_from.isoformat()}" for row in rows
            ]},
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Put together the entries up to a day that have not left yet; the files follow within moments.",
    )
    async def create_ledger_export(
        self, info: Info, legal_entity_id: UUID, until: date, since: date | None = None
    ) -> CreateLedgerExportResult:
        async def work(db: Session) -> LedgerExport:
            entity = await queries.get_entity(db, legal_entity_id, db.principal)
            return LedgerExport.of(await service.create_export(db, entity, until=until, since=since, now=db.now))

        async def again(db: Session, ids: list[UUID]) -> LedgerExport:
            return LedgerExport.of(await db.get_one(models.LedgerExport, ids[0]))

        return await change(
            info, work, body=[legal_entity_id, until, since], again=again,
            targets=lambda done: [("ledgerExport", done.id)],
        )  # fmt: skip
