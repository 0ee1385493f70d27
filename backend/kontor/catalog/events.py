"""What happens to the catalog. The stream is the same for all products, or the variant for its codes."""

from dataclasses import dataclass

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ProductsSaved(Event):
    """These products, or variants of them, were added or changed."""

    codes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PoolCodesAdded(Event):
    """A variant has more codes to give out."""

    sku: str
    added: int
