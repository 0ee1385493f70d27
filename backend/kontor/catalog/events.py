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


@dataclass(frozen=True, kw_only=True)
class OffersSent(Event):
    """A partner asks for these offers to be looked at. The stream is the partner."""

    offer_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OffersApproved(Event):
    """These offers of a partner are on sale as these articles. The stream is the partner."""

    offer_ids: tuple[str, ...]
    skus: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OffersReturned(Event):
    """These offers went back to the partner, with the reason. The stream is the partner."""

    offer_ids: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class OffersWithdrawn(Event):
    """These offers are not on sale any more. The stream is the partner."""

    offer_ids: tuple[str, ...]
