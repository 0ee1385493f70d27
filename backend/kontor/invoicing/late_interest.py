"""Interest of days whose base rate was not known when a reminder asked: booked once the rate is there."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.invoicing import queries
from kontor.invoicing.events import DunningInterestAdded
from kontor.invoicing.interest import interest, known_until, with_settings
from kontor.invoicing.models import DunningNotice, Invoice
from kontor.orders.models import Order
from kontor.orders.queries import lock_orders

AT_ONCE = 500


async def behind(db: Session) -> list[UUID]:
    """Reminders that ask for interest of fewer days than had passed, oldest first."""
    found = sa.select(DunningNotice.id).where(DunningNotice.interest_until.is_not(None))
    return list(await db.scalars(found.order_by(DunningNotice.id).limit(AT_ONCE)))


async def catch_up(db: Session, notice_ids: Sequence[UUID], *, now: datetime) -> int:
    """Book the interest of the days whose rate is known by now, on what the reminder claimed; minor units in all.

    A reminder whose interest was waived stays as it is. Locks the orders, then the reminders.
    """
    orders = await lock_orders(
        db, list(await db.scalars(sa.select(DunningNotice.order_id).where(DunningNotice.id.in_(list(notice_ids)))))
    )
    found = sa.select(DunningNotice).where(DunningNotice.id.in_(list(notice_ids))).order_by(DunningNotice.id)
    notices = await db.scalars(found.with_for_update().execution_options(populate_existing=True))
    return sum([await _catch_up(db, each, orders[each.order_id], now=now) for each in notices])


async def _catch_up(db: Session, notice: DunningNotice, order: Order, *, now: datetime) -> int:
    if notice.interest_until is None:
        return 0
    invoice = await db.get_one(Invoice, notice.invoice_id)
    seller = await db.get_one(LegalEntity, invoice.legal_entity_id)
    settings = (await db.get_one(SalesChannel, order.channel_id)).settings
    rates = with_settings(queries.base_rates(), settings)
    asked_on = local_day(notice.issued_at, seller.timezone)
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
