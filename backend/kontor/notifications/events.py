"""What happens to messages."""

from dataclasses import dataclass
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class MessageBounced(Event):
    """A message to the order's customer came back: nobody can be reached at the address."""

    notification_id: UUID
    template: str
    recipient: str
    reason: str
