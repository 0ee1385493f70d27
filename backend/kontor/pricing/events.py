"""What happens to prices and their lists. The stream is the same for all."""

from dataclasses import dataclass
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class PricesSet(Event):
    """Prices of so many variants were changed or planned in these channels."""

    channel_ids: tuple[UUID, ...]
    variants: int


@dataclass(frozen=True, kw_only=True)
class PlannedPricesWithdrawn(Event):
    """Prices that did not count yet were taken back in these channels."""

    channel_ids: tuple[UUID, ...]
    prices: int


@dataclass(frozen=True, kw_only=True)
class PriceListsSaved(Event):
    """Price lists were added, changed or ended."""

    codes: tuple[str, ...]
