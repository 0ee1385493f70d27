"""What happens to labels. The stream is the order."""

from dataclasses import dataclass
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class LabelCreated(Event):
    """A carrier gave a parcel its tracking number and label."""

    label_id: UUID
    parcel_id: UUID
    fulfillment_order_id: UUID
    carrier: str
    tracking_number: str


@dataclass(frozen=True, kw_only=True)
class LabelRefused(Event):
    """A carrier refuses a label; `code` says why."""

    label_id: UUID
    parcel_id: UUID
    fulfillment_order_id: UUID
    code: str


@dataclass(frozen=True, kw_only=True)
class LabelCanceled(Event):
    """A label counts for nothing any more."""

    label_id: UUID
    parcel_id: UUID
    fulfillment_order_id: UUID
