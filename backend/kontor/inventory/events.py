"""What happens to stock. The stream is the variant, or the order whose pieces were released."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class StockArrived(Event):
    """More of a variant can be sold at a place than before while orders wait for it."""

    location_id: UUID
    quantity: int


@dataclass(frozen=True, kw_only=True)
class AllocationsReleased(Event):
    """Promised stock of an order is not there: [{order_line_id, quantity, fulfillment_order_id}]; to be routed again.

    `fulfillment_order_id` is None where no work was given out for the pieces.
    """

    location_id: UUID
    lines: tuple[dict[str, Any], ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class BackorderFilled(Event):
    """Expected goods of an order have come and are allocated: [{order_line_id, quantity, fulfillment_order_id}]."""

    location_id: UUID
    lines: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class BackorderRescheduled(Event):
    """Expected goods of an order will come on another day: [{order_line_id, quantity, fulfillment_order_id}]."""

    location_id: UUID
    lines: tuple[dict[str, Any], ...]
    was_expected_on: str
    expected_on: str
