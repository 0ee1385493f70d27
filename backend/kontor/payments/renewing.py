"""Promises that run out: announced before, let go when they have, asked for anew while the order needs them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.outbox import record, schedule
from kontor.orders import queries as orders
from kontor.orders.models import Order
from kontor.orders.service import place_hold, release_hold
from kontor.orders.states import CALLED_OFF, HoldKind, OrderState
from kontor.payments import ledger, queries
from kontor.payments.events import AuthorizationExpiring, AuthorizationRenewed, RenewalDeclined
from kontor.payments.models import Payment
from kontor.payments.reporting import Dues, covered, covers, dues_of, report, settings_of
from kontor.payments.states import PaymentState

WARN_BEFORE = timedelta(hours=24)
UNDER_WORK = frozenset({OrderState.CONFIRMED, OrderState.IN_FULFILLMENT})
"""Past the step that secures the money: nobody waits for an answer about it."""
NEEDED = UNDER_WORK | {OrderState.RECEIVED}


async def watch_expiry(db: Session, *, now: datetime, limit: int = 500) -> int:
    """Warn before promises run out; let those go that have, and ask for them anew where the order still needs them."""
    ending = (
        sa.select(Payment.order_id)
        .where(
            Payment.authorized > Payment.captured,
            Payment.authorization_expires_at.is_not(None),
            Payment.authorization_expires_at <= now + WARN_BEFORE,
            sa.or_(sa.not_(Payment.expiry_warned), Payment.authorization_expires_at <= now),
        )
        .order_by(Payment.authorization_expires_at)
        .limit(limit)
    )
    locked = await orders.lock_orders(db, list(await db.scalars(ending)))
    payments = await queries.lock_payments(db, locked)
    flat = [payment for group in payments.values() for payment in group]
    underway = await queries.open_transactions(db, [payment.id for payment in flat])
    dues = await dues_of(db, list(locked.values()), await settings_of(db, list(locked.values())))
    for payment in flat:
        order, expires_at = locked[payment.order_id], payment.authorization_expires_at
        if expires_at is None or payment.authorized <= payment.captured or payment.id in underway:
            continue
        if expires_at <= now and not _asked_anew(order, payment):
            ledger.lapse(db, payment, now=now)
        elif expires_at <= now:
            if let_go(db, payment, payments[order.id], dues[order.id], now=now):
                schedule(db, "payments.authorize", {"order_id": order.id}, key=order.id)
        elif expires_at <= now + WARN_BEFORE and not payment.expiry_warned:
            payment.expiry_warned = True
            if order.state in NEEDED:
                record(
                    db,
                    AuthorizationExpiring(stream_id=order.id, payment_id=payment.id, expires_at=expires_at.isoformat()),
                )
    await report(db, list(locked.values()), payments, now=now)
    return len(locked)


def _asked_anew(order: Order, payment: Payment) -> bool:
    """When all has left, what a part was taken of: the rest may still have to be collected, and nothing else asks for
    it. A promise of which nothing was taken is asked for by whoever collects it."""
    return order.state in NEEDED or (order.state not in CALLED_OFF and payment.captured > 0)


def let_go(db: Session, payment: Payment, payments: list[Payment], dues: Dues, *, now: datetime) -> bool:
    """Book that a promise of a locked order has run out; whether there is something to ask for anew.

    A promise of which nothing was taken is asked for itself. What a part was taken of is renewed as a payment of its
    own, which is added to `payments`: at the gateway each promise stands for itself.
    """
    rest = payment.authorized - payment.captured
    ledger.lapse(db, payment, now=now)
    if payment.state is PaymentState.EXPIRED:
        return True
    asked = asked_for(payments, PaymentState.CREATED, PaymentState.EXPIRED)
    uncovered = min(rest, dues.owed - covered(payments) + dues.paid_back - asked)
    if uncovered > 0:
        position = max(each.position for each in payments) + 1
        payments.append(_renewal(db, payment, uncovered, position=position, now=now))
    return uncovered > 0


def asked_for(payments: Sequence[Payment], *states: PaymentState, named: bool = False) -> int:
    """What gateways have still to promise for the order of the payments in these states, minor units.

    What pays a debt on account promises nothing new. With `named`, only of those that name a method to be charged.
    """
    return sum(
        each.amount
        for each in payments
        if each.state in states
        and not each.authorized
        and each.settles_id is None
        and ledger.by_gateway(each)
        and (each.token or each.mandate_id or not named)
    )


def _renewal(db: Session, payment: Payment, amount: int, *, position: int, now: datetime) -> Payment:
    renewal = Payment(
        id=new_id(),
        order_id=payment.order_id,
        position=position,
        kind=payment.kind,
        gateway=payment.gateway,
        state=PaymentState.CREATED,
        currency=payment.currency,
        amount=amount,
        authorized=0,
        captured=0,
        refunded=0,
        billed=0,
        credited=0,
        token=payment.token,
        label=payment.label,
        mandate_id=payment.mandate_id,
        multi_capture=payment.multi_capture if payment.mandate_id else None,  # a gateway says it of each promise anew
        created_at=now,
        updated_at=now,
    )
    db.add(renewal)
    return renewal


async def follow_up(
    db: Session, order: Order, payments: Sequence[Payment], dues: Dues, *, declined: bool, now: datetime
) -> None:
    """What an answer about the money means for a locked order that is worked on already.

    While the payments do not cover it, nothing else of it leaves, and somebody has to look; once they do, it goes on.
    """
    if order.state not in UNDER_WORK:
        return
    held = [
        hold for hold in (await orders.open_holds(db, [order.id])).get(order.id, ()) if hold.kind is HoldKind.PAYMENT
    ]
    if covers(payments, dues):
        for hold in held:
            release_hold(db, order, hold, now=now, note="the payments cover the order")
        record(db, AuthorizationRenewed(stream_id=order.id, amount=covered(payments), currency=order.currency))
    elif declined:
        lines = (await orders.lines_of(db, [order.id]))[order.id]
        if not held and any(line.open_quantity for line in lines):
            place_hold(db, order, kind=HoldKind.PAYMENT, reason="the payments do not cover the order any more", now=now)
        missing = dues.owed - covered(payments) + dues.paid_back
        record(db, RenewalDeclined(stream_id=order.id, missing=missing, currency=order.currency))
