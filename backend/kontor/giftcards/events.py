"""What happens to gift cards that the books have to know; the stream is the card."""

from dataclasses import dataclass
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class GiftCardExpired(Event):
    """What was left on a multi-purpose card cannot be redeemed any more."""

    legal_entity_id: UUID
    order_id: UUID
    movement_id: UUID
    amount: int
    currency: str
