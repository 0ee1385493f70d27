"""What customers owe or have with us, reminders, and the day of a legal entity in figures."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.order_types import money
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.payment_types import amounts, plain
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Long, Money
from kontor.auth.permissions import Permission
from kontor.channels.queries import days_of_sellers
from kontor.core.db import Session
from kontor.invoicing import dunning, fees, open_items
from kontor.invoicing.models import DunningNotice as NoticeRow
from kontor.invoicing.models import DunningPlan as PlanRow
from kontor.invoicing.queries import get_invoice
from kontor.ledger import closing, queries
from kontor.ledger.models import LedgerDay


@strawberry.enum
class OpenItemKind(StrEnum):
    INVOICE = "INVOICE"
    DUNNING_FEE = "DUNNING_FEE"
    ADVANCE = "ADVANCE"
    OVERPAYMENT = "OVERPAYMENT"
    UNDERPAYMENT = "UNDERPAYMENT"
    SUSPENSE = "SUSPENSE"


@strawberry.type(
    description="What a customer owes, or has with us (negative); an order's items sum to its receivables in the books."
)
class OpenItem:
    id: UUID
    kind: OpenItemKind
    legal_entity_id: UUID
    order_id: UUID | None = strawberry.field(description="None for money on our account that nobody has explained.")
    number: str = strawberry.field(description="Of the invoice, the order, or the bank's entry.")
    amount: Money
    open: Money
    since: datetime
    due_on: date
    days_overdue: int = strawberry.field(description="0 while it is not due, or is not owed to us.")
    updated_at: datetime


def _item(row: Any, today: date) -> OpenItem:
    names = ("id", "legal_entity_id", "order_id", "number", "since", "due_on", "updated_at")
    return OpenItem(
        **plain(row, names),
        kind=OpenItemKind(row.kind),
        amount=money(row.amount, row.currency),
        open=money(row.open, row.currency),
        days_overdue=max(0, (today - row.due_on).days) if row.open > 0 else 0,
    )


@strawberry.type(description="A reminder of an invoice.")
class DunningNotice:
    id: UUID
    invoice_id: UUID
    order_id: UUID
    level: int
    instalment: int = strawberry.field(description="The number of the agreed part; 0 is the whole invoice.")
    claimed: Money = strawberry.field(description="What was open of the invoice or instalment, without fees.")
    fee: Money
    fee_paid: Money
    interest: Money = strawberry.field(description="For the time since the last reminder, § 288 BGB.")
    interest_paid: Money
    due_on: date
    issued_at: datetime
    fee_settled_at: datetime | None
    fee_waived: bool

    @classmethod
    def of(cls, row: Any) -> DunningNotice:
        """From a row."""
        names = (
            "id",
            "invoice_id",
            "order_id",
            "level",
            "instalment",
            "due_on",
            "issued_at",
            "fee_settled_at",
            "fee_waived",
        )
        return cls(**plain(row, names), **amounts(row, ("claimed", "fee", "fee_paid", "interest", "interest_paid")))


@strawberry.type
class Instalment:
    number: int
    due_on: date
    amount: Long


@strawberry.type(description="What was agreed about the reminders of an invoice.")
class DunningPlan:
    invoice_id: UUID
    paused_until: date | None
    instalments: list[Instalment]
    reason: str
    agreed_at: datetime
    agreed_by: str

    @classmethod
    def of(cls, row: PlanRow) -> DunningPlan:
        """From a row."""
        rows = [
            Instalment(
                number=each.get("number", index), due_on=date.fromisoformat(each["due_on"]), amount=Long(each["amount"])
            )
            for index, each in enumerate(row.instalments, 1)
        ]
        names = ("paused_until", "reason", "agreed_at", "agreed_by")
        return cls(invoice_id=row.id, instalments=rows, **plain(row, names))


@strawberry.type(description="Revenue of one way of taxing: `DOMESTIC/19`, `OSS/FR/20`, `REVERSE_CHARGE/FR`.")
class DailyRevenue:
    detail: str
    net: Long
    tax: Long


@strawberry.type
class DailyMoney:
    method: str
    amount: Long


@strawberry.type(description="A day in one currency, minor units.")
class DailyFigures:
    currency: str
    orders: int
    order_total: Long
    entries: int
    revenue: list[DailyRevenue]
    captured: list[DailyMoney]
    refunded: list[DailyMoney]
    receivables: Long = strawberry.field(description="What customers owe at the end of the day.")
    clearing: list[DailyMoney] = strawberry.field(
        description="What gateways hold of ours at the end of the day, by method; TRANSIT is on its way to the bank."
    )
    differences: list[str] = strawberry.field(description="What payments and books do not agree on.")


@strawberry.type(description="A day of a legal entity, by its own clock.")
class DailyClose:
    day: date
    figures: list[DailyFigures] = strawberry.field(description="As they are now.")
    closed_at: datetime | None
    closed: list[DailyFigures] = strawberry.field(description="As they were when the day was closed.")


def _figures(content: Any) -> DailyFigures:
    moved: dict[str, Any] = {  # days that were closed before it was kept say nothing of the clearing
        name: [DailyMoney(method=key, amount=Long(amount)) for key, amount in sorted(content.get(name, {}).items())]
        for name in ("captured", "refunded", "clearing")
    }
    revenue = [
        DailyRevenue(detail=detail, net=Long(sums["net"]), tax=Long(sums["tax"]))
        for detail, sums in sorted(content["revenue"].items())
    ]
    rest = {
        name: content[name] for name in ("currency", "orders", "order_total", "entries", "receivables", "differences")
    }
    return DailyFigures(**rest, **moved, revenue=revenue)


@strawberry.input(description="All conditions hold together.")
class OpenItemsFilter:
    legal_entity_id: UUID | None = None
    order_id: UUID | None = None
    kind: list[OpenItemKind] | None = None
    number: str | None = None
    due_before: date | None = None
    due_from: date | None = None
    least: Annotated[Long | None, strawberry.argument(description="At least so much is open, either way.")] = None
    settled: bool | None = None
    changed_since: datetime | None = None

    def wanted(self) -> open_items.OpenItemFilter:
        """As the service takes it."""
        kinds = None if self.kind is None else [OpenItemKind(each).value for each in self.kind]
        return open_items.OpenItemFilter(**{**vars(self), "kind": kinds})


@strawberry.input
class InstalmentInput:
    due_on: date
    amount: Long


@strawberry.enum
class OpenItemsSort(Enum):
    DUE_ON = "DUE_ON"
    DUE_ON_DESC = "DUE_ON_DESC"
    SINCE = "SINCE"
    SINCE_DESC = "SINCE_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.enum
class DunningNoticesSort(Enum):
    ISSUED_AT = "ISSUED_AT"
    ISSUED_AT_DESC = "ISSUED_AT_DESC"


AgreeDunningResult = Annotated[DunningPlan | Refusal, strawberry.union("AgreeDunningResult")]
SettleDunningFeeResult = Annotated[DunningNotice | Refusal, strawberry.union("SettleDunningFeeResult")]


@strawberry.type
class OpenItemsQuery:
    @strawberry.field(extensions=[requires(Permission.JOURNAL_READ)], description="Without `settled`: what is open.")
    async def open_items(
        self,
        info: Info,
        filter: OpenItemsFilter | None = None,
        sort: OpenItemsSort = OpenItemsSort.DUE_ON,
        first: First = 50,
        after: After = None,
    ) -> Connection[OpenItem]:
        wanted = filter.wanted() if filter else open_items.OpenItemFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await open_items.list_open_items(db, wanted, page_of(first, after), **sorting(sort))
            days = await days_of_sellers(db, db.now)
        return connect(page, lambda row: _item(row, days[row.legal_entity_id]))

    @strawberry.field(extensions=[requires(Permission.JOURNAL_READ)])
    async def dunning_notices(
        self,
        info: Info,
        invoice_id: UUID | None = None,
        order_id: UUID | None = None,
        sort: DunningNoticesSort = DunningNoticesSort.ISSUED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[DunningNotice]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await dunning.list_notices(
                db, page_of(first, after), invoice_id=invoice_id, order_id=order_id, **sorting(sort)
            )
        return connect(page, DunningNotice.of)

    @strawberry.field(extensions=[requires(Permission.JOURNAL_READ)])
    async def daily_close(self, info: Info, legal_entity_id: UUID, day: date) -> DailyClose:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            entity = await queries.get_entity(db, legal_entity_id, db.principal)
            now = [_figures(closing.plain(each)) for each in await closing.figures_of(db, entity, day)]
            kept = await queries.closed_day(db, entity.id, day)
        return _close(day, now, kept)


def _close(day: date, now: list[DailyFigures], kept: LedgerDay | None) -> DailyClose:
    closed = [] if kept is None else [_figures(each) for each in kept.content]
    return DailyClose(day=day, figures=now, closed_at=kept.closed_at if kept else None, closed=closed)


@strawberry.type
class OpenItemsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE, Permission.DUNNING_WRITE)],
        description="Agree that an invoice is not reminded of until a day, or as long as its instalments are kept. "
        "The last agreement counts; with neither there is none.",
    )
    async def agree_dunning(
        self,
        info: Info,
        invoice_id: UUID,
        paused_until: date | None = None,
        instalments: list[InstalmentInput] | None = None,
        reason: str = "",
    ) -> AgreeDunningResult:
        parts = [(each.due_on, each.amount) for each in instalments or ()]

        async def work(db: Session) -> DunningPlan:
            invoice = await get_invoice(db, invoice_id, db.principal)
            plan = await dunning.agree(
                db, invoice, paused_until=paused_until, instalments=parts, reason=reason, now=db.now
            )
            return DunningPlan.of(plan)

        async def again(db: Session, ids: list[UUID]) -> DunningPlan:
            return DunningPlan.of(await db.get_one(PlanRow, ids[0]))

        return await change(
            info, work, body=[invoice_id, paused_until, parts, reason], again=again,
            targets=lambda done: [("invoice", done.invoice_id)],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Fee and interest of a reminder were paid by transfer, or are not asked for any more (`waived`).",
    )
    async def settle_dunning_fee(self, info: Info, notice_id: UUID, waived: bool) -> SettleDunningFeeResult:
        async def work(db: Session) -> DunningNotice:
            return DunningNotice.of(await fees.settle_fee(db, notice_id, waived=waived, now=db.now))

        async def again(db: Session, ids: list[UUID]) -> DunningNotice:
            return DunningNotice.of(await db.get_one(NoticeRow, ids[0]))

        return await change(
            info, work, body=[notice_id, waived], again=again,
            targets=lambda done: [("dunningNotice", done.id), ("invoice", done.invoice_id)],
        )  # fmt: skip
