"""What is asked of a gift card."""

from dataclasses import dataclass

GATEWAY = "giftcards"
"""As which gateway payments name the cards that Kontor sold."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One instruction of a payment: what is done once under `key`, for `amount` minor units."""

    key: str
    reference: str
    amount: int
    currency: str
