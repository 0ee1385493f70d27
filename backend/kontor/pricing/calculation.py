"""What a quantity of one article costs, and how a discount of the whole order falls on its lines. Minor units."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from kontor.core.errors import InvalidInput
from kontor.core.money import spread


class Step(Protocol):
    """A unit price that counts from a quantity on."""

    @property
    def min_quantity(self) -> int:
        """From how many pieces on."""
        ...

    @property
    def amount(self) -> int:
        """The unit price."""
        ...


S = TypeVar("S", bound=Step)


def step_for(steps: Iterable[S], quantity: int) -> S | None:
    """The step with the largest minimum that the quantity reaches; None when it reaches none."""
    reached = [step for step in steps if step.min_quantity <= quantity]
    return max(reached, key=lambda step: step.min_quantity, default=None)


def line_amount(unit_price: int, quantity: int, discount: int = 0) -> int:
    """What a line costs after its own discount; raises `InvalidInput` when the discount passes the line's value."""
    shown = unit_price * quantity
    if not 0 <= discount <= shown:
        raise InvalidInput(
            "The discount of a line lies between nothing and its value.",
            code="DISCOUNT_TOO_LARGE",
            path=("discount",),
            value=shown,
        )
    return shown - discount


def spread_discount(discount: int, amounts: Sequence[int]) -> list[int]:
    """The share of a discount that each line carries, in proportion to its amount, by the largest remainder.

    No line carries more than its amount, so the discount may not pass their sum: raises `InvalidInput`.
    """
    if not 0 <= discount <= sum(amounts):
        raise InvalidInput(
            "The discount of an order lies between nothing and the value of its lines.",
            code="DISCOUNT_TOO_LARGE",
            path=("discount",),
            value=sum(amounts),
        )
    return spread(discount, amounts)
