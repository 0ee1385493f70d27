"""What happens to customers. The stream is the same for all."""

from dataclasses import dataclass
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class CustomersSaved(Event):
    """These customers were added or changed on purpose; those that come with an order are told by the order."""

    ids: tuple[UUID, ...]
