"""Money that is there for pieces nobody gets any more."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.orders.models import Order
from kontor.orders.queries import lock_orders
from kontor.orders.states import CALLED_OFF, OrderState
from kontor.payments import queries, refunding
from kontor.payments.kept import refunds_of, withheld_by_rule
from kontor.payments.models import Payment, Refund
from kontor.payments.paying_back import held_by_banks, payable_for
from kontor.payments.refund_due import Withheld
from kontor.payments.reporting import Dues, dues_of, settings_of
from kontor.payments.states import PaymentMethodKind, RefundState


async def refund_surplus(
    db: Session, order: Order, *, most: int | None, reason: str, source_key: str, now: datetime
) -> Refund | None:
    """Pay back what came in beyond what a locked order still costs, at most `most` minor units; None if that is none.

    What went back for other reasons (goodwill, corrections, disputes) or is on its way is not paid a second time.
    Promises that were not collected are not refunded: they are given back when the order is settled. Raises
    `RefundNotDivisible` where a gateway gives back only the whole.
    """
    dues = (await dues_of(db, [order], await settings_of(db, [order])))[order.id]
    payments = (await queries.lock_payments(db, [order.id]))[order.id]
    beyond = sum(each.captured for each in payments) - await _granted(db, order.id) - _owed(order, dues)
    wanted = back_of(beyond, dues.slack, most)
    amount = (await payable_for(db, order, wanted)).amount if wanted else 0
    if amount <= 0:
        return None
    return await refunding.request_refund(
        db, order, kind=refunding.RefundKind.CANCELLATION, amount=amount, reason=reason, source_key=source_key, now=now
    )


def back_of(beyond: int, slack: int, most: int | None) -> int:
    """What is to go back where so much came in `beyond` what an order costs: at most `most`, None is all of it.

    >>> back_of(500, 0, 300), back_of(500, 0, None), back_of(3, 5, 300)
    (300, 500, 0)
    """
    wanted = beyond if most is None else min(beyond, most)
    return wanted if wanted > (0 if most is None else slack) else 0


async def would_go_back(db: Session, order: Order, *, less: int, steps: Sequence[int | None]) -> int:
    """What `refund_surplus` would pay back, called with each of these `most`, once an order costs so much `less`.

    Changes nothing; minor units.
    """
    dues = (await dues_of(db, [order], await settings_of(db, [order])))[order.id]
    payments = await queries.read_payments(db, order.id)
    beyond = sum(each.captured for each in payments) - await _granted(db, order.id) - _owed(order, dues) + less
    there = await refunding.refundable(db, order.id)
    back = 0
    for most in steps:
        back += max(0, min(back_of(beyond - back, dues.slack, most), there - back))
    return back


async def refund_paid_twice(
    db: Session, order: Order, payment: Payment, payments: Sequence[Payment], *, amount: int, now: datetime
) -> Refund | None:
    """Pay back over a payment of a locked order the `amount` it took for a debt that was owed no more, minor units.

    What came back or was credited lessens the debt and not what the order costs, so the order's costs only say what
    pieces that nothing was collected or billed for are still worth: that much is kept for them. Once per payment.
    """
    await db.flush()
    dues = (await dues_of(db, [order], await settings_of(db, [order])))[order.id]
    collected = sum(each.billed if each.kind is PaymentMethodKind.ON_ACCOUNT else each.captured for each in payments)
    kept = _owed(order, dues) + await _granted(db, order.id) - (collected - amount)
    promised = (await queries.promised_refunds(db, [order.id])).get(payment.id, 0)
    back = min(amount - (kept if kept > dues.slack else 0), payment.captured - payment.refunded - promised)
    if back <= 0:
        return None
    return await refunding.request_refund(
        db,
        order,
        kind=refunding.RefundKind.CANCELLATION,
        amount=back,
        reason="the debt was paid twice",
        source_key=f"twice/{payment.id}",
        chosen={payment.id: back},
        now=now,
    )


def _owed(order: Order, dues: Dues) -> int:
    """A rejected order costs nothing, though none of its pieces was canceled."""
    return 0 if order.state is OrderState.REJECTED else dues.owed


async def refund_late_money(db: Session, orders: Sequence[Order], *, now: datetime) -> None:
    """Pay back what was collected for locked orders only after they, or pieces of them, had been canceled."""
    dues = await dues_of(db, orders, await settings_of(db, orders))
    for order in orders:
        called_off = order.state in CALLED_OFF
        if called_off or dues[order.id].canceled:
            await refund_surplus(
                db,
                order,
                most=None if called_off else dues[order.id].canceled - await _granted(db, order.id),
                reason="canceled before the money was there",
                source_key=f"late/{new_id()}",
                now=now,
            )


async def refund_called_off(db: Session, order_ids: Sequence[UUID], *, now: datetime) -> None:
    """Pay back what is there for orders that were canceled or rejected."""
    gone = [order for order in (await lock_orders(db, order_ids)).values() if order.state in CALLED_OFF]
    await refund_late_money(db, gone, now=now)


async def refund_won(db: Session, order_id: UUID, *, now: datetime) -> None:
    """Pay back of a locked order what was withheld only because a bank held it, once a dispute has brought it back.

    What banks hold still stays withheld. Returns said so line by line; pieces that were canceled only got less.
    """
    await db.flush()
    order = await db.get_one(Order, order_id)
    await refund_late_money(db, [order], now=now)
    withheld = withheld_by_rule(await refunds_of(db, order_id)).get(Withheld.CHARGED_BACK, 0)
    if withheld <= 0:
        return
    await db.flush()
    due = withheld - await held_by_banks(db, order_id)
    amount = min(due, await refunding.refundable(db, order_id))
    if amount > 0:
        await refunding.request_refund(
            db,
            order,
            kind=refunding.RefundKind.RETURN,
            amount=amount,
            lines=[{"name": Withheld.CHARGED_BACK.value, "gross": amount}],
            reason="a dispute was won",
            source_key=f"won/{new_id()}",
            now=now,
        )


async def _granted(db: Session, order_id: UUID) -> int:
    """What was granted for canceled pieces, whether it is paid out yet or not."""
    granted = sa.select(sa.func.coalesce(sa.func.sum(Refund.amount), 0)).where(
        Refund.order_id == order_id,
        Refund.kind == refunding.RefundKind.CANCELLATION.value,
        Refund.state != RefundState.CANCELED,
    )
    return int(await db.scalar(granted) or 0)
