"""Which event moves which process: one table from events to what they mean for instances. Pure.

An event may begin an instance, be a message to instances, answer a task that waits, or wake whoever waits for goods.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

ORDER, FULFILLMENT, RETURN, DIGITAL = "order", "fulfillment_order", "return", "digital_delivery"
START_MESSAGES: Mapping[str, str] = {
    ORDER: "OrderPlaced",
    FULFILLMENT: "FulfillmentOrderCreated",
    RETURN: "ReturnRequested",
    DIGITAL: "PiecesHandedOver",
}
MESSAGES = frozenset(START_MESSAGES.values()) | {
    "OrderCanceled", "OrderFulfilled", "OrderDelivered", "HoldReleased", "LinesReopened", "StockArrived",
    "PaymentReceived", "FulfillmentAccepted", "FulfillmentRejected", "FulfillmentShipped", "FulfillmentReadyForPickup",
    "FulfillmentPickedUp", "FulfillmentDelivered", "FulfillmentCanceled", "ReturnReceived", "ReturnInspected",
    "ReturnCanceled",
}  # fmt: skip
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Begin:
    """Start the instance of a subject, unless it has one."""

    family: str
    subject_id: UUID
    variables: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tell:
    """A message to the instance of a subject, or to every instance of the family for the order.

    With `begins` a subject without an instance gets one first: work that was split off tells of itself this way.
    """

    family: str
    message: str
    subject_id: UUID | None = None
    variables: Facts = field(default_factory=dict)
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to tasks of some names; `where` narrows to instances with this value of a variable."""

    family: str
    tasks: tuple[str, ...]
    result: Facts = field(default_factory=dict)
    error: tuple[str, str] | None = None
    subject_id: UUID | None = None
    where: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Wake:
    """More of a variant can be sold: a message to the orders that wait for it, most important first."""

    variant_id: UUID
    quantity: int
    message: str


Meaning = Begin | Tell | Reply | Wake
Translate = Callable[[UUID, Facts], Iterable[Meaning]]


def meanings(event: str, stream_id: UUID, payload: Facts) -> tuple[Meaning, ...]:
    """What an event means for processes, in this order; nothing for events no process waits for."""
    translate = EVENTS.get(event)
    return () if translate is None else tuple(translate(stream_id, payload))


def _to_order(message: str) -> Translate:
    return lambda order_id, _: (Tell(ORDER, message, order_id),)


def _to_fulfillment(message: str, *variables: str) -> Translate:
    def translate(_: UUID, payload: Facts) -> Iterable[Meaning]:
        facts = {name: payload[name] for name in variables}
        return (Tell(FULFILLMENT, message, UUID(payload["fulfillment_order_id"]), facts, begins=True),)

    return translate


def _rejected(order_id: UUID, payload: Facts) -> Iterable[Meaning]:
    place = UUID(payload["fulfillment_order_id"])
    return (Tell(FULFILLMENT, "FulfillmentRejected", place), Tell(ORDER, "LinesReopened", order_id))


def _unallocated(order_id: UUID, payload: Facts) -> Iterable[Meaning]:
    # An order that was taken without stock has not been released yet: nothing is to be released again.
    return () if payload["reason"] == "PLACED_WITHOUT_STOCK" else (Tell(ORDER, "LinesReopened", order_id),)


def _taken_back(_: UUID, payload: Facts) -> Iterable[Meaning]:
    return (Tell(FULFILLMENT, "FulfillmentCanceled", UUID(payload["fulfillment_order_id"])),)


def _to_return(message: str) -> Translate:
    return lambda _, payload: (Tell(RETURN, message, UUID(payload["return_id"])),)


def _decided_return(decision: str) -> Translate:
    result = {"decision": decision}
    return lambda _, payload: (Reply(RETURN, ("approve_return",), result, subject_id=UUID(payload["return_id"])),)


def _begin_fulfillment(_: UUID, payload: Facts) -> Iterable[Meaning]:
    return tuple(Begin(FULFILLMENT, UUID(row["id"])) for row in payload["fulfillment_orders"])


def _begin_digital(_: UUID, payload: Facts) -> Iterable[Meaning]:
    return (Begin(DIGITAL, UUID(payload["shipment_id"]), {"shipment_id": payload["shipment_id"]}),)


def _authorized(order_id: UUID, _: Facts) -> Iterable[Meaning]:
    return (Reply(ORDER, ("authorize_payment",), subject_id=order_id), *_ASKED)


def _declined(order_id: UUID, payload: Facts) -> Iterable[Meaning]:
    error = ("PAYMENT_DECLINED", payload["code"])
    return (Reply(ORDER, ("authorize_payment",), error=error, subject_id=order_id), *_ASKED)


# Who tries to collect what was shipped goes on either way: there may be enough without the payment just asked for.
_ASKED = tuple(Reply(family, ("authorize_added_payment",)) for family in (FULFILLMENT, DIGITAL))


def _received(order_id: UUID, _: Facts) -> Iterable[Meaning]:
    names = (ORDER, FULFILLMENT, DIGITAL)
    return tuple(Tell(name, "PaymentReceived", order_id if name == ORDER else None) for name in names)


def _captured(_: UUID, payload: Facts) -> Iterable[Meaning]:
    where = ("shipment_id", payload["shipment_id"])
    return tuple(Reply(family, ("capture_payment",), where=where) for family in (FULFILLMENT, DIGITAL))


def _not_captured(_: UUID, payload: Facts) -> Iterable[Meaning]:
    if payload["shipment_id"] is None:
        return ()
    where, error = ("shipment_id", payload["shipment_id"]), (payload["code"], payload["message"])
    return tuple(Reply(family, ("capture_payment",), error=error, where=where) for family in (FULFILLMENT, DIGITAL))


def _refunded(_: UUID, payload: Facts) -> Iterable[Meaning]:
    if payload["return_id"] is None:
        return ()
    found = {"refund_id": payload["refund_id"]}
    return (Reply(RETURN, ("refund_return",), found, subject_id=UUID(payload["return_id"])),)


def _not_refunded(_: UUID, payload: Facts) -> Iterable[Meaning]:
    error = (payload["code"], payload["message"])
    return (Reply(RETURN, ("refund_return",), error=error, where=("refund_id", payload["refund_id"])),)


def _reviewed(order_id: UUID, payload: Facts) -> Iterable[Meaning]:
    return (Reply(ORDER, ("review_risk",), {"decision": payload["decision"]}, subject_id=order_id),)


EVENTS: Mapping[str, Translate] = {
    "OrderPlaced": lambda order_id, _: (Begin(ORDER, order_id),),
    "OrderCanceled": _to_order("OrderCanceled"),
    "OrderFulfilled": _to_order("OrderFulfilled"),
    "OrderDelivered": _to_order("OrderDelivered"),
    "HoldReleased": _to_order("HoldReleased"),
    "LinesUnallocated": _unallocated,
    "OrderLinesAdded": _to_order("LinesReopened"),
    "AllocationsReleased": _to_order("LinesReopened"),
    "BackorderFilled": _to_order("LinesReopened"),
    # Heard only by an order that waits for stock: some of it may have been found.
    "OrderMoved": _to_order("StockArrived"),
    "StockArrived": lambda variant_id, payload: (Wake(variant_id, payload["quantity"], "StockArrived"),),
    "RiskReviewed": _reviewed,
    "FulfillmentOrdersCreated": _begin_fulfillment,
    "FulfillmentAccepted": _to_fulfillment("FulfillmentAccepted"),
    "FulfillmentRejected": _rejected,
    "FulfillmentOrderShipped": _to_fulfillment("FulfillmentShipped", "shipment_id"),
    "FulfillmentReadyForPickup": _to_fulfillment("FulfillmentReadyForPickup"),
    "FulfillmentPickedUp": _to_fulfillment("FulfillmentPickedUp", "shipment_id"),
    "FulfillmentDelivered": _to_fulfillment("FulfillmentDelivered"),
    "FulfillmentCanceled": _taken_back,
    "CodesIssued": _begin_digital,
    "ServiceConfirmed": _begin_digital,
    "PaymentAuthorized": _authorized,
    "PaymentDeclined": _declined,
    "PaymentReceived": _received,
    "CaptureFinished": _captured,
    "CaptureFailed": _not_captured,
    "RefundSucceeded": _refunded,
    "RefundFailed": _not_refunded,
    "ReturnRequested": lambda _, payload: (Begin(RETURN, UUID(payload["return_id"])),),
    "ReturnApproved": _decided_return("APPROVED"),
    "ReturnDeclined": _decided_return("DECLINED"),
    "ReturnReceived": _to_return("ReturnReceived"),
    "ReturnInspected": _to_return("ReturnInspected"),
    "ReturnCanceled": lambda _, payload: (
        Reply(RETURN, ("approve_return",), {"decision": "DECLINED"}, subject_id=UUID(payload["return_id"])),
        Tell(RETURN, "ReturnCanceled", UUID(payload["return_id"])),
    ),
}
