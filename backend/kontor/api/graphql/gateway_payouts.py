"""Payouts of gateways, what they settle, and what does not agree with our books."""

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
from kontor.api.graphql.scalars import Money, MoneyInput
from kontor.auth.permissions import Permission
from kontor.banking import arriving, gateway_queries, models, reconciling
from kontor.banking.models import GatewayLineReference as LineReference
from kontor.core.db import Session
from kontor.payments.ports import GatewayPayout as Sent
from kontor.payments.ports import LineCategory

strawberry.enum(LineCategory, name="GatewayLineCategory")


@strawberry.enum
class GatewayDifferenceKind(Enum):
    UNKNOWN_LINE = "UNKNOWN_LINE"
    OTHER_SELLER = "OTHER_SELLER"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"
    CURRENCY_CONVERTED = "CURRENCY_CONVERTED"
    SUM_DIFFERS = "SUM_DIFFERS"
    MISSING_LINE = "MISSING_LINE"


@strawberry.type(description="Which legal entity a gateway pays out to; the default gateway has an empty name.")
class GatewayAccount:
    id: UUID
    gateway: str
    legal_entity_id: UUID
    fetch: bool
    missing_after_days: int
    fetched_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> GatewayAccount:
        """From a row."""
        names = ("id", "gateway", "legal_entity_id", "fetch", "missing_after_days", "fetched_at")
        return cls(**plain(row, names))


@strawberry.type(description="Money that a gateway sent to our bank account, net of fees.")
class GatewayPayout:
    id: UUID
    gateway: str
    reference: str
    legal_entity_id: UUID
    amount: Money
    fees: Money
    lines: int
    arrives_on: date
    descriptor: str
    entry_id: UUID | None = strawberry.field(description="The movement of our account by which it arrived.")
    imported_at: datetime
    imported_by: str
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> GatewayPayout:
        """From a row."""
        return cls(**plain(row, _PAYOUT), **amounts(row, ("amount", "fees")))


_PAYOUT = (
    "id", "gateway", "reference", "legal_entity_id", "lines", "arrives_on", "descriptor", "entry_id", "imported_at",
    "imported_by", "updated_at",
)  # fmt: skip


@strawberry.type(description="One movement that a payout settled; without order it is nothing we know.")
class GatewayPayoutLine:
    id: UUID
    payout_id: UUID
    reference: str
    category: LineCategory
    amount: Money
    fee: Money
    original: Money | None = strawberry.field(description="Before the gateway converted it.")
    source: str
    description: str
    occurred_at: datetime
    transaction_id: UUID | None
    dispute_id: UUID | None
    order_id: UUID | None

    @strawberry.field(
        description="The references of the statement's other lines that were put together into this one: "
        "they are of one order and category of a marketplace."
    )
    async def other_references(self, info: Info) -> list[str]:
        rows = await by_parent(info, LineReference.line_id, self.id, order_by=LineReference.reference)
        return [row.reference for row in rows]

    @classmethod
    def of(cls, row: Any) -> GatewayPayoutLine:
        """From a row."""
        names = (
            "id", "payout_id", "reference", "source", "description", "occurred_at", "transaction_id", "dispute_id",
            "order_id",
        )  # fmt: skip
        original = None if row.original is None else money(row.original, row.original_currency)
        return cls(
            **plain(row, names), **amounts(row, ("amount", "fee")), original=original,
            category=LineCategory(row.category),
        )  # fmt: skip


@strawberry.type(description="What a payout and our books do not agree on, until it is explained.")
class GatewayDifference:
    id: UUID
    kind: GatewayDifferenceKind
    gateway: str
    legal_entity_id: UUID
    payout_id: UUID | None
    line_id: UUID | None
    transaction_id: UUID | None
    order_id: UUID | None
    amount: Money = strawberry.field(description="What the gateway paid beyond what we expected.")
    explanation: str | None = strawberry.field(description="ORDER, SUSPENSE, or SETTLED by a later payout.")
    reason: str | None
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> GatewayDifference:
        """From a row."""
        return cls(
            **plain(row, _DIFFERENCE), kind=GatewayDifferenceKind(row.kind), amount=money(row.amount, row.currency)
        )


_DIFFERENCE = (
    "id", "gateway", "legal_entity_id", "payout_id", "line_id", "transaction_id", "order_id", "explanation", "reason",
    "opened_at", "closed_at", "closed_by", "updated_at",
)  # fmt: skip


@strawberry.input(description="All conditions hold together.")
class GatewayPayoutsFilter:
    legal_entity_id: UUID | None = None
    gateway: str | None = None
    reference: str | None = None
    arrived: bool | None = None
    arrives_from: date | None = None
    arrives_until: date | None = None
    changed_since: datetime | None = None


@strawberry.input(description="All conditions hold together.")
class GatewayPayoutLinesFilter:
    payout_id: UUID | None = None
    order_id: UUID | None = None
    category: LineCategory | None = None
    known: bool | None = None


@strawberry.input(description="All conditions hold together.")
class GatewayDifferencesFilter:
    legal_entity_id: UUID | None = None
    gateway: str | None = None
    payout_id: UUID | None = None
    order_id: UUID | None = None
    kind: list[GatewayDifferenceKind] | None = None
    open: bool | None = None
    changed_since: datetime | None = None

    def wanted(self) -> gateway_queries.DifferenceFilter:
        """As the domain takes it."""
        kinds = None if self.kind is None else [each.value for each in self.kind]
        return gateway_queries.DifferenceFilter(**{**vars(self), "kind": kinds})


@strawberry.enum
class GatewayPayoutsSort(Enum):
    ARRIVES_ON = "ARRIVES_ON"
    ARRIVES_ON_DESC = "ARRIVES_ON_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.enum
class GatewayPayoutLinesSort(Enum):
    OCCURRED_AT = "OCCURRED_AT"
    OCCURRED_AT_DESC = "OCCURRED_AT_DESC"


@strawberry.enum
class GatewayDifferencesSort(Enum):
    OPENED_AT = "OPENED_AT"
    OPENED_AT_DESC = "OPENED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.input(description="Which legal entity a gateway pays out to, and whether its payouts are fetched.")
class SaveGatewayAccountInput:
    gateway: str
    legal_entity_id: UUID
    fetch: bool = True
    missing_after_days: int = 7


@strawberry.input(
    description="A payout and its lines as CSV: reference, category, amount, fee, currency, occurred_at; where there "
    "is something to say source, authorization, original_amount, original_currency, description. Amounts in minor "
    "units, moments with an offset."
)
class ImportGatewayPayoutInput:
    gateway: str
    legal_entity_id: UUID
    reference: str
    amount: MoneyInput
    arrives_on: date
    content: str
    descriptor: str = ""


SaveGatewayAccountResult = Annotated[GatewayAccount | Refusal, strawberry.union("SaveGatewayAccountResult")]
GatewayPayoutResult = Annotated[GatewayPayout | Refusal, strawberry.union("GatewayPayoutResult")]
GatewayDifferenceResult = Annotated[GatewayDifference | Refusal, strawberry.union("GatewayDifferenceResult")]


async def _payout(db: Session, ids: list[UUID]) -> GatewayPayout:
    return GatewayPayout.of(await gateway_queries.get_payout(db, ids[0]))


@strawberry.type
class GatewayPayoutsQuery:
    @strawberry.field(extensions=[requires(Permission.JOURNAL_READ)])
    async def gateway_accounts(self, info: Info) -> list[GatewayAccount]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            return [GatewayAccount.of(row) for row in await gateway_queries.accounts(db)]

    @strawberry.field(extensions=[requires(Permission.JOURNAL_READ)])
    async def gateway_payouts(
        self,
        info: Info,
        filter: GatewayPayoutsFilter | None = None,
        sort: GatewayPayoutsSort = GatewayPayoutsSort.ARRIVES_ON_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[GatewayPayout]:
        wanted = gateway_queries.PayoutFilter(**vars(filter)) if filter else gateway_queries.PayoutFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await gateway_queries.list_payouts(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, GatewayPayout.of)

    @strawberry.field(extensions=[requires(Permission.JOURNAL_READ)])
    async def gateway_payout_lines(
        self,
        info: Info,
        filter: GatewayPayoutLinesFilter | None = None,
        sort: GatewayPayoutLinesSort = GatewayPayoutLinesSort.OCCURRED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[GatewayPayoutLine]:
        wanted = gateway_queries.LineFilter(**vars(filter)) if filter else gateway_queries.LineFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await gateway_queries.list_lines(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, GatewayPayoutLine.of)

    @strawberry.field(extensions=[requires(Permission.JOURNAL_READ)])
    async def gateway_differences(
        self,
        info: Info,
        filter: GatewayDifferencesFilter | None = None,
        sort: GatewayDifferencesSort = GatewayDifferencesSort.OPENED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[GatewayDifference]:
        wanted = filter.wanted() if filter else gateway_queries.DifferenceFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await gateway_queries.list_differences(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, GatewayDifference.of)


@strawberry.type
class GatewayPayoutsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Say which legal entity a gateway pays out to, and whether its payouts are fetched.",
    )
    async def save_gateway_account(self, info: Info, input: SaveGatewayAccountInput) -> SaveGatewayAccountResult:
        async def work(db: Session) -> GatewayAccount:
            data = reconciling.AccountData(**vars(input))
            return GatewayAccount.of(await reconciling.save_account(db, data, now=db.now))

        async def again(db: Session, ids: list[UUID]) -> GatewayAccount:
            return GatewayAccount.of(await db.get_one(models.GatewayAccount, ids[0]))

        return await change(info, work, body=input, again=again, targets=lambda done: [("gatewayAccount", done.id)])

    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Take in a payout with its lines from a file; a known one stays as it is.",
    )
    async def import_gateway_payout(self, info: Info, input: ImportGatewayPayoutInput) -> GatewayPayoutResult:
        async def work(db: Session) -> GatewayPayout:
            sent = Sent(input.reference, input.amount.value("amount"), input.arrives_on, input.descriptor)
            done = await reconciling.import_file(
                db, input.legal_entity_id, input.gateway, sent, input.content, now=db.now
            )
            return GatewayPayout.of(done)

        return await change(info, work, body=input, again=_payout, targets=lambda done: [("gatewayPayout", done.id)])

    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Say by which movement of our account a payout arrived.",
    )
    async def match_gateway_payout(self, info: Info, payout_id: UUID, entry_id: UUID) -> GatewayPayoutResult:
        async def work(db: Session) -> GatewayPayout:
            return GatewayPayout.of(await arriving.match_entry(db, payout_id, entry_id, now=db.now))

        return await change(
            info, work, body=[payout_id, entry_id], again=_payout,
            targets=lambda done: [("gatewayPayout", done.id), ("bankEntry", entry_id)],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Take back that a payout arrived by the movement it was matched with; only people match it again.",
    )
    async def undo_gateway_payout_match(self, info: Info, payout_id: UUID) -> GatewayPayoutResult:
        async def work(db: Session) -> GatewayPayout:
            return GatewayPayout.of(await arriving.undo_match(db, payout_id, now=db.now))

        return await change(
            info, work, body=[payout_id], again=_payout, targets=lambda done: [("gatewayPayout", done.id)]
        )

    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Say what a difference is: money of an order, or without one something that stays in suspense.",
    )
    async def explain_gateway_difference(
        self, info: Info, id: UUID, reason: str, order_id: UUID | None = None
    ) -> GatewayDifferenceResult:
        async def work(db: Session) -> GatewayDifference:
            done = await reconciling.explain(db, id, reason=reason, order_id=order_id, now=db.now)
            return GatewayDifference.of(done)

        async def again(db: Session, ids: list[UUID]) -> GatewayDifference:
            return GatewayDifference.of(await gateway_queries.get_difference(db, ids[0]))

        return await change(
            info, work, body=[id, reason, order_id], again=again,
            targets=lambda done: [("gatewayDifference", done.id)],
        )  # fmt: skip
