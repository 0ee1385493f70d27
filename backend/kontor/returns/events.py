"""What happens to returns. The stream is the order."""

from dataclasses import dataclass
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
    """Pieces arrived."""

    return_id: UUID
    complete: bool


@dataclass(frozen=True, kw_only=True)
class ReturnInspected(Event):
    """Everything that arrived has been looked at."""

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
