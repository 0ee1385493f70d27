"""Refusals of orders."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class OrderNotFound(NotFound):
    """There is no such order, or it may not be seen."""

    default_code = "ORDER_NOT_FOUND"


class UnknownSku(InvalidInput):
    """No active article has this SKU."""

    default_code = "UNKNOWN_SKU"


class OutOfStock(Conflict):
    """The quantity cannot be promised; the parameters name what can."""

    default_code = "OUT_OF_STOCK"


class OrderConflict(Conflict):
    """The same external order was placed with another body."""

    default_code = "ORDER_CONFLICT"


class OrderNotCancelable(Conflict):
    """Pieces cannot be canceled any more."""

    default_code = "ORDER_NOT_CANCELABLE"


class HoldNotFound(NotFound):
    """There is no such open hold on the order."""

    default_code = "HOLD_NOT_FOUND"


class RoutingNotLocked(NotFound):
    """The order may be moved as it is."""

    default_code = "ROUTING_NOT_LOCKED"


class LineNotFound(NotFound):
    """The order has no such line."""

    default_code = "LINE_NOT_FOUND"
