"""What happens to the work of partners besides the work itself."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class PartnerReminded(Event):
    """A partner has orders that must be answered soon: [{id, number, due_at}]. The stream is the partner."""

    fulfillment_orders: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class FulfillmentOverdue(Event):
    """A partner has not shipped accepted work in time. The stream is the order."""

    fulfillment_order_id: UUID
    partner_id: UUID
    number: str
    ship_due_at: str


@dataclass(frozen=True, kw_only=True)
class ObjectionMade(Event):
    """A partner objects to an order being counted in a figure. The stream is the partner."""

    objection_id: UUID
    fulfillment_order_id: UUID
    measure: str


@dataclass(frozen=True, kw_only=True)
class ObjectionDecided(Event):
    """An objection was upheld, so the order counts no more, or denied. The stream is the partner."""

    objection_id: UUID
    fulfillment_order_id: UUID
    measure: str
    upheld: bool
