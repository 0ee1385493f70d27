"""Refusals of banking."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class InvalidStatement(InvalidInput):
    """The file is no statement, or its figures contradict each other."""

    default_code = "INVALID_STATEMENT"


class UnknownAccount(Conflict):
    """No legal entity has the account that the statement is of."""

    default_code = "UNKNOWN_BANK_ACCOUNT"


class BankEntryNotFound(NotFound):
    """There is no such entry, or it may not be seen."""

    default_code = "BANK_ENTRY_NOT_FOUND"


class EntryUsedUp(Conflict):
    """Less than this is left of the entry."""

    default_code = "BANK_ENTRY_USED_UP"


class AssignmentNotFound(NotFound):
    """There is no such assignment, or it was taken back."""

    default_code = "BANK_ASSIGNMENT_NOT_FOUND"


class AssignmentFinal(Conflict):
    """The booking cannot be taken back: the money has been used already."""

    default_code = "BANK_ASSIGNMENT_FINAL"


class NothingToPayOut(Conflict):
    """No refund waits whose account is known."""

    default_code = "NOTHING_TO_PAY_OUT"


class PayoutNotOpen(Conflict):
    """There is no such payout, or it has left."""

    default_code = "PAYOUT_NOT_OPEN"


class GatewayPayoutNotFound(NotFound):
    """There is no such payout of a gateway, or it may not be seen."""

    default_code = "GATEWAY_PAYOUT_NOT_FOUND"


class DifferenceNotFound(NotFound):
    """There is no such difference, or it may not be seen."""

    default_code = "GATEWAY_DIFFERENCE_NOT_FOUND"


class DifferenceClosed(Conflict):
    """The difference has been explained."""

    default_code = "GATEWAY_DIFFERENCE_CLOSED"


class PayoutDiffers(Conflict):
    """A payout of this reference was imported with another amount."""

    default_code = "GATEWAY_PAYOUT_DIFFERS"


class LineKnown(Conflict):
    """A line of a payout was settled before, by another payout or by this one."""

    default_code = "SETTLEMENT_LINE_KNOWN"


class PayoutNotArrived(Conflict):
    """The movement of the account is not this payout."""

    default_code = "GATEWAY_PAYOUT_NOT_ARRIVED"
