"""What happens to orders."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class OrderPlaced(Event):
    """An order was taken."""

    number: str
    channel_id: UUID
    total: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class OrderConfirmed(Event):
    """Risk and money are fine; the order may be worked on."""


@dataclass(frozen=True, kw_only=True)
class OrderRejected(Event):
    """The order was refused after it was taken."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class HoldPlaced(Event):
    """Nothing moves for a reason."""

    hold_id: UUID
    kind: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class HoldReleased(Event):
    """A reason not to move is gone."""

    hold_id: UUID
    kind: str


@dataclass(frozen=True, kw_only=True)
class OrderLinesCanceled(Event):
    """Pieces were canceled; `lines` is [{line_id, quantity, amount}]; `amount` what it takes off the total, gross;
    `change_id` the change of the order they belong to, if any."""

    lines: tuple[dict[str, Any], ...]
    amount: int
    reason: str
    whole: bool
    change_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class OrderCanceled(Event):
    """Nothing of the order is left."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class OrderFulfilled(Event):
    """Every piece is shipped, handed over or canceled."""


@dataclass(frozen=True, kw_only=True)
class OrderDelivered(Event):
    """Every shipped piece has arrived."""


@dataclass(frozen=True, kw_only=True)
class OrderCompleted(Event):
    """The order's work is done and its money settled."""


@dataclass(frozen=True, kw_only=True)
class OrderClosed(Event):
    """Nothing of the order is open any more: its goods cannot come back, and its money is settled."""


@dataclass(frozen=True, kw_only=True)
class LinesUnallocated(Event):
    """Pieces have no stock: at placing or after a count, a rejection or a delay."""

    lines: tuple[dict[str, Any], ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class RoutingLocked(Event):
    """The order stays where it is, for a reason; only a refusal of its place moves it."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class RoutingUnlocked(Event):
    """The order may be moved again."""
