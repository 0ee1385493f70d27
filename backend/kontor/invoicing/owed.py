"""What an order still owes, invoice by invoice, and which reminder comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.invoicing.dunning import claims_on, notices_of
from kontor.invoicing.models import DunningPlan, Invoice
from kontor.invoicing.reminding import Claim, levels_of, next_reminder
from kontor.orders.models import Order


@dataclass(frozen=True, slots=True)
class OwedInvoice:
    """An invoice of which something is open: `claims` is what is reminded of by itself, by instalment (0: all of it).

    `next_level` and `next_on` say which reminder follows, and when if nothing is paid.
    """

    invoice: Invoice
    open: int
    days_overdue: int
    level: int
    next_level: int | None
    next_on: date | None
    plan: DunningPlan | None
    claims: Sequence[tuple[int, Claim]]


async def owed_of(db: Session, order: Order) -> list[OwedInvoice]:
    """The invoices of an order that are not settled, the first due first."""
    found = sa.select(Invoice).where(Invoice.order_id == order.id, Invoice.gross - Invoice.credited > Invoice.paid)
    rows = list(await db.scalars(found.order_by(Invoice.due_on, Invoice.id)))
    if not rows:
        return []
    ids = [row.id for row in rows]
    notices = await notices_of(db, ids)
    plans = {plan.id: plan for plan in await db.scalars(sa.select(DunningPlan).where(DunningPlan.id.in_(ids)))}
    channel = await db.get_one(SalesChannel, order.channel_id)
    seller = await db.get_one(LegalEntity, channel.legal_entity_id)
    today, levels = local_day(db.now, seller.timezone), levels_of(channel.settings)
    owed = []
    for row in rows:
        claims = claims_on(row, notices.get(row.id, []), plans.get(row.id))
        coming = [each for _, claim in claims if (each := next_reminder(claim, levels)) is not None]
        level, day = min(coming, key=lambda each: each[1], default=(None, None))
        if not row.content["amount_due"]:
            level, day = None, None  # what was to be there in advance is not reminded of
        owed.append(
            OwedInvoice(
                row, row.gross - row.credited - row.paid, max(0, (today - row.due_on).days),
                max((claim.level for _, claim in claims), default=0), level, day, plans.get(row.id), claims,
            )
        )  # fmt: skip
    return owed
