"""What the parts of an order add up to. Pure."""

from collections.abc import Sequence
from typing import Protocol

from kontor.orders.states import AuthorizeStatus, ChargeStatus, FulfillmentStatus, InvoiceStatus, ReturnStatus


class Counters(Protocol):
    """The counters of a line."""

    ordered: int
    canceled: int
    shipped: int
    delivered: int
    returned: int


def fulfillment_status(lines: Sequence[Counters]) -> FulfillmentStatus:
    """Goods gone of goods wanted; an order of nothing but canceled pieces is canceled."""
    wanted = sum(line.ordered - line.canceled for line in lines)
    shipped = sum(line.shipped for line in lines)
    if wanted == 0:
        return FulfillmentStatus.CANCELED
    if shipped == 0:
        return FulfillmentStatus.UNFULFILLED
    if shipped < wanted:
        return FulfillmentStatus.PARTIALLY_FULFILLED
    delivered = sum(line.delivered for line in lines)
    return FulfillmentStatus.DELIVERED if delivered >= shipped else FulfillmentStatus.FULFILLED


def return_status(lines: Sequence[Counters], *, open_returns: int = 0) -> ReturnStatus:
    """Pieces back of pieces shipped."""
    returned = sum(line.returned for line in lines)
    if returned == 0:
        return ReturnStatus.REQUESTED if open_returns else ReturnStatus.NONE
    return ReturnStatus.RETURNED if returned >= sum(line.shipped for line in lines) else ReturnStatus.PARTIALLY_RETURNED


def authorize_status(total: int, covered: int) -> AuthorizeStatus:
    """Promises of money against what is owed, minor units."""
    if covered >= total:
        return AuthorizeStatus.FULL
    return AuthorizeStatus.PARTIAL if covered > 0 else AuthorizeStatus.NONE


def charge_status(total: int, captured: int) -> ChargeStatus:
    """Money that came in against what is owed, minor units."""
    if captured > total:
        return ChargeStatus.OVERCHARGED
    if captured == total:
        return ChargeStatus.FULL
    return ChargeStatus.PARTIAL if captured > 0 else ChargeStatus.NONE


def invoice_status(shipped: int, invoiced: int) -> InvoiceStatus:
    """Invoiced value against shipped value, minor units."""
    if invoiced <= 0:
        return InvoiceStatus.NONE
    return InvoiceStatus.INVOICED if invoiced >= shipped else InvoiceStatus.PARTIAL
