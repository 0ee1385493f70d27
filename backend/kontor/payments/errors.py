"""Refusals of payments."""

from kontor.core.errors import Conflict, InvalidInput, NotFound, Unavailable


class MandateNotFound(NotFound):
    """There is no such mandate of the creditor."""

    default_code = "MANDATE_NOT_FOUND"


class MandateNotValid(Conflict):
    """The mandate cannot be drawn on; `reason` REVOKED, USED or LAPSED."""

    default_code = "MANDATE_NOT_VALID"


class PaymentNotFound(NotFound):
    """There is no such payment, or it may not be seen."""

    default_code = "PAYMENT_NOT_FOUND"


class RefundNotFound(NotFound):
    """There is no such refund, or it may not be seen."""

    default_code = "REFUND_NOT_FOUND"


class InvalidRefund(InvalidInput):
    """The refund's input is wrong in itself."""

    default_code = "INVALID_REFUND"


class RefundNeedsReturn(InvalidInput):
    """Goods that come back are refunded with their return, which says what for and credits the invoice."""

    default_code = "REFUND_NEEDS_RETURN"


class RefundUnderWay(Conflict):
    """The refund is with the gateway or done; it cannot be recalled any more."""

    default_code = "REFUND_UNDER_WAY"


class RefundCounted(Conflict):
    """Goods came back in the meantime and were paid less because of this refund: it can only be paid out."""

    default_code = "REFUND_COUNTED"


class CaptureUndecided(Unavailable):
    """What became of a capture is not known yet, and a refund depends on it."""

    default_code = "CAPTURE_UNDECIDED"


class PaymentNotAwaited(Conflict):
    """No incoming money is awaited for this payment, or less than was named."""

    default_code = "PAYMENT_NOT_AWAITED"


class OrderIsCovered(Conflict):
    """The order's payments cover it already."""

    default_code = "ORDER_IS_COVERED"


class VoucherNotForThis(Conflict):
    """A voucher was taxed for other goods than these; `reason` SELLER, PLACE, TAX_CLASS or INVOICED."""

    default_code = "VOUCHER_NOT_FOR_THIS"


class PaymentNotWithdrawable(Conflict):
    """A transfer that was booked cannot be taken back any more."""

    default_code = "PAYMENT_NOT_WITHDRAWABLE"


class DisputeNotFound(NotFound):
    """There is no such dispute, or it may not be seen."""

    default_code = "DISPUTE_NOT_FOUND"


class DisputeNotOpen(Conflict):
    """The bank waits for no answer of ours."""

    default_code = "DISPUTE_NOT_OPEN"


class EvidenceMissing(InvalidInput):
    """A dispute is contested with something that speaks for us."""

    default_code = "EVIDENCE_MISSING"


class DisputesNotAnswered(Conflict):
    """Disputes of this gateway are answered at the gateway itself."""

    default_code = "DISPUTES_NOT_ANSWERED"


class RefundNotFailed(Conflict):
    """Only what could not go back by the customer's own method goes by transfer."""

    default_code = "REFUND_NOT_FAILED"
