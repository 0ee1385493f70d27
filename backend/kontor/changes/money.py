"""Who owes whom after a change: what goes back, what is given up of promises, what is still to be paid and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.intake import PaymentInput
from kontor.orders.models import Order, OrderHold
from kontor.orders.states import HoldKind
from kontor.payments import ledger
from kontor.payments import queries as payment_queries
from kontor.payments.methods import check_method
from kontor.payments.models import Mandate, Payment
from kontor.payments.offering import methods_of
from kontor.payments.receiving import add_payment, in_doubt
from kontor.payments.refunding import RefundShare, preview_refund
from kontor.payments.reporting import Dues, covered, dues_of, report, settings_of
from kontor.payments.states import PaymentMethodKind, PaymentState
from kontor.payments.surplus import would_go_back
from kontor.payments.unanswered import void_unanswered

UNPAID = "a change of the order is not paid for yet"
"""The reason of the hold that keeps an order until what a change made it cost more is promised."""
_GONE = frozenset({PaymentState.FAILED, PaymentState.VOIDED})
_AGAIN = frozenset(
    {
        PaymentMethodKind.CARD,
        PaymentMethodKind.WALLET,
        PaymentMethodKind.ON_ACCOUNT,
        PaymentMethodKind.DIRECT_DEBIT,
        PaymentMethodKind.PREPAYMENT,
    }
)
"""Methods that can be asked for another amount without the customer choosing again."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change does to the money of an order, minor units.

    `refund` is what goes back, over `shares`; `released` what is promised and no more collected; `to_pay` what is to be
    paid beyond what is promised: by `method`, or open when there is none that can be asked again.
    """

    owed_before: int
    owed_after: int
    refund: int = 0
    shares: tuple[RefundShare, ...] = ()
    released: int = 0
    to_pay: int = 0
    method: PaymentInput | None = None


async def plan_difference(db: Session, order: Order, *, off: int, more: int, steps: Sequence[int | None]) -> Difference:
    """What follows from an order costing so much less (`off`) and more, minor units.

    `steps` are the most that each refund of it may be, one after the other; None is one for an order of which nothing
    is left: then all that came in beyond what it costs goes back. Changes nothing.
    """
    dues, payments = await _state(db, order)
    owed = dues.owed - off + more
    back = await would_go_back(db, order, less=dues.owed - owed, steps=steps)
    shares = (await preview_refund(db, order, back, canceled=True)).shares if back else ()
    promised = _promised(payments, dues)
    to_pay = max(0, _missing(owed, promised, dues) - _missing(dues.owed, promised, dues))
    method = await again_by(db, order, payments, to_pay) if to_pay else None
    there = sum(each.captured for each in payments) - dues.paid_back
    released = max(0, promised - max(owed, there)) - max(0, promised - max(dues.owed, there))
    return Difference(dues.owed, owed, back, shares, max(0, released), to_pay, method)


async def open_difference(db: Session, order: Order, *, most: int | None = None) -> Difference:
    """What an order costs beyond what is promised as it is now (`most` at most), and how that could be paid."""
    dues, payments = await _state(db, order)
    to_pay = _missing(dues.owed, _promised(payments, dues), dues)
    to_pay = to_pay if most is None else max(0, min(most, to_pay))
    method = await again_by(db, order, payments, to_pay) if to_pay else None
    return Difference(dues.owed, dues.owed, to_pay=to_pay, method=method)


async def settle_difference(db: Session, order: Order, difference: Difference, *, now: datetime) -> OrderHold | None:
    """Ask for what a change of a locked order made it cost more; the hold that keeps it until that is promised.

    What goes back is paid by what was recorded for the cancellation. Nothing to pay, nothing held: an order that waited
    for what an earlier change made it cost more goes on when that fell away again.
    """
    if not difference.to_pay:
        await db.flush()
        await release_paid(db, order, now=now, cheaper=True)
        await _report(db, order, now=now)
        return None
    if difference.method is not None:
        await add_payment(db, order, difference.method, now=now)
    await _report(db, order, now=now)
    held = (await orders.open_holds(db, [order.id])).get(order.id, [])
    known = next((hold for hold in held if hold.reason == UNPAID), None)
    return known or order_service.place_hold(db, order, kind=HoldKind.PAYMENT, reason=UNPAID, now=now)


async def _report(db: Session, order: Order, *, now: datetime) -> None:
    await db.flush()
    await report(db, [order], await payment_queries.lock_payments(db, [order.id]), now=now)


async def is_paid(db: Session, order: Order, *, doubt: int = 0) -> bool:
    """Whether promises and income are enough for what the order costs now, without `doubt` minor units of them."""
    dues, payments = await _state(db, order)
    return covered(payments) - doubt - dues.paid_back + dues.slack >= dues.owed


async def release_paid(db: Session, order: Order, *, now: datetime, cheaper: bool = False) -> bool:
    """Let a locked order move on that only waited for the money of a change; whether it did.

    What was named for it besides and never answered is waited for no more, so that it pays for nothing that is added
    later; where the order became `cheaper` also if nothing is held. What takes the place of a promise that could not be
    collected is waited for still.
    """
    held = (await orders.open_holds(db, [order.id])).get(order.id, [])
    waiting = [hold for hold in held if hold.kind is HoldKind.PAYMENT and hold.reason == UNPAID]
    if not (waiting or cheaper) or not await is_paid(db, order):
        return False
    payments = (await payment_queries.lock_payments(db, [order.id]))[order.id]
    if await is_paid(db, order, doubt=await in_doubt(db, payments)):
        await void_unanswered(db, payments, now=now)
    for hold in waiting:
        order_service.release_hold(db, order, hold, now=now, note="the payments cover the order")
    return bool(waiting)


async def again_by(db: Session, order: Order, payments: Sequence[Payment], amount: int) -> PaymentInput | None:
    """The order's method for another amount: the last of its payments that can be asked again; None if there is none.

    A mandate for one debit, a method without what the gateway needs and one the channel does not take for that amount
    are none.
    """
    rules = (await methods_of(db, [order.channel_id])).get(order.channel_id, ())
    for payment in sorted(payments, key=lambda each: each.position, reverse=True):
        if payment.kind not in _AGAIN or payment.state in _GONE or payment.settles_id is not None:
            continue
        if ledger.by_gateway(payment) and not (payment.token or payment.mandate_id):
            continue
        try:
            check_method(rules, payment.kind, order.country, amount)
        except InvalidInput:
            continue
        mandate = None
        if payment.mandate_id is not None:
            row = await db.get_one(Mandate, payment.mandate_id)
            if payment.multi_capture is False:
                continue
            mandate = row.reference
        return PaymentInput(payment.kind.value, amount, payment.gateway, payment.token, payment.label, mandate)
    return None


async def _state(db: Session, order: Order) -> tuple[Dues, list[Payment]]:
    dues = (await dues_of(db, [order], await settings_of(db, [order])))[order.id]
    return dues, await payment_queries.read_payments(db, order.id)


def _promised(payments: Sequence[Payment], dues: Dues) -> int:
    """What is promised or there, and what payments are named for that nobody has been asked for yet."""
    named = sum(
        each.amount
        for each in payments
        if each.state is PaymentState.CREATED and not each.authorized and each.settles_id is None
    )
    return covered(payments) + named - dues.paid_back


def _missing(owed: int, promised: int, dues: Dues) -> int:
    short = owed - promised
    return short if short > dues.slack else 0
