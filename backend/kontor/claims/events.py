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


@dataclass(frozen=True, kw_only=True)
class ClaimOpened(Event):
    """A customer reports that goods are wrong, damaged or missing."""

    claim_id: UUID
    number: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class ClaimApproved(Event):
    """A claim was found right; `remedy` says what the customer gets."""

    claim_id: UUID
    remedy: str
    returns_goods: bool


@dataclass(frozen=True, kw_only=True)
class ClaimResolved(Event):
    """The customer has what a claim was to bring."""

    claim_id: UUID
    remedy: str


@dataclass(frozen=True, kw_only=True)
class ClaimReopened(Event):
    """What a claim was to bring does not come: its goods or its goodwill were called off. It is decided again."""

    claim_id: UUID
    number: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class ClaimDenied(Event):
    """A claim was found not right."""

    claim_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class ClaimCanceled(Event):
    """A customer takes a claim back."""

    claim_id: UUID
    reason: str
