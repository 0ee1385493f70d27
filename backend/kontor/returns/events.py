"""What happens to returns. The stream is the order."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ReturnRequested(Event):
    """A customer announced a return."""

    return_id: UUID
    number: str


@dataclass(frozen=True, kw_only=True)
class ReturnApproved(Event):
    """The return may be sent."""

    return_id: UUID


@dataclass(frozen=True, kw_only=True)
class ReturnDeclined(Event):
    """The return is not accepted."""

    return_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReturnReceived(Event):
    """Pieces arrived; `decided` when what becomes of them was said in the same step."""

    return_id: UUID
    complete: bool
    decided: bool = False


@dataclass(frozen=True, kw_only=True)
class ReturnInspected(Event):
    """Everything that arrived has been looked at."""

    return_id: UUID


@dataclass(frozen=True, kw_only=True)
class ReturnDecided(Event):
    """Whoever the goods came back to said what is paid back; `lines` with order_line_id, quantity, accepted, reason."""

    return_id: UUID
    lines: list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class ReturnLabelRenewed(Event):
    """The customer gets the label again, with a new end."""

    return_id: UUID


@dataclass(frozen=True, kw_only=True)
class ReturnCanceled(Event):
    """Nothing comes back."""

    return_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReturnClosed(Event):
    """The return is settled."""

    return_id: UUID
