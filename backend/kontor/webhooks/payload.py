"""What goes over the wire: the type of an event and its body. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

_WORD = re.compile(r"[A-Z][a-z0-9]*")
# Where the deed is more than the last word.
_TYPES = {
    "FulfillmentReadyForPickup": "fulfillment.ready_for_pickup",
    "FulfillmentPickedUp": "fulfillment.picked_up",
    "PaymentChargedBack": "payment.charged_back",
    "WebhookTested": "webhook.test",
}


def type_of(name: str) -> str:
    """The type of an event as the world knows it: OrderPlaced is `order.placed`."""
    known = _TYPES.get(name)
    if known is not None:
        return known
    *thing, deed = (word.lower() for word in _WORD.findall(name))
    return f"{'_'.join(thing)}.{deed}"


def body_of(name: str, occurred_at: datetime, data: Mapping[str, Any]) -> dict[str, Any]:
    """The body by Standard Webhooks: type, time of the fact, and its facts."""
    moment = occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {"type": type_of(name), "timestamp": moment, "data": dict(data)}


def bytes_of(body: Mapping[str, Any]) -> bytes:
    """The same bytes each time, whatever order the database keeps the keys in."""
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
