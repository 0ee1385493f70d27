"""What changes do to orders."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class OrderLinesAdded(Event):
    """Lines were added: `lines` is [{line_id, sku, quantity, amount}]; `amount` what they add to the total, gross."""

    lines: tuple[dict[str, Any], ...]
    amount: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class DeliveryChanged(Event):
    """An order goes elsewhere, another way or for another day; `what` of ADDRESS, DELIVERY_TYPE, PLACE, DATE, FEE.

    `amount` is by how much the order costs less because of it (below 0: more), gross.
    """

    what: tuple[str, ...]
    amount: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class OrderChangeAsked(Event):
    """A change waits for places that have begun with its pieces."""

    change_id: UUID
    pieces: int
    due_at: str


@dataclass(frozen=True, kw_only=True)
class OrderChangeConfirmed(Event):
    """A change is done; `message` names what the customer is told with it, empty when other events tell it;
    `amount` is by how much the order costs less, gross."""

    change_id: UUID
    reason: str
    message: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class OrderChangeDeclined(Event):
    """A place goes on with pieces a change was to cancel, or did not answer; what others agreed to stays canceled."""

    change_id: UUID
    canceled: int
    refused: int
    code: str


@dataclass(frozen=True, kw_only=True)
class OrderChangeCanceled(Event):
    """Nobody waits for the answer of places any more; what was canceled before stays canceled."""

    change_id: UUID
    canceled: int
