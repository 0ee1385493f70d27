"""The life of an order, and the statuses derived from its parts."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class OrderState(StrEnum):
    """Where the order as a whole stands."""

    RECEIVED = "RECEIVED"
    CONFIRMED = "CONFIRMED"
    IN_FULFILLMENT = "IN_FULFILLMENT"
    COMPLETED = "COMPLETED"
    CLOSED = "CLOSED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"


ORDER = Transitions(
    OrderState,
    start=OrderState.RECEIVED,
    table={
        OrderState.RECEIVED: {OrderState.CONFIRMED, OrderState.CANCELED, OrderState.REJECTED},
        OrderState.CONFIRMED: {OrderState.IN_FULFILLMENT, OrderState.COMPLETED, OrderState.CANCELED},
        OrderState.IN_FULFILLMENT: {OrderState.COMPLETED, OrderState.CANCELED},
        OrderState.COMPLETED: {OrderState.CLOSED, OrderState.IN_FULFILLMENT},
    },
)


CALLED_OFF = frozenset({OrderState.CANCELED, OrderState.REJECTED})
"""Nothing of the order is delivered, so none of its money is kept."""
OVER = CALLED_OFF | {OrderState.COMPLETED, OrderState.CLOSED}
"""Nothing is worked on any more; money may still be owed for what was delivered."""


class FulfillmentStatus(StrEnum):
    """How much of the goods has gone."""

    UNFULFILLED = "UNFULFILLED"
    PARTIALLY_FULFILLED = "PARTIALLY_FULFILLED"
    FULFILLED = "FULFILLED"
    DELIVERED = "DELIVERED"
    CANCELED = "CANCELED"


class AuthorizeStatus(StrEnum):
    """Whether the payments cover the order."""

    NONE = "NONE"
    PARTIAL = "PARTIAL"
    FULL = "FULL"


class ChargeStatus(StrEnum):
    """Whether the money has come in."""

    NONE = "NONE"
    PARTIAL = "PARTIAL"
    FULL = "FULL"
    OVERCHARGED = "OVERCHARGED"


class ReturnStatus(StrEnum):
    """How much of what was shipped has come back."""

    NONE = "NONE"
    REQUESTED = "REQUESTED"
    PARTIALLY_RETURNED = "PARTIALLY_RETURNED"
    RETURNED = "RETURNED"


class InvoiceStatus(StrEnum):
    """Whether what was shipped has been invoiced."""

    NONE = "NONE"
    PARTIAL = "PARTIAL"
    INVOICED = "INVOICED"


class DeliveryType(StrEnum):
    """How the customer gets the goods."""

    SHIP = "SHIP"
    PICKUP = "PICKUP"
    DIGITAL = "DIGITAL"


class HoldKind(StrEnum):
    """Why nothing moves."""

    RISK = "RISK"
    PAYMENT = "PAYMENT"
    ADDRESS = "ADDRESS"
    STOCK = "STOCK"
    CUSTOMER = "CUSTOMER"
    MANUAL = "MANUAL"
