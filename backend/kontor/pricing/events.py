"""What happens to prices. The stream is the same for all."""

from dataclasses import dataclass
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class PricesSet(Event):
    """Prices of so many variants were changed or planned in these channels."""

    channel_ids: tuple[UUID, ...]
    variants: int
