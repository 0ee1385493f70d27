"""What is asked of a gift card."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """One instruction of a payment: what is done once under `key`, for `amount` minor units."""

    key: str
    reference: str
    amount: int
    currency: str
