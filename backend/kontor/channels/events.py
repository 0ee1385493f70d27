"""What happens to sales channels. The stream is the same for all."""

from dataclasses import dataclass

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class SalesChannelsSaved(Event):
    """These channels were added or changed."""

    codes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class BrandSaved(Event):
    """A retailer looks otherwise from now on."""

    code: str
    version: int
