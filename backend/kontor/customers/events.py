"""What happens to customers. The stream is the same for all."""

from dataclasses import dataclass
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class CustomersSaved(Event):
    """These customers were added or changed on purpose; those that come with an order are told by the order."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class CustomerMerged(Event):
    """A customer went into another, who has all orders and addresses of both now.

    `channel_ids` are the channels that know one of them, whose endpoints are told.
    """

    customer_id: UUID
    into_id: UUID
    channel_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CustomersErased(Event):
    """A person asked to be forgotten: who keeps a copy of these customers (one, and those merged into it) erases it.

    `channel_ids` are the channels that knew them, whose endpoints are told.
    """

    ids: tuple[UUID, ...]
    channel_ids: tuple[UUID, ...] = ()
