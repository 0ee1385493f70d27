"""What happens to the work at places. The stream is the order."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class FulfillmentOrdersCreated(Event):
    """Work was given to places: [{id, location_id, partner_id}]."""

    fulfillment_orders: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class FulfillmentAccepted(Event):
    """A place takes the work on."""

    fulfillment_order_id: UUID


@dataclass(frozen=True, kw_only=True)
class FulfillmentPostponed(Event):
    """A place sends later than planned: [{order_line_id, quantity}]; days are when the goods reach the customer."""

    fulfillment_order_id: UUID
    lines: tuple[dict[str, Any], ...]
    was_expected_on: str | None
    expected_on: str


@dataclass(frozen=True, kw_only=True)
class FulfillmentMessageWritten(Event):
    """A place wrote to the company about its work, or the company to the place."""

    fulfillment_order_id: UUID
    message_id: UUID
    from_place: bool


@dataclass(frozen=True, kw_only=True)
class FulfillmentRejected(Event):
    """A place refuses lines: [{order_line_id, quantity, reason}]; they are to be routed again without it."""

    fulfillment_order_id: UUID
    location_id: UUID
    lines: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class FulfillmentEscalated(Event):
    """A place did not answer in time."""

    fulfillment_order_id: UUID
    location_id: UUID


@dataclass(frozen=True, kw_only=True)
class FulfillmentOrderShipped(Event):
    """Goods left a place."""

    fulfillment_order_id: UUID
    shipment_id: UUID
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class ShipmentRecalled(Event):
    """A shipment was taken back while its effects still waited."""

    fulfillment_order_id: UUID
    shipment_id: UUID


@dataclass(frozen=True, kw_only=True)
class ParcelsVoided(Event):
    """Goods left in other parcels than those they were packed in; what was ordered for these is not used."""

    fulfillment_order_id: UUID
    parcel_ids: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class PartnerInvoiceRecorded(Event):
    """A partner named the invoice by which it bills a shipment."""

    shipment_id: UUID
    number: str


@dataclass(frozen=True, kw_only=True)
class FulfillmentReadyForPickup(Event):
    """Goods wait for the customer at a store."""

    fulfillment_order_id: UUID


@dataclass(frozen=True, kw_only=True)
class FulfillmentPickedUp(Event):
    """The customer has the goods."""

    fulfillment_order_id: UUID
    shipment_id: UUID
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class FulfillmentDelivered(Event):
    """The goods arrived."""

    fulfillment_order_id: UUID
    shipment_id: UUID


@dataclass(frozen=True, kw_only=True)
class ParcelReturned(Event):
    """A parcel is back with who sent it, or on its way there: the customer does not get it."""

    fulfillment_order_id: UUID
    parcel_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class ParcelLost(Event):
    """A carrier does not know any more where a parcel is."""

    fulfillment_order_id: UUID
    parcel_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class PromisePassed(Event):
    """The day a customer was promised is over and the goods have not left: [{order_line_id, quantity}]. Once per work.

    Not recorded for goods of which the customer heard that they come later (BackorderRescheduled, FulfillmentPostponed)
    before that day has passed as well, nor for pieces of which it was recorded at the place that had them before.
    """

    fulfillment_order_id: UUID
    promised_on: str
    lines: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class FulfillmentCanceled(Event):
    """The work was taken back."""

    fulfillment_order_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class CancellationAsked(Event):
    """A place was asked to stop work it has begun."""

    fulfillment_order_id: UUID


@dataclass(frozen=True, kw_only=True)
class CancellationWithdrawn(Event):
    """Nobody waits for the answer of a place any more: it goes on with its work."""

    fulfillment_order_id: UUID


@dataclass(frozen=True, kw_only=True)
class CancellationRefused(Event):
    """A place goes on with the work it was asked to stop."""

    fulfillment_order_id: UUID


@dataclass(frozen=True, kw_only=True)
class ServiceConfirmed(Event):
    """A provider has rendered a service; its pieces count as shipped and delivered."""

    shipment_id: UUID
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class CodesIssued(Event):
    """Codes for non-physical lines are ready to be sent; they count as shipped and delivered."""

    shipment_id: UUID
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class OrderMoved(Event):
    """Pieces that waited were moved by the joint planning; `gain` in cents, below 0 where it made room for others."""

    run_id: UUID
    gain: int
    decision_ids: tuple[str, ...]
    pieces: int


@dataclass(frozen=True, kw_only=True)
class LockedPiecesRouted(Event):
    """Pieces a locked order's place refused went elsewhere: [{order_line_id, quantity, location_id}]."""

    lines: tuple[dict[str, Any], ...]
