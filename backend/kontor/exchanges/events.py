"""What happens to exchanges. The stream is the order."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ExchangeRequested(Event):
    """Other goods were asked for in place of some that left; somebody has to agree."""

    exchange_id: UUID
    return_id: UUID
    number: str
    way: str


@dataclass(frozen=True, kw_only=True)
class ExchangeApproved(Event):
    """An exchange is agreed; `way` says when the new goods leave, `due_at` until when others are expected after them.

    `lines` is [{order_line_id, quantity, sku, name}]: the pieces that come back, and the article for them. A
    `replacement` is for goods that were wrong, and costs nothing.
    """

    exchange_id: UUID
    return_id: UUID
    number: str
    way: str
    lines: tuple[dict[str, Any], ...]
    due_at: str | None = None
    replacement: bool = False


@dataclass(frozen=True, kw_only=True)
class ExchangeReceived(Event):
    """Goods of an exchange were accepted; `lines` is [{order_line_id, quantity}] of the new ones that leave by that."""

    exchange_id: UUID
    return_id: UUID
    number: str
    lines: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class ExchangeFulfilled(Event):
    """The new goods of an exchange have left."""

    exchange_id: UUID
    return_id: UUID
    number: str


@dataclass(frozen=True, kw_only=True)
class ExchangeReminded(Event):
    """The new goods are with the customer, the others are due soon."""

    exchange_id: UUID
    return_id: UUID
    number: str
    due_at: str


@dataclass(frozen=True, kw_only=True)
class ExchangeOverdue(Event):
    """Goods that were to come back for new ones did not, or were not accepted: `amount` is to be paid for those.

    `code` is NOT_RETURNED or NOT_ACCEPTED. `asked` says that a method of the order was asked for it.
    """

    exchange_id: UUID
    return_id: UUID
    number: str
    code: str
    amount: int
    currency: str
    asked: bool


@dataclass(frozen=True, kw_only=True)
class ExchangeCanceled(Event):
    """There is no exchange after all: NOT_RETURNED, NOT_ACCEPTED, OUT_OF_STOCK, DECLINED, WITHDRAWN or LINES_CANCELED.

    `reason` is said by a person.
    """

    exchange_id: UUID
    return_id: UUID
    number: str
    code: str
    reason: str
