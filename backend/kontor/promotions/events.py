"""What happens to promotions. Each code has a stream of its own; what an order gets back stands in the order's."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from kontor.core.outbox import Event

_NAMESPACE = uuid5(UUID(int=0), "kontor.promotions")


def stream_of(code: str) -> UUID:
    """The stream of a promotion's story, over all its versions."""
    return uuid5(_NAMESPACE, code)


@dataclass(frozen=True, kw_only=True)
class PromotionSaved(Event):
    """A version of a promotion counts, or will count, from a moment on."""

    promotion_id: UUID
    code: str
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, kw_only=True)
class PromotionEnded(Event):
    """A promotion counts no longer from a moment on; what was planned after it is gone."""

    code: str
    valid_to: datetime


@dataclass(frozen=True, kw_only=True)
class CouponsGenerated(Event):
    """So many coupons of a promotion were made."""

    code: str
    batch_id: UUID
    count: int


@dataclass(frozen=True, kw_only=True)
class CouponsBlocked(Event):
    """So many coupons of a promotion are not taken any more."""

    code: str
    count: int


@dataclass(frozen=True, kw_only=True)
class PromotionsGivenBack(Event):
    """A whole order is not to be: its coupons may be used again, and budgets have back what it got."""

    codes: tuple[str, ...]
