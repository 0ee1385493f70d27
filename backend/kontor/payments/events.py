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
class DirectDebitAnnounced(Event):
    """An account will be debited by a mandate on `collect_on`: the customer is told before."""

    payment_id: UUID
    transaction_id: UUID
    amount: int
    currency: str
    mandate: str
    creditor_id: str
    iban_ending: str
    collect_on: str
    sequence_type: str


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


@dataclass(frozen=True, kw_only=True)
class RefundReturned(Event):
    """Money that had gone back came back to us: the customer's bank did not take it. It is owed again."""

    refund_id: UUID
    payment_id: UUID
    transaction_id: UUID
    code: str
    amount: int
    currency: str
    method: str


@dataclass(frozen=True, kw_only=True)
class RefundRepaid(Event):
    """Money that had come back to us went to the customer after all; by method TRANSFER from our bank account."""

    refund_id: UUID
    payment_id: UUID
    transaction_id: UUID
    amount: int
    currency: str
    method: str


@dataclass(frozen=True, kw_only=True)
class DisputeOpened(Event):
    """A customer complained at the bank about a payment; an inquiry moves no money yet."""

    dispute_id: UUID
    payment_id: UUID
    state: str
    inquiry: bool
    reason_code: str
    amount: int
    currency: str
    due_at: str | None


@dataclass(frozen=True, kw_only=True)
class DisputeChanged(Event):
    """A dispute goes on: another state, another deadline, or an inquiry that became a dispute."""

    dispute_id: UUID
    payment_id: UUID
    state: str
    inquiry: bool
    due_at: str | None


@dataclass(frozen=True, kw_only=True)
class DisputeDeadlineNear(Event):
    """The last moment to answer a dispute comes near, and nobody has answered."""

    dispute_id: UUID
    payment_id: UUID
    due_at: str


@dataclass(frozen=True, kw_only=True)
class DisputeAnswerFailed(Event):
    """The bank did not take what we answered to a dispute."""

    dispute_id: UUID
    payment_id: UUID
    kind: str
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class DisputeClosed(Event):
    """A dispute is decided: WON, LOST, ACCEPTED by us, or CLOSED for an inquiry."""

    dispute_id: UUID
    payment_id: UUID
    state: str
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PaymentReinstated(Event):
    """A dispute was won: money that the customer's bank took is with us again."""

    payment_id: UUID
    transaction_id: UUID
    dispute_id: UUID
    amount: int
    currency: str
    method: str


@dataclass(frozen=True, kw_only=True)
class LossRecovered(Event):
    """A dispute was won: what the bank had taken beyond what was there is with us again."""

    payment_id: UUID
    transaction_id: UUID
    dispute_id: UUID
    amount: int
    currency: str
    method: str


@dataclass(frozen=True, kw_only=True)
class DisputeFeeCharged(Event):
    """The gateway keeps a fee for a dispute; below zero it gives one back."""

    payment_id: UUID
    transaction_id: UUID
    dispute_id: UUID
    amount: int
    currency: str
    method: str
