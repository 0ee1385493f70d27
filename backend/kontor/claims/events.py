"""What happens to goodwill. The stream is the order."""

from dataclasses import dataclass
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class GoodwillAsked(Event):
    """Somebody wants to give more than their limit: another one has to approve it."""

    goodwill_id: UUID
    form: str
    reason: str
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class GoodwillGranted(Event):
    """A customer is given something out of goodwill."""

    goodwill_id: UUID
    form: str
    reason: str
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class GoodwillDeclined(Event):
    """Goodwill above somebody's limit was not approved."""

    goodwill_id: UUID
    decision: str


@dataclass(frozen=True, kw_only=True)
class GoodwillRecalled(Event):
    """Goodwill was taken back before anything of it had left the house."""

    goodwill_id: UUID


@dataclass(frozen=True, kw_only=True)
class GoodwillVoucherIssued(Event):
    """A customer was given a gift card out of goodwill."""

    goodwill_id: UUID
    card_id: UUID
    amount: int
    currency: str
