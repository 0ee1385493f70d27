"""The facts of messages about what went otherwise than it should: late work, parcels that do not arrive, changes that
were refused. Pure."""

from datetime import date
from typing import Any
from uuid import UUID

from kontor.notifications.known import Asked, Known, address_lines, items, link, subject_of


def promise_passed(asked: Asked, known: Known) -> dict[str, Any] | None:
    """What is late, since when; nothing where the goods have left meanwhile."""
    task, about = known.tasks[subject_of(asked)], asked.about
    if str(task.state) in ("SHIPPED", "PICKED_UP", "DELIVERED", "CANCELED", "REJECTED"):
        return None
    told = [(UUID(str(row["order_line_id"])), row["quantity"]) for row in about.get("lines") or ()]
    told = told or [(row.order_line_id, row.quantity) for row in known.task_lines_of.get(task.id, ())]
    promised = about.get("promised_on")
    return {
        "lines": items((known.lines[line_id], quantity) for line_id, quantity in told),
        "promised_on": date.fromisoformat(promised) if promised else task.promised_on,
        "pickup": str(task.delivery_type) == "PICKUP",
        "cancel_url": link(known.channels[asked.order.channel_id].settings, "cancel_url", asked.order),
    }


def parcel_returned(asked: Asked, known: Known) -> dict[str, Any] | None:
    """Which parcel came back, and where it was to go; nothing where its goods are paid back or replaced already."""
    parcel = known.parcels[subject_of(asked)]
    back = {row.order_line_id: row.returned for row in known.shipped_of.get(parcel.shipment_id, ())}
    inside = _inside(parcel, known)
    if inside and all(back.get(line_id, 0) >= quantity for line_id, quantity in inside):
        return None
    return {**_parcel(asked, known), "delivery_address": address_lines(asked.order.shipping_address) or None}


def parcel_lost(asked: Asked, known: Known) -> dict[str, Any] | None:
    """Which parcel is lost; nothing where it was found again meanwhile."""
    return _parcel(asked, known) if str(known.parcels[subject_of(asked)].state) == "LOST" else None


def _parcel(asked: Asked, known: Known) -> dict[str, Any]:
    """What is in it where that is known: of several parcels of one work only where it was written down."""
    parcel = known.parcels[subject_of(asked)]
    return {
        "lines": items((known.lines[line_id], quantity) for line_id, quantity in _inside(parcel, known)) or None,
        "carrier": parcel.carrier,
        "tracking_number": parcel.tracking_number,
    }


def _inside(parcel: Any, known: Known) -> list[tuple[UUID, int]]:
    """Pieces by order line; none where nobody knows."""
    named = [(UUID(str(row["order_line_id"])), int(row["quantity"])) for row in parcel.contents]
    if named or len(known.boxes_of.get(parcel.fulfillment_order_id, ())) != 1:
        return named
    return [(row.order_line_id, row.quantity) for row in known.task_lines_of.get(parcel.fulfillment_order_id, ())]


def change_declined(asked: Asked, known: Known) -> dict[str, Any]:
    """What the customer gets all the same, and where it can be sent back."""
    lines = known.lines_of.get(asked.order.id, ())
    return {
        "lines": items((line, line.ordered - line.canceled) for line in lines),
        "return_url": link(known.channels[asked.order.channel_id].settings, "return_url", asked.order),
    }
