"""What happens to messages."""

from dataclasses import dataclass
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class MessageBounced(Event):
    """A message to the order's customer came back, its subject `topic`; the message itself says from where and why."""

    notification_id: UUID
    template: str
    topic: str = ""
