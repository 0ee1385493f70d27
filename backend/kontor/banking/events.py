"""What happens on our bank account and between gateways and it; `lines` is what is booked.

The stream is the movement of the account, the payout, or the difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class BankEntrySuspended(Event):
    """Money on our account that nobody has explained is booked against suspense. The stream is the movement."""

    legal_entity_id: UUID
    reference: str
    amount: int
    currency: str
    lines: Sequence[Any]


@dataclass(frozen=True, kw_only=True)
class BankEntryExplained(Event):
    """Money that was in suspense leaves it: it is assigned, or set aside."""

    legal_entity_id: UUID
    reference: str
    amount: int
    currency: str
    lines: Sequence[Any]


@dataclass(frozen=True, kw_only=True)
class GatewayPayoutUndone(Event):
    """A payout turned out not to have arrived by the movement it was matched with: it is on its way again."""

    legal_entity_id: UUID
    reference: str
    entry_id: UUID
    amount: int
    currency: str
    lines: Sequence[Any]


@dataclass(frozen=True, kw_only=True)
class GatewayPayoutImported(Event):
    """A gateway sent money to our bank account, and what it settles is known."""

    legal_entity_id: UUID
    gateway: str
    reference: str
    amount: int
    currency: str
    arrives_on: str
    differences: int
    lines: Sequence[Any]


@dataclass(frozen=True, kw_only=True)
class GatewayPayoutConverted(Event):
    """What a payout settled in another currency than it was paid in: the side in the currency of the payments."""

    legal_entity_id: UUID
    reference: str
    currency: str
    lines: Sequence[Any]


@dataclass(frozen=True, kw_only=True)
class GatewayPayoutArrived(Event):
    """A payout of a gateway is on our bank account."""

    legal_entity_id: UUID
    reference: str
    entry_id: UUID
    amount: int
    currency: str
    lines: Sequence[Any]


@dataclass(frozen=True, kw_only=True)
class GatewayDifferenceExplained(Event):
    """A person explained what a payout and our books did not agree on."""

    legal_entity_id: UUID
    payout_id: UUID | None
    order_id: UUID | None
    reference: str
    explanation: str
    reason: str
    amount: int
    currency: str
    lines: Sequence[Any]
