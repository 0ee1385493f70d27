"""The life of a fulfillment order and of a parcel."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class FulfillmentState(StrEnum):
    """Where the work stands."""

    SCHEDULED = "SCHEDULED"
    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    PICKED = "PICKED"
    PACKED = "PACKED"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    READY_FOR_PICKUP = "READY_FOR_PICKUP"
    PICKED_UP = "PICKED_UP"
    ON_HOLD = "ON_HOLD"
    REJECTED = "REJECTED"
    CANCELED = "CANCELED"


S = FulfillmentState
FULFILLMENT = Transitions(
    FulfillmentState,
    start={S.SCHEDULED, S.OPEN},
    table={
        S.SCHEDULED: {S.OPEN, S.ON_HOLD, S.CANCELED},
        S.OPEN: {S.ACCEPTED, S.REJECTED, S.ON_HOLD, S.CANCELED},
        S.ACCEPTED: {S.OPEN, S.PICKED, S.PACKED, S.SHIPPED, S.REJECTED, S.ON_HOLD, S.CANCELED},
        S.PICKED: {S.ACCEPTED, S.PACKED, S.SHIPPED, S.REJECTED, S.ON_HOLD, S.CANCELED},
        S.PACKED: {S.SHIPPED, S.READY_FOR_PICKUP, S.REJECTED, S.ON_HOLD, S.CANCELED},
        S.SHIPPED: {S.DELIVERED, S.PACKED},
        S.READY_FOR_PICKUP: {S.PICKED_UP, S.CANCELED},
        S.REJECTED: {S.OPEN, S.ACCEPTED, S.PICKED, S.PACKED},
        S.ON_HOLD: {S.SCHEDULED, S.OPEN, S.ACCEPTED, S.PICKED, S.PACKED, S.CANCELED},
    },
)
OPEN_STATES = frozenset({S.SCHEDULED, S.OPEN, S.ACCEPTED, S.PICKED, S.PACKED, S.READY_FOR_PICKUP, S.ON_HOLD})


class ParcelState(StrEnum):
    """Where the parcel is."""

    CREATED = "CREATED"
    IN_TRANSIT = "IN_TRANSIT"
    DELIVERED = "DELIVERED"
    EXCEPTION = "EXCEPTION"
    RETURNED = "RETURNED"
    LOST = "LOST"
    VOIDED = "VOIDED"


P = ParcelState
PARCEL = Transitions(
    ParcelState,
    start=P.CREATED,
    table={
        P.CREATED: {P.IN_TRANSIT, P.DELIVERED, P.EXCEPTION, P.LOST, P.VOIDED},
        P.IN_TRANSIT: {P.DELIVERED, P.EXCEPTION, P.RETURNED, P.LOST, P.CREATED},
        P.EXCEPTION: {P.IN_TRANSIT, P.DELIVERED, P.RETURNED, P.LOST},
        P.LOST: {P.DELIVERED, P.RETURNED},
        # Somebody was mistaken, or the sender handed it in again.
        P.RETURNED: {P.DELIVERED},
    },
)


class RejectReason(StrEnum):
    """Why a place does not serve a line; says what happens to its stock figure."""

    OUT_OF_STOCK = "OUT_OF_STOCK"
    DAMAGED = "DAMAGED"
    CAPACITY = "CAPACITY"
    DISCONTINUED = "DISCONTINUED"
    ADDRESS = "ADDRESS"
    NO_ANSWER = "NO_ANSWER"
    OTHER = "OTHER"

    @property
    def empties_stock(self) -> bool:
        """Whether the rejected pieces are not there, so that on hand has to fall."""
        return self in (RejectReason.OUT_OF_STOCK, RejectReason.DAMAGED, RejectReason.DISCONTINUED)
