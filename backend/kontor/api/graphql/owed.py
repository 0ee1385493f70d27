"""What an order still owes, as care needs it: open amounts, reminders to come, agreements, a link to pay."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.open_items import DunningPlan
from kontor.api.graphql.order_types import money
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Money
from kontor.auth.permissions import Permission
from kontor.channels.models import SalesChannel
from kontor.invoicing import owed
from kontor.notifications.known import link
from kontor.orders.queries import get_order


@strawberry.type(description="What of an invoice is reminded of by itself: an instalment, or all of it (0).")
class OwedPart:
    instalment: int
    open: Money
    due_on: date
    level: int = strawberry.field(description="The last reminder; 0 is none.")


@strawberry.type(description="An invoice of which something is open.")
class OwedInvoice:
    id: UUID
    number: str
    state: str
    gross: Money
    open: Money
    due_on: date
    days_overdue: int
    level: int = strawberry.field(description="The highest reminder so far; 0 is none.")
    next_level: int | None = strawberry.field(description="The reminder that follows if nothing is paid.")
    next_on: date | None
    plan: DunningPlan | None
    parts: list[OwedPart]
    pay_url: str | None = strawberry.field(description="Where the customer can pay, if the channel has such a page.")


def _shown(row: owed.OwedInvoice, pay_url: str | None) -> OwedInvoice:
    invoice, currency = row.invoice, row.invoice.currency
    return OwedInvoice(
        id=invoice.id, number=invoice.number, state=invoice.state.value, gross=money(invoice.gross, currency),
        open=money(row.open, currency), due_on=invoice.due_on, days_overdue=row.days_overdue, level=row.level,
        next_level=row.next_level, next_on=row.next_on, plan=DunningPlan.of(row.plan) if row.plan else None,
        parts=[
            OwedPart(instalment=number, open=money(claim.open, currency), due_on=claim.due_on, level=claim.level)
            for number, claim in row.claims
        ],
        pay_url=pay_url,
    )  # fmt: skip


@strawberry.type
class OwedQuery:
    @strawberry.field(
        extensions=[requires(Permission.DUNNING_WRITE, Permission.JOURNAL_READ)],
        description="The invoices of an order that are not settled, with the reminders to come.",
    )
    async def owed_invoices(self, info: Info, order_id: UUID) -> list[OwedInvoice]:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            order = await get_order(db, order_id, principal)
            channel = await db.get_one(SalesChannel, order.channel_id)
            pay_url = link(channel.settings, "pay_url", order)
            return [_shown(row, pay_url) for row in await owed.owed_of(db, order)]
