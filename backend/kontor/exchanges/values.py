"""What is wished of an exchange, and what its preview says. Plain frozen values; amounts in minor units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from kontor.changes.values import Amounts
from kontor.exchanges.states import ExchangeWay
from kontor.returns.states import ReturnReason

if TYPE_CHECKING:
    from kontor.changes.money import Difference
    from kontor.changes.placing import Sending


@dataclass(frozen=True, slots=True)
class PiecesWish:
    """So many pieces of an order line come back, and the article wanted for them.

    `came_id` is the variant that really comes back, where another one had been sent.
    """

    order_line_id: UUID
    quantity: int
    sku: str
    came_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ExchangeWish:
    """A whole exchange. A `replacement` is for nothing, whatever the article costs.

    `anyway` overlooks the time to return goods (by staff). `shipped` says which pieces by shipment line are meant;
    without it the oldest shipments are. `taken` are pieces by shipment line that are spoken for otherwise.
    """

    pieces: tuple[PiecesWish, ...]
    way: ExchangeWay = ExchangeWay.AFTER_RETURN
    reason: ReturnReason = ReturnReason.TOO_SMALL
    note: str = ""
    replacement: bool = False
    location_id: UUID | None = None
    anyway: bool = False
    shipped: Mapping[UUID, int] | None = None
    taken: Mapping[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExchangedLine:
    """A line of the preview: what comes back with its `worth`, what is given for it at what `cost`.

    `same_price` says that the new pieces cost what the others are worth, discounts included.
    """

    order_line_id: UUID
    sku: str
    name: str
    new_sku: str
    new_name: str
    quantity: int
    worth: Amounts
    cost: Amounts
    same_price: bool
    sendings: tuple[Sending, ...] = ()
    missing: int = 0


@dataclass(frozen=True, slots=True)
class ExchangePreview:
    """Everything an exchange comes to, provided that all pieces are accepted.

    `credited` is what the credit note says, of which `kept` pays for the new articles and `refund` goes back;
    `difference` holds what is to be paid. `arrives_on` is the day the new pieces arrive when they leave today. `due_at`
    is until when the goods have to come where they come later, `held_until` until when stock is kept for the customer.
    """

    order_id: UUID
    currency: str
    way: ExchangeWay
    replacement: bool
    lines: tuple[ExchangedLine, ...]
    credited: int
    cost: int
    kept: int
    refund: int
    fee: int
    difference: Difference
    arrives_on: date | None
    due_at: datetime | None
    held_until: datetime | None
    messages: tuple[str, ...] = ()
    sections: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
