"""What a quantity of one article costs, and how a discount of the whole order falls on its lines. Minor units."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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


class Dated(Protocol):
    """An amount that counted from a moment on, and until before another one if it has ended."""

    @property
    def amount(self) -> int:
        """The unit price."""
        ...

    @property
    def valid_from(self) -> datetime:
        """The first moment."""
        ...

    @property
    def valid_to(self) -> datetime | None:
        """The moment it no longer counts."""
        ...


@dataclass(frozen=True, slots=True)
class LowestPrice:
    """What a price has to be compared with when it is announced as reduced.

    `amount` counts at the moment asked for and has done so since `since`; `lowest` is the lowest amount of the 30 days
    before that, None when there was no price.
    """

    amount: int
    since: datetime
    lowest: int | None

    @property
    def reduced(self) -> bool:
        """Whether the price is below the lowest one before it, so that it may be called reduced."""
        return self.lowest is not None and self.amount < self.lowest


REFERENCE_PERIOD = timedelta(days=30)


def lowest_price(prices: Iterable[Dated], at: datetime) -> LowestPrice | None:
    """The lowest price of the 30 days before the price at a moment began (Directive 98/6/EC art. 6a (1), (2)).

    A price that was set anew at the same amount goes on. An article that has a price for less than 30 days is compared
    with the time it has one. Steps of one reduction are each compared with the one before them: the easier rule of
    art. 6a (5) is not that of every member state. None when nothing counts at that moment.
    """
    rows = sorted(prices, key=lambda each: each.valid_from)
    position = next((n for n, each in enumerate(rows) if _counts(each, at)), None)
    if position is None:
        return None
    amount, since = rows[position].amount, rows[position].valid_from
    before = rows[:position]
    while before and before[-1].valid_to == since and before[-1].amount == amount:
        since = before.pop().valid_from
    start = since - REFERENCE_PERIOD
    applied = [each.amount for each in before if each.valid_to is None or each.valid_to > start]
    return LowestPrice(amount, since, min(applied, default=None))


def _counts(price: Dated, at: datetime) -> bool:
    return price.valid_from <= at and (price.valid_to is None or at < price.valid_to)


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
