"""What happens to places. The stream is the same for all."""

from dataclasses import dataclass

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class StockLocationsSaved(Event):
    """These places were added or changed."""

    codes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ShippingTariffsSaved(Event):
    """The tariffs of so many places and carriers were replaced."""

    count: int
