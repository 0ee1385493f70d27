"""What payments know, rolled up to the orders: promises and income against what is owed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import SalesChannel
from kontor.core.db import Session, chunks, in_key_order
from kontor.core.money import of_units
from kontor.orders.models import Order, OrderCharge, OrderLine
from kontor.orders.service import report_money
from kontor.payments import queries
from kontor.payments.models import Payment


@dataclass(frozen=True, slots=True)
class Dues:
    """What an order costs now. `slack` is by how many minor units promises and income may differ from it."""

    owed: int
    slack: int


async def settings_of(db: Session, orders: Sequence[Order]) -> dict[UUID, dict[str, Any]]:
    """The settings of the orders' channels, by channel."""
    ids = {order.channel_id for order in orders}
    rows = await db.execute(sa.select(SalesChannel.id, SalesChannel.settings).where(SalesChannel.id.in_(ids)))
    return {row.id: row.settings for row in rows}


async def dues_of(db: Session, orders: Sequence[Order], settings: Mapping[UUID, Mapping[str, Any]]) -> dict[UUID, Dues]:
    """Totals less what was canceled. Canceled pieces are counted from the end of a line, which is within a minor unit
    per line of what each step took off."""
    off: dict[UUID, int] = {}
    steps: dict[UUID, int] = {}
    for part in chunks(in_key_order(order.id for order in orders)):
        for row in await db.execute(
            sa.select(OrderLine.order_id, OrderLine.gross_total, OrderLine.ordered, OrderLine.canceled).where(
                OrderLine.order_id.in_(part), OrderLine.canceled > 0
            )
        ):
            kept = of_units(row.gross_total, row.ordered, row.ordered - row.canceled)
            off[row.order_id] = off.get(row.order_id, 0) + row.gross_total - kept
            steps[row.order_id] = steps.get(row.order_id, 0) + 1
        charges = sa.select(OrderCharge.order_id, OrderCharge.gross).where(OrderCharge.canceled)
        for fee in await db.execute(charges.where(OrderCharge.order_id.in_(part))):
            off[fee.order_id] = off.get(fee.order_id, 0) + fee.gross
    return {
        order.id: Dues(
            order.total - off.get(order.id, 0),
            steps.get(order.id, 0) + int(settings.get(order.channel_id, {}).get("payment_tolerance", 0)),
        )
        for order in orders
    }


def covered(payments: Sequence[Payment]) -> int:
    """What is promised or there, minor units."""
    return sum(max(payment.authorized, payment.captured) for payment in payments)


def covers(payments: Sequence[Payment], dues: Dues) -> bool:
    """Whether the payments are enough to work on the order.

    The slack is for what was never promised, such as a rounded total: a promise that is not kept yet counts in full.
    """
    there = covered(payments)
    kept = there >= sum(payment.amount for payment in payments)
    return there >= dues.owed or (kept and there + dues.slack >= dues.owed)


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
            covered=_leveled(covered(payments[order.id]), due, slack),
            captured=_leveled(income, due, slack),
            now=now,
        )


def _leveled(amount: int, due: int, slack: int) -> int:
    """A difference within the slack is none."""
    return due if amount and abs(amount - due) <= slack else amount
