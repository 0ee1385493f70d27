"""Life cycles of payments and refunds, and what each payment method may do."""

from enum import StrEnum

from kontor.core.statemachine import Transitions

AWAITING_TRANSFER = "AWAITING_TRANSFER"
"""The code of a payment that was not declined: the customer's transfer has not come in yet."""


class PaymentMethodKind(StrEnum):
    """How a customer pays. The properties say when the money moves and who moves it."""

    CARD = "CARD"
    WALLET = "WALLET"
    ON_ACCOUNT = "ON_ACCOUNT"
    DIRECT_DEBIT = "DIRECT_DEBIT"
    PREPAYMENT = "PREPAYMENT"
    GIFT_CARD = "GIFT_CARD"
    BONUS_POINTS = "BONUS_POINTS"
    VOUCHER = "VOUCHER"
    CASH = "CASH"
    COLLECTED_BY_CHANNEL = "COLLECTED_BY_CHANNEL"

    @property
    def captured_by_kontor(self) -> bool:
        """Kontor takes the money itself, so it takes no more than the value shipped."""
        return self in _CAPTURED_BY_KONTOR

    @property
    def authorizes(self) -> bool:
        """An amount is promised before it is taken: blocked on a card, a mandate registered, a balance reserved."""
        return self in _CAPTURED_BY_KONTOR

    @property
    def immediate_capture(self) -> bool:
        """Promise and money are one step: there is nothing to capture later and nothing to void."""
        return self in (PaymentMethodKind.CASH, PaymentMethodKind.COLLECTED_BY_CHANNEL)

    @property
    def money_in_advance(self) -> bool:
        """The money is there before the goods leave, so the limit "no more than shipped" does not apply."""
        return self.immediate_capture or self is PaymentMethodKind.PREPAYMENT

    @property
    def stored_value(self) -> bool:
        """Paid from a balance the retailer keeps: gift card, voucher, points."""
        return self in _STORED_VALUE


_STORED_VALUE = frozenset({PaymentMethodKind.GIFT_CARD, PaymentMethodKind.VOUCHER, PaymentMethodKind.BONUS_POINTS})
_CAPTURED_BY_KONTOR = _STORED_VALUE | {
    PaymentMethodKind.CARD,
    PaymentMethodKind.WALLET,
    PaymentMethodKind.DIRECT_DEBIT,
}


class PaymentState(StrEnum):
    """Where a payment stands. The amounts say how much; this says what may come next."""

    CREATED = "CREATED"
    AUTHORIZED = "AUTHORIZED"
    PARTIALLY_CAPTURED = "PARTIALLY_CAPTURED"
    CAPTURED = "CAPTURED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"
    VOIDED = "VOIDED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    CHARGED_BACK = "CHARGED_BACK"
    INVOICED = "INVOICED"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PAID = "PAID"


_P = PaymentState

PAYMENT_TRANSITIONS = Transitions(
    PaymentState,
    start=_P.CREATED,
    table={
        # A transfer in advance may come in parts; cash and channel money is captured at once.
        _P.CREATED: {
            _P.AUTHORIZED,
            _P.PARTIALLY_CAPTURED,
            _P.CAPTURED,
            _P.INVOICED,
            _P.VOIDED,
            _P.FAILED,
            _P.EXPIRED,
        },
        _P.AUTHORIZED: {_P.PARTIALLY_CAPTURED, _P.CAPTURED, _P.VOIDED, _P.FAILED, _P.EXPIRED},
        _P.PARTIALLY_CAPTURED: {_P.CAPTURED, _P.PARTIALLY_REFUNDED, _P.REFUNDED, _P.CHARGED_BACK},
        _P.CAPTURED: {_P.PARTIALLY_REFUNDED, _P.REFUNDED, _P.CHARGED_BACK},
        # A refund that comes back days later leaves the money with us again.
        _P.PARTIALLY_REFUNDED: {_P.REFUNDED, _P.CHARGED_BACK, _P.CAPTURED, _P.PARTIALLY_CAPTURED},
        # The first shipment came back and was refunded before the second was captured.
        _P.REFUNDED: {_P.PARTIALLY_REFUNDED, _P.CAPTURED, _P.PARTIALLY_CAPTURED},
        # A dispute that was won puts the payment back.
        _P.CHARGED_BACK: {_P.PARTIALLY_CAPTURED, _P.CAPTURED, _P.PARTIALLY_REFUNDED, _P.REFUNDED},
        # The customer had sent the transfer when it was needed no more.
        _P.VOIDED: {_P.PARTIALLY_CAPTURED, _P.CAPTURED},
        # An expired promise may be renewed with the customer's stored method, or not: then it is over.
        _P.EXPIRED: {_P.AUTHORIZED, _P.FAILED},
        _P.INVOICED: {_P.PARTIALLY_PAID, _P.PAID, _P.VOIDED},
        # A transfer that turns out to be for something else is taken back.
        _P.PARTIALLY_PAID: {_P.PAID, _P.PARTIALLY_REFUNDED, _P.REFUNDED, _P.INVOICED},
        _P.PAID: {_P.PARTIALLY_REFUNDED, _P.REFUNDED, _P.CHARGED_BACK, _P.PARTIALLY_PAID, _P.INVOICED},
    },
)


class RefundState(StrEnum):
    """Where a refund stands."""

    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    REQUESTED = "REQUESTED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


_R = RefundState

REFUND_TRANSITIONS = Transitions(
    RefundState,
    # Within the limit of whoever grants it, a refund needs no approval and begins as requested.
    start=(_R.AWAITING_APPROVAL, _R.REQUESTED),
    table={
        _R.AWAITING_APPROVAL: {_R.REQUESTED, _R.CANCELED},
        # Canceled from here is the recall in the seconds before the call is made.
        _R.REQUESTED: {_R.SUCCEEDED, _R.FAILED, _R.CANCELED},
        # A refused refund is tried again, or given up for another way to pay it out.
        _R.FAILED: {_R.REQUESTED, _R.CANCELED, _R.SUCCEEDED},
        # The customer's bank may send a refund back days later.
        _R.SUCCEEDED: {_R.FAILED},
    },
)


class DisputeState(StrEnum):
    """Where a dispute stands. CLOSED is an inquiry that ended without money having moved."""

    NEEDS_RESPONSE = "NEEDS_RESPONSE"
    UNDER_REVIEW = "UNDER_REVIEW"
    WON = "WON"
    LOST = "LOST"
    ACCEPTED = "ACCEPTED"
    CLOSED = "CLOSED"


_D = DisputeState
_OPEN = {_D.NEEDS_RESPONSE, _D.UNDER_REVIEW}

DISPUTE_TRANSITIONS = Transitions(
    DisputeState,
    # Gateways tell in any order: the first that is heard of a dispute may be its end.
    start=(_D.NEEDS_RESPONSE, _D.UNDER_REVIEW, _D.WON, _D.LOST, _D.CLOSED),
    table={
        _D.NEEDS_RESPONSE: {_D.UNDER_REVIEW, _D.WON, _D.LOST, _D.ACCEPTED, _D.CLOSED},
        _D.UNDER_REVIEW: {_D.NEEDS_RESPONSE, _D.WON, _D.LOST, _D.ACCEPTED, _D.CLOSED},
        # An inquiry that was closed may still become a dispute.
        _D.CLOSED: {*_OPEN, _D.WON, _D.LOST},
        # A bank may decide again.
        _D.WON: {_D.LOST},
        _D.LOST: {_D.WON},
    },
)


def collected_state(*, authorized: int, captured: int, refunded: int) -> PaymentState:
    """The state that amounts in minor units speak of once money was taken; `authorized` less what was released.

    Refunds show before captures: a payment with money back is refunded in part even while more may be captured.
    """
    if refunded:
        return _P.REFUNDED if refunded >= captured else _P.PARTIALLY_REFUNDED
    if captured:
        return _P.CAPTURED if captured >= authorized else _P.PARTIALLY_CAPTURED
    return _P.AUTHORIZED if authorized else _P.VOIDED
