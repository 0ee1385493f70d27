"""What happens to money. The stream is the order."""

from dataclasses import dataclass
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class PaymentAuthorized(Event):
    """The payments of an order cover it (or as far as they can)."""

    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PaymentDeclined(Event):
    """A payment of an order does not cover it: declined, or not there yet (`code` AWAITING_TRANSFER)."""

    payment_id: UUID
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class PaymentReceived(Event):
    """Money came in that we waited for (prepayment, bank transfer), or another payment was named (amount 0)."""

    payment_id: UUID
    amount: int
    currency: str
    transaction_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentWithdrawn(Event):
    """A transfer that was booked for a payment turned out to be for something else."""

    payment_id: UUID
    transaction_id: UUID
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PaymentCaptured(Event):
    """Money was taken for a shipment; `rounding` is what the till took beyond the amount."""

    payment_id: UUID
    transaction_id: UUID
    shipment_id: UUID | None
    amount: int
    currency: str
    method: str
    rounding: int = 0


@dataclass(frozen=True, kw_only=True)
class CaptureFailed(Event):
    """Money could not be taken for a shipment."""

    payment_id: UUID
    shipment_id: UUID | None
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class CaptureFinished(Event):
    """Every capture a shipment asks for is done."""

    shipment_id: UUID


@dataclass(frozen=True, kw_only=True)
class PaymentVoided(Event):
    """What was not needed was given back before it was taken."""

    payment_id: UUID
    amount: int


@dataclass(frozen=True, kw_only=True)
class DebtTakenOver(Event):
    """Another method paid what was owed on account."""

    payment_id: UUID
    by_payment_id: UUID
    transaction_id: UUID
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PaymentChargedBack(Event):
    """The customer's bank took money back."""

    payment_id: UUID
    transaction_id: UUID
    amount: int
    currency: str
    method: str


@dataclass(frozen=True, kw_only=True)
class ChargebackLost(Event):
    """The customer's bank took back more than was still there of a payment: the rest is our loss."""

    payment_id: UUID
    transaction_id: UUID
    amount: int
    currency: str
    method: str


@dataclass(frozen=True, kw_only=True)
class AuthorizationExpiring(Event):
    """An authorization ends soon and its order is not shipped."""

    payment_id: UUID
    expires_at: str


@dataclass(frozen=True, kw_only=True)
class AuthorizationRenewed(Event):
    """The payments cover an order again that is worked on already; what kept it for the money is released."""

    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RenewalDeclined(Event):
    """An order that is worked on already is not covered any more, and its promise was not given anew."""

    missing: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RefundRequested(Event):
    """Money goes back: the payout begins, and the refund cannot be recalled any more."""

    refund_id: UUID
    kind: str
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RefundSucceeded(Event):
    """Money went back."""

    refund_id: UUID
    return_id: UUID | None
    kind: str
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RefundFailed(Event):
    """Money could not go back."""

    refund_id: UUID
    code: str
    message: str
