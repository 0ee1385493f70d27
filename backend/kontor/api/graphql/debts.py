"""Invoices that are given up or handed to an agency."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.payment_types import amounts, plain
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Money
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.invoicing import debts
from kontor.invoicing.models import DebtDecision as DecisionRow
from kontor.invoicing.queries import get_invoice


@strawberry.enum
class DebtDecisionKind(StrEnum):
    COLLECTION = "COLLECTION"
    WRITE_OFF = "WRITE_OFF"


@strawberry.type(description="What a person decided about a debt, and why.")
class DebtDecision:
    id: UUID
    invoice_id: UUID
    order_id: UUID
    kind: DebtDecisionKind
    amount: Money = strawberry.field(description="What was open.")
    recovered: Money = strawberry.field(description="What of it came in after all.")
    reason: str
    decided_at: datetime
    decided_by: str

    @classmethod
    def of(cls, row: Any) -> DebtDecision:
        """From a row."""
        names = ("id", "invoice_id", "order_id", "reason", "decided_at", "decided_by")
        return cls(**plain(row, names), kind=DebtDecisionKind(row.kind), **amounts(row, ("amount", "recovered")))


DebtDecisionResult = Annotated[DebtDecision | Refusal, strawberry.union("DebtDecisionResult")]


@strawberry.type
class DebtsQuery:
    @strawberry.field(extensions=[requires(Permission.JOURNAL_READ)], description="Of an invoice, oldest first.")
    async def debt_decisions(self, info: Info, invoice_id: UUID) -> list[DebtDecision]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            invoice = await get_invoice(db, invoice_id, db.principal)
            return [DebtDecision.of(row) for row in await debts.decisions_of(db, invoice.id)]


async def _again(db: Session, ids: list[UUID]) -> DebtDecision:
    return DebtDecision.of(await db.get_one(DecisionRow, ids[0]))


def _targets(done: DebtDecision) -> list[tuple[str, UUID]]:
    return [("debtDecision", done.id), ("invoice", done.invoice_id)]


@strawberry.type
class DebtsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE, Permission.REFUNDS_APPROVE)],
        description="Give up what is open of an invoice: a loss whose tax is corrected; money that comes in after all "
        "brings both back.",
    )
    async def write_off_invoice(self, info: Info, invoice_id: UUID, reason: str) -> DebtDecisionResult:
        async def work(db: Session) -> DebtDecision:
            return DebtDecision.of(await debts.write_off(db, invoice_id, reason=reason, now=db.now))

        return await change(info, work, body=[invoice_id, reason], again=_again, targets=_targets)

    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Hand an overdue invoice to a collection agency; it is not reminded of any more.",
    )
    async def hand_over_invoice(self, info: Info, invoice_id: UUID, reason: str) -> DebtDecisionResult:
        async def work(db: Session) -> DebtDecision:
            return DebtDecision.of(await debts.hand_over(db, invoice_id, reason=reason, now=db.now))

        return await change(info, work, body=[invoice_id, reason], again=_again, targets=_targets)
