"""What others ask of payments. The gateway work behind it is in the package's jobs, scheduled by name:

- `payments.authorize` {order_id}: ends with PaymentAuthorized or PaymentDeclined.
- `payments.capture` {order_id, shipment_id, shipped, final}: ends with CaptureFinished or CaptureFailed; `shipped` is
  the value of everything shipped so far, `final` says that nothing else will ship. Promises that have lapsed are asked
  for anew before it fails.
- `payments.void` {order_id}: gives back what is promised and not needed.
- `payments.refund` {refund_id}: scheduled by `request_refund`; ends with RefundSucceeded or RefundFailed.

All take the order's id as key, so that the work of one order stays in its order.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kontor.giftcards.values import is_taxed
from kontor.payments.capture_plan import PlannedPayment, plan_captures
from kontor.payments.capturing import policy_of
from kontor.payments.disputes import charge_back
from kontor.payments.ledger import due_at_the_till
from kontor.payments.models import Payment
from kontor.payments.receiving import add_payment, awaited, record_payment, withdraw_payment
from kontor.payments.refunding import (
    RefundKind,
    RefundPreview,
    RefundShare,
    RefundWish,
    approve_refund,
    preview_refund,
    recall_refund,
    request_refund,
    retry_refund,
)
from kontor.payments.reporting import settings_of
from kontor.payments.states import PaymentMethodKind, PaymentState
from kontor.payments.surplus import refund_surplus

__all__ = [
    "RefundKind",
    "RefundPreview",
    "RefundShare",
    "RefundWish",
    "add_payment",
    "approve_refund",
    "awaited",
    "charge_back",
    "preview_refund",
    "recall_refund",
    "record_payment",
    "refund_surplus",
    "request_refund",
    "retry_refund",
    "settings_of",
    "shares_of_value",
    "withdraw_payment",
]

_GONE = frozenset({PaymentState.FAILED, PaymentState.VOIDED})


def shares_of_value(
    payments: Sequence[Payment], value: int, settings: Mapping[str, Any], paid_back: Mapping[UUID, int]
) -> dict[Payment, int]:
    """Which payments pay for the first `value` minor units that ship, by the channel's order of payments.

    Money paid in advance counts first; what was `paid_back` for pieces that never shipped pays nothing. Does not depend
    on what was captured so far.
    """
    tills = {item.id for item in payments if due_at_the_till(item)}
    advance = [item for item in payments if item.kind.money_in_advance and item.captured and item.id not in tills]
    drawn = [item for item in payments if item.id in tills or not item.kind.money_in_advance]
    drawn = [item for item in drawn if item.state not in _GONE]
    shares: dict[Payment, int] = {}
    rest = value
    for item in advance:
        shares[item] = min(rest, max(0, item.captured - paid_back.get(item.id, 0)))
        rest -= shares[item]
    by_id = {str(item.id): item for item in drawn}
    promises = [
        PlannedPayment(
            key, item.kind, max(0, item.amount - paid_back.get(item.id, 0)), position=item.position,
            at_the_till=item.id in tills,
        )
        for key, item in by_id.items()
    ]  # fmt: skip
    plan = plan_captures(promises, shipped=rest, policy=policy_of(settings))
    shares.update({by_id[share.payment]: share.amount for share in (*plan.captures, *plan.billed)})
    return {item: amount for item, amount in shares.items() if amount}


def is_taxed_before(payment: Payment) -> bool:
    """Whether a voucher pays that was taxed when it was sold, so that what it pays for is not taxed again."""
    return is_taxed(payment.kind, payment.gateway)


def is_on_account(payment: Payment) -> bool:
    """Whether the customer pays after the invoice."""
    return payment.kind is PaymentMethodKind.ON_ACCOUNT
