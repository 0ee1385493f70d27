"""Interest of days whose base rate was not known when a reminder asked: booked once the rate is there."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.invoicing import queries
from kontor.invoicing.events import DunningInterestAdded
from kontor.invoicing.interest import BaseRate, interest, known_until, with_settings
from kontor.invoicing.models import DunningNotice, Invoice
from kontor.orders.queries import lock_orders

AT_ONCE = 500


async def behind(db: Session, after: UUID | None = None) -> list[UUID]:
    """The next reminders after one that ask for interest of fewer days than had passed, by id; a few hundred.

    Those whose rate is still missing stay among them, so whoever catches up goes on behind them.
    """
    found = sa.select(DunningNotice.id).where(DunningNotice.interest_until.is_not(None))
    if after is not None:
        found = found.where(DunningNotice.id > after)
    return list(await db.scalars(found.order_by(DunningNotice.id).limit(AT_ONCE)))


async def catch_up(db: Session, notice_ids: Sequence[UUID]) -> int:
    """Book the interest of the days whose rate is known by now, on what the reminder claimed; minor units in all.

    A reminder whose interest was waived stays as it is. Locks the orders, then the reminders.
    """
    orders = await lock_orders(
        db, list(await db.scalars(sa.select(DunningNotice.order_id).where(DunningNotice.id.in_(list(notice_ids)))))
    )
    found = sa.select(DunningNotice).where(DunningNotice.id.in_(list(notice_ids))).order_by(DunningNotice.id)
    notices = list(await db.scalars(found.with_for_update().execution_options(populate_existing=True)))
    invoices = {row.id: row for row in await _of(db, Invoice, {each.invoice_id for each in notices})}
    sellers = {
        row.id: row.timezone for row in await _of(db, LegalEntity, {i.legal_entity_id for i in invoices.values()})
    }
    channels = await _of(db, SalesChannel, {order.channel_id for order in orders.values()})
    rates = {row.id: with_settings(queries.base_rates(), row.settings) for row in channels}
    total = 0
    for notice in notices:
        invoice = invoices[notice.invoice_id]
        asked_on = local_day(notice.issued_at, sellers[invoice.legal_entity_id])
        total += _catch_up(db, notice, invoice, rates[orders[notice.order_id].channel_id], asked_on)
    return total


async def _of(db: Session, model: Any, ids: Iterable[UUID]) -> list[Any]:
    return list(await db.scalars(sa.select(model).where(model.id.in_(list(ids)))))


def _catch_up(db: Session, notice: DunningNotice, invoice: Invoice, rates: Sequence[BaseRate], asked_on: date) -> int:
    if notice.interest_until is None:
        return 0
    until = min(asked_on, known_until(rates))
    if until <= notice.interest_until:
        return 0
    business = bool(invoice.content.get("vat_id"))
    more = interest(notice.claimed, notice.interest_until, until, rates, business=business)
    notice.interest_until = until if until < asked_on else None
    if not more or notice.fee_waived:
        return 0
    notice.interest, notice.fee_settled_at = notice.interest + more, None
    record(
        db,
        DunningInterestAdded(
            stream_id=notice.order_id, notice_id=notice.id, invoice_id=notice.invoice_id, interest=more,
            currency=notice.currency,
        ),
    )  # fmt: skip
    return more
