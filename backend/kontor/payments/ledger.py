"""The books of payments: an intent before every effect, its outcome after it, counters and state moved along.

Every amount of a payment changes here and nowhere else, together with the transaction that explains it.
"""

from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.statemachine import transition
from kontor.payments import cash
from kontor.payments.models import Payment, PaymentTransaction, TransactionKind, TransactionState
from kontor.payments.ports import Declined, Succeeded
from kontor.payments.states import PAYMENT_TRANSITIONS, PaymentMethodKind, PaymentState, collected_state

K = TransactionKind
OPEN = frozenset({TransactionState.PENDING, TransactionState.UNKNOWN})


def by_gateway(payment: Payment) -> bool:
    """Whether a gateway moves this payment's money; stored value without one is kept by the channel."""
    return payment.kind.captured_by_kontor and not (payment.kind.stored_value and not payment.gateway)


def due_at_the_till(payment: Payment) -> bool:
    """Whether money that usually is there at once was only promised: it is paid when the goods are handed over."""
    return payment.kind.immediate_capture and payment.authorized > payment.captured


def intend(
    db: Session,
    payment: Payment,
    kind: TransactionKind,
    amount: int,
    *,
    shipment_id: UUID | None = None,
    refund_id: UUID | None = None,
    key: str | None = None,
) -> PaymentTransaction:
    """Write down what is about to happen; the row's id is the idempotency key of the call unless another is given."""
    row_id = new_id()
    intent = PaymentTransaction(
        id=row_id,
        payment_id=payment.id,
        order_id=payment.order_id,
        kind=kind,
        outcome=TransactionState.PENDING,
        amount=amount,
        idempotency_key=key or str(row_id),
        shipment_id=shipment_id,
        refund_id=refund_id,
        created_at=db.now,
    )
    db.add(intent)
    payment.updated_at = db.now
    return intent


def book(
    db: Session, payment: Payment, intent: PaymentTransaction, outcome: Succeeded | Declined | None, *, now: datetime
) -> bool:
    """Write the outcome of an intent and move the payment along; None is a success that needed no gateway.

    Whether it succeeded. An intent with an outcome stays as it is.
    """
    if intent.outcome not in OPEN:
        return intent.outcome is TransactionState.SUCCEEDED
    intent.finished_at = payment.updated_at = now
    if isinstance(outcome, Declined):
        intent.outcome, intent.error = TransactionState.FAILED, f"{outcome.code}: {outcome.message}"[:500]
        return False
    intent.outcome = TransactionState.SUCCEEDED
    intent.rounding = _in_coins(payment, intent)
    if outcome is not None:
        intent.gateway_reference = outcome.reference
        if intent.kind is K.AUTHORIZE:
            payment.gateway_reference = outcome.reference
            payment.authorization_expires_at, payment.expiry_warned = outcome.expires_at, False
            if payment.mandate_id is None or payment.multi_capture is not False:  # one debit stays one
                payment.multi_capture = outcome.multi_capture
    _count(payment, intent.kind, intent.amount)
    settle_state(db, payment, now=now)
    return True


def _in_coins(payment: Payment, intent: PaymentTransaction) -> int:
    """What the till takes or pays out beyond the amount; only cash is rounded."""
    if payment.kind is not PaymentMethodKind.CASH:
        return 0
    before = {K.CAPTURE: payment.captured, K.RECEIVE: payment.captured, K.REFUND: payment.refunded}.get(intent.kind)
    return 0 if before is None else cash.rounding(before, intent.amount, payment.currency)


def book_now(
    db: Session,
    payment: Payment,
    kind: TransactionKind,
    amount: int,
    *,
    now: datetime,
    shipment_id: UUID | None = None,
    refund_id: UUID | None = None,
) -> PaymentTransaction:
    """Intent and outcome in one, where no gateway is asked."""
    done = intend(db, payment, kind, amount, shipment_id=shipment_id, refund_id=refund_id)
    book(db, payment, done, None, now=now)
    return done


def _count(payment: Payment, kind: TransactionKind, amount: int) -> None:
    match kind:
        case K.AUTHORIZE:
            payment.authorized += amount
        case K.VOID:
            payment.authorized -= amount
        case K.CAPTURE:
            payment.captured += amount
        case K.RECEIVE:
            payment.captured += amount
            if payment.kind.money_in_advance:
                payment.authorized += amount
        case K.WITHDRAW:
            payment.captured -= amount
        case K.REFUND | K.CHARGEBACK | K.TRANSFER:
            payment.refunded += amount
        case K.REINSTATE | K.REFUND_RETURN:
            payment.refunded -= amount
        case K.BILL:
            payment.billed += amount
        case K.CREDIT:
            payment.credited += amount
        case K.TAKEOVER:
            payment.billed -= amount
            payment.authorized -= amount


def settle_state(db: Session, payment: Payment, *, now: datetime) -> None:
    """The state that the counters speak of, where the table allows the step; a dispute keeps its own state."""
    if payment.state is PaymentState.CHARGED_BACK:
        return
    wanted = _on_account(payment) if payment.kind is PaymentMethodKind.ON_ACCOUNT else _collected(payment)
    if wanted is not payment.state and PAYMENT_TRANSITIONS.allows(payment.state, wanted):
        transition(db, payment, wanted, table=PAYMENT_TRANSITIONS, now=now)


def _collected(payment: Payment) -> PaymentState:
    promised = payment.amount if payment.kind is PaymentMethodKind.PREPAYMENT else payment.authorized
    return collected_state(authorized=promised, captured=payment.captured, refunded=payment.refunded)


def _on_account(payment: Payment) -> PaymentState:
    if payment.refunded:
        return PaymentState.REFUNDED if payment.refunded >= payment.captured else PaymentState.PARTIALLY_REFUNDED
    complete = payment.billed >= payment.authorized
    if payment.captured:
        return PaymentState.PAID if complete and not owed(payment) else PaymentState.PARTIALLY_PAID
    if complete and payment.billed == payment.credited:
        return PaymentState.VOIDED  # nothing was delivered, or all of it was credited
    return PaymentState.INVOICED if payment.billed else PaymentState.CREATED


def leave_dispute(db: Session, payment: Payment, *, now: datetime) -> None:
    """No bank holds money of the payment any more: its state is again what its counters speak of."""
    if payment.state is PaymentState.CHARGED_BACK and payment.kind is not PaymentMethodKind.ON_ACCOUNT:
        wanted = _collected(payment)
        if PAYMENT_TRANSITIONS.allows(payment.state, wanted):
            transition(db, payment, wanted, table=PAYMENT_TRANSITIONS, now=now, reason="dispute won")


def owed(payment: Payment) -> int:
    """What was invoiced on account and is still to come in, minor units."""
    return max(0, payment.billed - payment.credited - payment.captured)


def decline(db: Session, payment: Payment, reason: str, *, now: datetime) -> None:
    """The promise was not given."""
    if PAYMENT_TRANSITIONS.allows(payment.state, PaymentState.FAILED):
        transition(db, payment, PaymentState.FAILED, table=PAYMENT_TRANSITIONS, now=now, reason=reason[:500])
        payment.updated_at = now


def lapse(db: Session, payment: Payment, *, now: datetime) -> None:
    """The promise ran out: what was not taken of it is gone."""
    rest = payment.authorized - payment.captured
    if payment.state is PaymentState.AUTHORIZED:
        transition(db, payment, PaymentState.EXPIRED, table=PAYMENT_TRANSITIONS, now=now)
    book_now(db, payment, K.VOID, rest, now=now)
    payment.authorization_expires_at = None
