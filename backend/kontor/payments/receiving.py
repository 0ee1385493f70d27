"""Money that comes in without our asking: transfers, another method."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import SalesChannel
from kontor.channels.queries import days_of_sellers
from kontor.core.db import Session
from kontor.core.errors import Conflict, InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import record, schedule
from kontor.orders.intake import PaymentInput
from kontor.orders.models import Order
from kontor.orders.states import CALLED_OFF, OrderState
from kontor.payments import ledger, paying_off, queries
from kontor.payments.debiting import mandate_for, named_mandates
from kontor.payments.errors import OrderIsCovered, PaymentNotAwaited, PaymentNotWithdrawable
from kontor.payments.events import PaymentReceived, PaymentWithdrawn
from kontor.payments.methods import check_method
from kontor.payments.models import Payment, PaymentTransaction, TransactionKind
from kontor.payments.offering import methods_of
from kontor.payments.reporting import covered, covers, doubtful, dues_of, report, settings_of
from kontor.payments.states import PaymentMethodKind, PaymentState
from kontor.payments.surplus import refund_late_money
from kontor.payments.vouchers import check_added

K = TransactionKind
_NO_MONEY_NOW = (PaymentMethodKind.PREPAYMENT, PaymentMethodKind.ON_ACCOUNT)


async def record_payment(
    db: Session, order: Order, payment: Payment, amount: int, *, reference: str, now: datetime
) -> PaymentTransaction:
    """Book a transfer for a prepayment or an invoice on account of a locked order, minor units.

    `reference` names the transfer: the same one for the same payment is booked once. One for a prepayment that was
    needed no more may be on its way already: what canceled pieces were paid with goes back. Raises `PaymentNotAwaited`
    when the payment waits for no money or for less, `Conflict` when the reference stands for another amount.
    """
    key = f"receive/{payment.id}/{reference.strip()}"
    if not 1 <= len(reference.strip()) <= 60:
        raise InvalidInput("1 to 60 characters.", code="INVALID_REFERENCE", path=("reference",))
    known: PaymentTransaction | None = await db.scalar(
        sa.select(PaymentTransaction).where(PaymentTransaction.idempotency_key == key)
    )
    if known is not None:
        if known.amount != amount:
            raise Conflict("This transfer was recorded with another amount.", code="TRANSFER_DIFFERS", path=("amount",))
        return known
    _check_awaited(payment, amount)
    intent = ledger.intend(db, payment, TransactionKind.RECEIVE, amount, key=key)
    ledger.book(db, payment, intent, None, now=now)
    record(
        db,
        PaymentReceived(
            stream_id=order.id,
            payment_id=payment.id,
            amount=amount,
            currency=payment.currency,
            transaction_id=intent.id,
        ),
    )
    await report(db, [order], await queries.lock_payments(db, [order.id]), now=now)
    if payment.kind is PaymentMethodKind.PREPAYMENT:
        await refund_late_money(db, [order], now=now)
    return intent


async def withdraw_payment(
    db: Session, order: Order, payment: Payment, received: PaymentTransaction, *, now: datetime
) -> PaymentTransaction:
    """Take back a transfer that was booked for an invoice on account of a locked order, as if it had not come.

    Once: a second call gives the first one's row. Raises `PaymentNotWithdrawable` for a payment in advance, whose
    order may be on its way because of it, and where the money was refunded or charged back meanwhile.
    """
    key = f"withdraw/{received.id}"
    known: PaymentTransaction | None = await db.scalar(
        sa.select(PaymentTransaction).where(PaymentTransaction.idempotency_key == key)
    )
    if known is not None:
        return known
    left = payment.captured - received.amount
    if payment.kind is not PaymentMethodKind.ON_ACCOUNT or left < payment.refunded or received.kind is not K.RECEIVE:
        raise PaymentNotWithdrawable("The money has been used.", payment_id=str(payment.id), state=payment.state)
    intent = ledger.intend(db, payment, K.WITHDRAW, received.amount, key=key)
    ledger.book(db, payment, intent, None, now=now)
    record(
        db,
        PaymentWithdrawn(
            stream_id=order.id,
            payment_id=payment.id,
            amount=received.amount,
            currency=payment.currency,
            transaction_id=intent.id,
        ),
    )
    await report(db, [order], await queries.lock_payments(db, [order.id]), now=now)
    return intent


def awaited(payment: Payment) -> int:
    """The money a payment waits for, minor units."""
    if payment.state in (PaymentState.VOIDED, PaymentState.FAILED):
        return 0
    if payment.kind is PaymentMethodKind.PREPAYMENT:
        return payment.amount - payment.captured
    return ledger.owed(payment) if payment.kind is PaymentMethodKind.ON_ACCOUNT else 0


def _check_awaited(payment: Payment, amount: int) -> None:
    if amount <= 0:
        raise InvalidInput("The amount must be above zero.", code="AMOUNT_NOT_POSITIVE", path=("amount",))
    most = awaited(payment)
    if payment.kind is PaymentMethodKind.PREPAYMENT and payment.state is PaymentState.VOIDED:
        most = payment.amount  # it is needed no more, and the customer had sent it
    if amount > most:
        raise PaymentNotAwaited(
            "The payment waits for less than this.", path=("amount",), awaited=most, state=payment.state
        )


async def add_payment(db: Session, order: Order, promise: PaymentInput, *, now: datetime) -> Payment:
    """Name another method for money that a locked order still owes; whoever waits for the money tries again.

    That is what its payments do not cover, and what was declined when it was to be collected; if that is nothing, what
    was invoiced on account and is not paid yet: this is collected at once. Goods that have arrived may still be owed,
    so the order may be completed. Raises `InvalidInput` for a method the channel does not take or an amount above what
    is missing, `OrderIsCovered` when nothing is missing, `Conflict` for an order that was called off.
    """
    if order.state in CALLED_OFF:
        raise Conflict("The order has ended.", code="ORDER_ENDED", state=order.state)
    payments = (await queries.lock_payments(db, [order.id]))[order.id]
    missing, settles_id = await _missing(db, order, payments, PaymentMethodKind(promise.kind))
    await _check_promise(db, order, promise, missing, settles=settles_id is not None)
    await check_added(db, order, promise)
    channel = await db.get_one(SalesChannel, order.channel_id)
    known = await named_mandates(db, [promise])
    today = (await days_of_sellers(db, now))[channel.legal_entity_id]
    mandate = mandate_for(promise, channel.settings, order.currency, known, today)
    payment = Payment(
        id=new_id(),
        order_id=order.id,
        position=max((item.position for item in payments), default=0) + 1,
        kind=PaymentMethodKind(promise.kind),
        gateway=promise.gateway,
        state=PaymentState.CREATED,
        currency=order.currency,
        amount=promise.amount,
        token=promise.token,
        label=promise.label,
        mandate_id=mandate.id if mandate else None,
        multi_capture=False if mandate and mandate.once else None,
        settles_id=settles_id,
        created_at=now,
        updated_at=now,
    )
    db.add(payment)
    record(db, PaymentReceived(stream_id=order.id, payment_id=payment.id, amount=0, currency=order.currency))
    if order.state is not OrderState.RECEIVED:  # before, the process asks for the money
        schedule(db, "payments.authorize", {"order_id": order.id}, key=order.id)
    return payment


async def _missing(
    db: Session, order: Order, payments: Sequence[Payment], kind: PaymentMethodKind
) -> tuple[int, UUID | None]:
    """What a method may be named for, minor units, and the debt on account that it would pay, if it is one."""
    dues = (await dues_of(db, [order], await settings_of(db, [order])))[order.id]
    doubt = await in_doubt(db, payments)
    missing = max(0, dues.owed - covered(payments) + dues.paid_back + doubt - _named(payments, kind))
    if not covers(payments, dues) or (doubt and missing):
        return missing, None
    debts = paying_off.debts(payments, await queries.promised_refunds(db, [order.id]))
    if not debts:
        raise OrderIsCovered("The order's payments cover it.", order_id=str(order.id))
    settles_id, owed = next(iter(debts.items()))
    return owed, settles_id


async def in_doubt(db: Session, payments: Sequence[Payment]) -> int:
    """What is promised and was declined when it was last to be collected, unless it is being collected anew; minor
    units."""
    declined = await queries.declined_captures(db, [each.id for each in payments])
    underway = await queries.open_transactions(db, declined)
    declined -= {item for item, intents in underway.items() if any(each.kind is K.CAPTURE for each in intents)}
    return doubtful(payments, declined)


def _named(payments: Sequence[Payment], kind: PaymentMethodKind) -> int:
    """What payments are named for that were not asked yet, so that the same one is not named twice; minor units.

    A transfer that never comes keeps no other method from taking its place.
    """
    return sum(
        each.amount
        for each in payments
        if each.state is PaymentState.CREATED
        and not each.authorized
        and each.settles_id is None
        and (each.kind is not PaymentMethodKind.PREPAYMENT or each.kind is kind)
    )


async def _check_promise(db: Session, order: Order, promise: PaymentInput, missing: int, *, settles: bool) -> None:
    allowed = await db.scalar(sa.select(SalesChannel.payment_methods).where(SalesChannel.id == order.channel_id)) or []
    if settles:  # a transfer is simply recorded for the debt, and a debt is not paid by another one
        allowed = [kind for kind in allowed if kind not in _NO_MONEY_NOW]
    if promise.kind not in allowed:
        raise InvalidInput(
            "The channel does not take this method.",
            code="PAYMENT_METHOD_NOT_ALLOWED",
            path=("kind",),
            allowed=sorted(allowed),
        )
    rules = (await methods_of(db, [order.channel_id])).get(order.channel_id, ())
    check_method(rules, promise.kind, order.country, promise.amount)
    for name, most in (("gateway", 40), ("token", 200), ("label", 120)):
        if len(getattr(promise, name) or "") > most:
            raise InvalidInput(f"At most {most} characters.", code="TEXT_TOO_LONG", path=(name,), max=most)
    if not 0 < promise.amount <= missing:
        raise InvalidInput(
            f"At most {missing} are missing.", code="PAYMENT_ABOVE_MISSING", path=("amount",), missing=missing
        )
