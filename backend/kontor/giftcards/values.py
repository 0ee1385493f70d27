"""What is asked of a gift card."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

GATEWAY = "giftcards"
"""As which gateway payments name the cards that Kontor sold."""
TAXED_METHOD = "VOUCHER"
"""The method of payments by cards that were taxed when they were sold."""


class TaxedAs(NamedTuple):
    """How a single-purpose voucher was taxed when it was sold, so what it pays for (VAT Directive art. 30a (2))."""

    tax_class: str
    country: str
    legal_entity_id: UUID


@dataclass(frozen=True, slots=True)
class Wish:
    """One instruction of a payment: what is done once under `key`, for `amount` minor units.

    `taxed` says that the payment is by a voucher that was taxed when it was sold.
    """

    key: str
    reference: str
    amount: int
    currency: str
    taxed: bool = False


def is_taxed(method: str, gateway: str) -> bool:
    """Whether a payment is by a voucher that was taxed when it was sold: what it pays for is not taxed again."""
    return gateway == GATEWAY and method == TAXED_METHOD
