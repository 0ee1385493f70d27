"""How a refund is divided over the payments of an order: never above what each one took."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kontor.core.errors import Conflict, InvalidInput
from kontor.core.money import spread
from kontor.payments.states import PaymentMethodKind


class RefundPolicy(StrEnum):
    """Which payment gives back first. `CARD_FIRST` gives money before vouchers, and bonus points last."""

    REVERSE = "REVERSE"
    RATIO = "RATIO"
    CARD_FIRST = "CARD_FIRST"
    CHOSEN = "CHOSEN"


@dataclass(frozen=True, slots=True)
class RefundablePayment:
    """One payment in minor units; `refunded` includes what is under way; `position` is the order of capture."""

    id: str
    kind: PaymentMethodKind
    captured: int
    refunded: int = 0
    position: int = 0
    partial_refund: bool = True

    @property
    def refundable(self) -> int:
        """What may still go back."""
        return self.captured - self.refunded


class RefundExceedsCaptured(Conflict):
    """More is asked back than was taken and not yet returned."""

    default_code = "REFUND_EXCEEDS_CAPTURED"


class RefundNotDivisible(Conflict):
    """The amount would need a part of a payment whose gateway gives back only the whole."""

    default_code = "REFUND_NOT_DIVISIBLE"


def split_refund(
    payments: Sequence[RefundablePayment],
    amount: int,
    *,
    policy: RefundPolicy,
    chosen: Mapping[str, int] | None = None,
    last: Container[str] = (),
) -> dict[str, int]:
    """Divide `amount` (minor units, above zero) over the payments; only payments with a share are in the result.

    Whatever the policy, but for a choice, those named in `last` give what the others cannot. Any sequence of partial
    refunds ends at exactly what was captured. Raises `RefundExceedsCaptured`,
    `RefundNotDivisible`, or `InvalidInput` for a choice that does not add up.

    >>> card = RefundablePayment("card", PaymentMethodKind.CARD, captured=8000, position=1)
    >>> gift = RefundablePayment("gift", PaymentMethodKind.GIFT_CARD, captured=2000, position=2)
    >>> split_refund([card, gift], 3000, policy=RefundPolicy.REVERSE)
    {'gift': 2000, 'card': 1000}
    """
    if amount <= 0:
        raise InvalidInput("A refund must be above zero.", code="REFUND_NOT_POSITIVE", path=("amount",))
    open_payments = [payment for payment in payments if payment.refundable > 0]
    refundable = sum(payment.refundable for payment in open_payments)
    if amount > refundable:
        raise RefundExceedsCaptured(
            "The refund is above what was paid and not yet refunded.", path=("amount",), refundable=refundable
        )
    if policy is RefundPolicy.CHOSEN:
        return _as_chosen(open_payments, amount, chosen or {})
    first = [payment for payment in open_payments if payment.id not in last]
    part = min(amount, sum(payment.refundable for payment in first))
    if len(first) == len(open_payments) or not part:
        return _by_policy(open_payments, amount, policy)
    try:
        shares = _by_policy(first, part, policy)
    except RefundNotDivisible:
        return _by_policy(open_payments, amount, policy)
    rest = [payment for payment in open_payments if payment.id in last]
    return shares | (_by_policy(rest, amount - part, policy) if amount > part else {})


def _by_policy(payments: Sequence[RefundablePayment], amount: int, policy: RefundPolicy) -> dict[str, int]:
    if policy is RefundPolicy.RATIO:
        return _in_ratio(payments, amount)
    return _in_sequence(_sequence(payments, policy), amount)


def _as_chosen(payments: Sequence[RefundablePayment], amount: int, chosen: Mapping[str, int]) -> dict[str, int]:
    by_id = {payment.id: payment for payment in payments}
    for payment_id, share in chosen.items():
        path = ("chosen", payment_id)
        if share < 0:
            raise InvalidInput("A share cannot be negative.", code="REFUND_SHARE_NEGATIVE", path=path)
        payment = by_id.get(payment_id)
        if payment is None or share > payment.refundable:
            raise RefundExceedsCaptured(
                "The share is above what this payment can give back.",
                path=path,
                refundable=payment.refundable if payment else 0,
            )
        if share and not payment.partial_refund and share != payment.refundable:
            raise RefundNotDivisible(
                "This payment can only be given back as a whole.", path=path, refundable=payment.refundable
            )
    if sum(chosen.values()) != amount:
        raise InvalidInput(
            "The chosen shares do not add up to the refund.",
            code="REFUND_SHARES_MISMATCH",
            path=("chosen",),
            expected=amount,
            given=sum(chosen.values()),
        )
    return {payment_id: share for payment_id, share in chosen.items() if share}


def _in_ratio(payments: Sequence[RefundablePayment], amount: int) -> dict[str, int]:
    """In proportion to what each can still give, so that no share passes its payment and the last refund empties all.

    A payment that goes back only as a whole is part of the ratio only when everything goes back.
    """
    if amount < sum(payment.refundable for payment in payments):
        payments = [payment for payment in payments if payment.partial_refund]
    if amount > sum(payment.refundable for payment in payments):
        raise _not_divisible()
    shares = spread(amount, [payment.refundable for payment in payments])
    return {payment.id: share for payment, share in zip(payments, shares, strict=True) if share}


def _in_sequence(payments: Sequence[RefundablePayment], amount: int) -> dict[str, int]:
    shares: dict[str, int] = {}
    for payment in payments:
        share = min(amount, payment.refundable)
        if share and (payment.partial_refund or share == payment.refundable):
            shares[payment.id] = share
            amount -= share
    if amount:
        raise _not_divisible()
    return shares


def _not_divisible() -> RefundNotDivisible:
    return RefundNotDivisible("Part of this refund could only come from a payment that goes back as a whole.")


def _sequence(payments: Sequence[RefundablePayment], policy: RefundPolicy) -> list[RefundablePayment]:
    """Last captured first; under `CARD_FIRST` within money, then vouchers and gift cards, then points."""
    latest_first = sorted(payments, key=lambda payment: payment.position, reverse=True)
    if policy is RefundPolicy.CARD_FIRST:
        latest_first.sort(key=lambda payment: _rank(payment.kind))
    return latest_first


def _rank(kind: PaymentMethodKind) -> int:
    if kind is PaymentMethodKind.BONUS_POINTS:
        return 2
    return int(kind.stored_value)
