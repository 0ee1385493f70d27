"""What payments know, rolled up to the orders: promises and income against what is owed."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import SalesChannel
from kontor.core.db import Session, chunks, in_key_order
from kontor.orders.models import Order, OrderCharge, OrderLine
from kontor.orders.service import report_money
from kontor.payments import kept, queries
from kontor.payments.covering import with_returns
from kontor.payments.models import Payment, Refund
from kontor.payments.policies import settings_with_policies
from kontor.payments.states import RefundState


@dataclass(frozen=True, slots=True)
class Dues:
    """What an order costs now, and what was taken off it for canceled pieces and charges, minor units.

    `slack` is by how much promises and income may differ from what is owed. `paid_back` is what was granted for pieces
    that were canceled: it covers nothing any more.
    """

    owed: int
    slack: int
    canceled: int = 0
    paid_back: int = 0


async def settings_of(db: Session, orders: Sequence[Order]) -> dict[UUID, dict[str, Any]]:
    """The settings of the orders' channels, by channel; stored policies stand for what a setting says."""
    ids = {order.channel_id for order in orders}
    rows = await db.execute(sa.select(SalesChannel.id, SalesChannel.settings).where(SalesChannel.id.in_(ids)))
    return await settings_with_policies(db, {row.id: row.settings for row in rows})


async def dues_of(db: Session, orders: Sequence[Order], settings: Mapping[UUID, Mapping[str, Any]]) -> dict[UUID, Dues]:
    """Totals less what each cancellation took off them, to the cent, and less what is collected no more."""
    off: dict[UUID, int] = {}
    for part in chunks(in_key_order(order.id for order in orders)):
        lines = sa.select(OrderLine.order_id, OrderLine.canceled_gross).where(OrderLine.canceled > 0)
        charges = sa.select(OrderCharge.order_id, OrderCharge.gross).where(OrderCharge.canceled)
        for found, column in ((lines, OrderLine.order_id), (charges, OrderCharge.order_id)):
            for order_id, gross in await db.execute(found.where(column.in_(part))):
                off[order_id] = off.get(order_id, 0) + gross
    waived = await kept.waived(db, with_returns(orders))
    paid_back = await _paid_back(db, off)
    return {
        order.id: Dues(
            order.total - off.get(order.id, 0) - waived.get(order.id, 0),
            int(settings.get(order.channel_id, {}).get("payment_tolerance", 0)),
            off.get(order.id, 0),
            paid_back.get(order.id, 0),
        )
        for order in orders
    }


async def _paid_back(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What was granted for canceled pieces, by order; nothing is read where nothing was canceled."""
    found: dict[UUID, int] = {}
    for part in chunks(in_key_order(order_ids)):
        rows = await db.execute(
            sa.select(Refund.order_id, sa.func.sum(Refund.amount))
            .where(Refund.order_id.in_(part), Refund.kind == kept.CANCELLATION, Refund.state != RefundState.CANCELED)
            .group_by(Refund.order_id)
        )
        found.update({order_id: int(amount) for order_id, amount in rows})
    return found


def covered(payments: Sequence[Payment]) -> int:
    """What is promised or there, minor units."""
    return sum(max(payment.authorized, payment.captured) for payment in payments)


def doubtful(payments: Sequence[Payment], declined: Container[UUID]) -> int:
    """Promises that count as kept although what was last to be collected of them was `declined`, minor units."""
    return sum(payment.authorized - payment.captured for payment in payments if payment.id in declined)


def covers(payments: Sequence[Payment], dues: Dues) -> bool:
    """Whether the payments are enough to work on the order.

    The slack is for what was never promised, such as a rounded total: a promise that is not kept yet counts in full.
    """
    there = covered(payments) - dues.paid_back
    promised = sum(payment.amount for payment in payments if payment.settles_id is None) - dues.paid_back
    return there >= dues.owed or (there >= promised and there + dues.slack >= dues.owed)


async def report(
    db: Session,
    orders: Sequence[Order],
    payments: Mapping[UUID, Sequence[Payment]],
    *,
    now: datetime,
    owed: Mapping[UUID, int] | None = None,
) -> None:
    """Report the locked orders' money to them; `owed` where it is known better than by counting."""
    settings = await settings_of(db, orders)
    dues = await dues_of(db, orders, settings)
    given_back = await queries.canceled_refunds(db, [order.id for order in orders])
    for order in orders:
        due, slack = (owed or {}).get(order.id, dues[order.id].owed), dues[order.id].slack
        income = sum(payment.captured for payment in payments[order.id]) - given_back.get(order.id, 0)
        report_money(
            db,
            order,
            owed=due,
            covered=_leveled(covered(payments[order.id]) - dues[order.id].paid_back, due, slack),
            captured=_leveled(income, due, slack),
            now=now,
        )


def _leveled(amount: int, due: int, slack: int) -> int:
    """A difference within the slack is none."""
    return due if amount and abs(amount - due) <= slack else amount
