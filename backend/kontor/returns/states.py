"""The life of a return."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class ReturnState(StrEnum):
    """Where the return stands."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    IN_TRANSIT = "IN_TRANSIT"
    PARTIALLY_RECEIVED = "PARTIALLY_RECEIVED"
    RECEIVED = "RECEIVED"
    INSPECTED = "INSPECTED"
    REFUNDED = "REFUNDED"
    CLOSED = "CLOSED"
    DECLINED = "DECLINED"
    CANCELED = "CANCELED"


R = ReturnState
RETURN = Transitions(
    ReturnState,
    start=R.REQUESTED,
    table={
        R.REQUESTED: {R.APPROVED, R.DECLINED, R.CANCELED},
        R.APPROVED: {R.IN_TRANSIT, R.PARTIALLY_RECEIVED, R.RECEIVED, R.CANCELED},
        R.IN_TRANSIT: {R.PARTIALLY_RECEIVED, R.RECEIVED, R.CANCELED},
        R.PARTIALLY_RECEIVED: {R.RECEIVED, R.INSPECTED},
        R.RECEIVED: {R.INSPECTED},
        R.INSPECTED: {R.REFUNDED, R.CLOSED, R.PARTIALLY_RECEIVED},
        R.REFUNDED: {R.CLOSED},
    },
)


class Disposition(StrEnum):
    """What happens to a returned piece; only RESTOCK raises availability."""

    RESTOCK = "RESTOCK"
    QUARANTINE = "QUARANTINE"
    REPAIR = "REPAIR"
    SCRAP = "SCRAP"
    TO_SUPPLIER = "TO_SUPPLIER"


class ReturnReason(StrEnum):
    """Why the customer sends it back."""

    CHANGED_MIND = "CHANGED_MIND"
    TOO_LARGE = "TOO_LARGE"
    TOO_SMALL = "TOO_SMALL"
    NOT_AS_DESCRIBED = "NOT_AS_DESCRIBED"
    DAMAGED = "DAMAGED"
    WRONG_ITEM = "WRONG_ITEM"
    LATE = "LATE"
    MISSING = "MISSING"
    OTHER = "OTHER"
