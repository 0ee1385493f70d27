"""What the owner of an endpoint may see of an event. Pure.

An endpoint of the company sees all. One of a channel sees what happens to the channel's orders, except what the
company thinks of its customers, and what its people write; and which customers it knew were merged or erased. One
of a partner sees the work given to the partner, without the customer's prices. The log itself is read by the same
tables.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# Judgments of people stay inside; a shop hears of their consequences (a hold, a rejection).
INSIDE = frozenset(
    {
        "CaseEscalated", "DisputeAnswerFailed", "DisputeDeadlineNear", "DisputeFeeCharged", "FulfillmentMessageWritten",
        "ContactLogged", "FollowUpDone", "FollowUpDue",
        "LockedPiecesRouted", "OrderMoved",
        "RiskAssessed", "RiskReviewed", "RoutingLocked", "RoutingUnlocked",
    }
)  # fmt: skip
# What people of the company write, and what others say to it: nobody outside reads these fields.
WORDS: dict[str, frozenset[str]] = {
    "HoldPlaced": frozenset({"reason"}),
    "OrderRejected": frozenset({"reason"}),
    "OrderLinesCanceled": frozenset({"reason"}),
    "OrderLinesAdded": frozenset({"reason"}),
    "DeliveryChanged": frozenset({"reason"}),
    "OrderChangeConfirmed": frozenset({"reason"}),
    "OrderCanceled": frozenset({"reason"}),
    "FulfillmentCanceled": frozenset({"reason"}),
    "AllocationsReleased": frozenset({"reason"}),
    "RoutingLocked": frozenset({"reason"}),
    "ReturnDeclined": frozenset({"reason"}),
    "GoodwillDeclined": frozenset({"decision"}),
    "ClaimDenied": frozenset({"reason"}),
    "ClaimCanceled": frozenset({"reason"}),
    "ExchangeCanceled": frozenset({"reason"}),
    "ReturnCanceled": frozenset({"reason"}),
    "ParcelReturned": frozenset({"reason"}),
    "ParcelLost": frozenset({"reason"}),
    "PartnerSuspended": frozenset({"reason"}),
    "PartnerEnded": frozenset({"reason"}),
    "PaymentDeclined": frozenset({"message"}),
    "CaptureFailed": frozenset({"message"}),
    "RefundFailed": frozenset({"message"}),
    "ReturnLabelFailed": frozenset({"message"}),
    "MessageBounced": frozenset({"topic"}),
    "DisputeAnswerFailed": frozenset({"message"}),
    "GatewayDifferenceExplained": frozenset({"reason"}),
    "OffersReturned": frozenset({"reason"}),
    "WebhookEndpointDisabled": frozenset({"reason"}),
}
# Names of events and the fields of them that a partner sees.
PARTNER_FIELDS: dict[str, tuple[str, ...]] = {
    "FulfillmentOrdersCreated": ("fulfillment_orders",),
    "FulfillmentAccepted": ("fulfillment_order_id",),
    "FulfillmentPostponed": ("fulfillment_order_id", "lines"),
    "FulfillmentMessageWritten": ("fulfillment_order_id", "message_id", "from_place"),
    "FulfillmentRejected": ("fulfillment_order_id", "location_id", "lines"),
    "FulfillmentEscalated": ("fulfillment_order_id", "location_id"),
    "FulfillmentOrderShipped": ("fulfillment_order_id", "shipment_id"),
    "ShipmentRecalled": ("fulfillment_order_id", "shipment_id"),
    "FulfillmentReadyForPickup": ("fulfillment_order_id",),
    "FulfillmentPickedUp": ("fulfillment_order_id", "shipment_id"),
    "FulfillmentDelivered": ("fulfillment_order_id", "shipment_id"),
    "ParcelReturned": ("fulfillment_order_id", "parcel_id"),
    "ParcelLost": ("fulfillment_order_id", "parcel_id"),
    "FulfillmentCanceled": ("fulfillment_order_id",),
    "CancellationAsked": ("fulfillment_order_id",),
    "CancellationRefused": ("fulfillment_order_id",),
    "CancellationWithdrawn": ("fulfillment_order_id",),
    "FulfillmentOverdue": ("fulfillment_order_id", "ship_due_at"),
}
# What happens to customers: a channel that knew them is told of it by their ids, and by nothing else.
CUSTOMER_FIELDS: dict[str, tuple[str, ...]] = {
    "CustomerMerged": ("customer_id", "into_id"),
    "CustomersErased": ("ids",),
}
PARTNER_LIFE = frozenset({"PartnerActivated", "PartnerSuspended", "PartnerOnboarding", "PartnerEnded"})


@dataclass(frozen=True, slots=True)
class Fact:
    """An event with what is known around it: ids as text, `order` the order's facts if it is about one.

    `tasks` maps the fulfillment orders it names to their partner (None: our own) and number.
    """

    name: str
    stream_id: str
    seq: int
    payload: Mapping[str, Any]
    order: Mapping[str, str] | None
    tasks: Mapping[str, tuple[str | None, str]]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose endpoint it is: a partner's, a channel's, or with neither the company's."""

    partner_id: str | None = None
    channel_id: str | None = None


def task_ids(payload: Mapping[str, Any]) -> Iterable[str]:
    """The fulfillment orders an event names."""
    one = payload.get("fulfillment_order_id")
    if one:
        yield str(one)
    for entry in payload.get("fulfillment_orders") or ():
        yield str(entry["id"])


def without_words(name: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What an event tells to who is outside the company."""
    hidden = WORDS.get(name, frozenset())
    return {field: value for field, value in payload.items() if field not in hidden}


def seen_by(owner: Owner, fact: Fact) -> dict[str, Any] | None:
    """The data the owner gets, None when the event is none of theirs."""
    if owner.partner_id is not None:
        return _for_partner(owner.partner_id, fact)
    if owner.channel_id is not None and fact.name in CUSTOMER_FIELDS:
        return _of_customers(owner.channel_id, fact)
    if owner.channel_id is not None and (
        fact.order is None or fact.order["channel_id"] != owner.channel_id or fact.name in INSIDE
    ):
        return None
    ids = {"stream_id": fact.stream_id} if fact.order is None else _order_ids(fact)
    payload = fact.payload if owner.channel_id is None else without_words(fact.name, fact.payload)
    return {**payload, **ids, "sequence": fact.seq}


def _of_customers(channel_id: str, fact: Fact) -> dict[str, Any] | None:
    if channel_id not in map(str, fact.payload.get("channel_ids") or ()):
        return None
    return {**{name: fact.payload.get(name) for name in CUSTOMER_FIELDS[fact.name]}, "sequence": fact.seq}


def _order_ids(fact: Fact) -> dict[str, Any]:
    order = fact.order or {}
    return {
        "order_id": fact.stream_id,
        "order_number": order.get("number"),
        "external_id": order.get("external_id"),
        "channel_id": order.get("channel_id"),
    }


def _for_partner(partner_id: str, fact: Fact) -> dict[str, Any] | None:
    if fact.name in PARTNER_LIFE and fact.stream_id == partner_id:
        return {"partner_id": partner_id, "sequence": fact.seq}
    fields = PARTNER_FIELDS.get(fact.name)
    mine = {task: number for task, (owner, number) in fact.tasks.items() if owner == partner_id}
    if fields is None or not mine:
        return None
    data = {name: fact.payload.get(name) for name in fields}
    if "fulfillment_orders" in data:
        entries = [entry for entry in data["fulfillment_orders"] or () if str(entry["id"]) in mine]
        data["fulfillment_orders"] = [
            {"id": entry["id"], "location_id": entry.get("location_id"), "number": mine[str(entry["id"])]}
            for entry in entries
        ]
    else:
        data["number"] = mine[str(fact.payload["fulfillment_order_id"])]
    return {**data, "sequence": fact.seq}
