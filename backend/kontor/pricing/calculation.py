"""What a quantity of one article costs, and how a discount of the whole order falls on its lines. Minor units."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from kontor.core.errors import InvalidInput
from kontor.core.money import spread


class Lasting(Protocol):
    """What counts from a moment on, and until before another one if it ends."""

    @property
    def valid_from(self) -> datetime:
        """The first moment."""
        ...

    @property
    def valid_to(self) -> datetime | None:
        """The moment it no longer counts."""
        ...


class Dated(Lasting, Protocol):
    """An amount and when it counts."""

    @property
    def amount(self) -> int:
        """The unit price."""
        ...


class Listed(Dated, Protocol):
    """A unit price that counts from a quantity on, in a list or, without one, among its channel's own prices."""

    @property
    def price_list_id(self) -> UUID | None:
        """The list."""
        ...

    @property
    def min_quantity(self) -> int:
        """From how many pieces on."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """For whom and when a price list counts; what is None does not narrow. A higher priority comes first."""

    id: UUID
    code: str
    currency: str
    country: str | None
    customer_group: str | None
    priority: int
    valid_from: datetime
    valid_to: datetime | None


P = TypeVar("P", bound=Listed)
Ranking = Sequence[UUID | None]
"""The lists in the order in which they are looked into; None stands for the channel's own prices."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who asks for a price: where the goods go, in which currency they are paid, the customer's groups."""

    country: str
    currency: str
    groups: frozenset[str] = frozenset()


def ranking(lists: Iterable[Terms], buyer: Buyer, at: datetime, *, own: str) -> tuple[UUID | None, ...]:
    """The lists of a channel that fit a buyer at a moment, those that count before others first.

    The highest priority comes first. Of equal priority the most specific one does: a list for the customer's group and
    the country before one for the group, that before one for the country, that before one for all; of equally specific
    ones the first by code. The channel's own prices, in its currency `own`, come last. Prices are never converted: what
    is in another currency does not fit.
    """
    fitting = sorted((each for each in lists if _fits(each, buyer, at)), key=_rank)
    return (*(each.id for each in fitting), *((None,) if buyer.currency == own else ()))


def _fits(terms: Terms, buyer: Buyer, at: datetime) -> bool:
    return (
        terms.currency == buyer.currency
        and terms.country in (None, buyer.country)
        and (terms.customer_group is None or terms.customer_group in buyer.groups)
        and _within(terms, at)
    )


def _rank(terms: Terms) -> tuple[int, bool, bool, str]:
    return -terms.priority, terms.customer_group is None, terms.country is None, terms.code


def price_for(prices: Iterable[P], ranked: Ranking, quantity: int, at: datetime) -> P | None:
    """The price of one article that counts for a quantity at a moment: that of the first list that has one.

    Within a list it is the step with the largest minimum that the quantity reaches. A list that has nothing for the
    quantity leaves it to the next one, even if it has prices for larger quantities. None when no list has one.
    """
    reached: dict[UUID | None, P] = {}
    for price in prices:
        if price.min_quantity <= quantity and _within(price, at):
            known = reached.get(price.price_list_id)
            if known is None or price.min_quantity > known.min_quantity:
                reached[price.price_list_id] = price
    return next((reached[key] for key in ranked if key in reached), None)


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
    position = next((n for n, each in enumerate(rows) if _within(each, at)), None)
    if position is None:
        return None
    amount, since = rows[position].amount, rows[position].valid_from
    before = rows[:position]
    while before and before[-1].valid_to == since and before[-1].amount == amount:
        since = before.pop().valid_from
    start = since - REFERENCE_PERIOD
    applied = [each.amount for each in before if each.valid_to is None or each.valid_to > start]
    return LowestPrice(amount, since, min(applied, default=None))


@dataclass(frozen=True, slots=True)
class Shown:
    """What a buyer was shown for one piece, and when."""

    amount: int
    valid_from: datetime
    valid_to: datetime | None


def shown_prices(prices: Iterable[Listed], lists: Sequence[Terms], buyer: Buyer, *, own: str) -> list[Shown]:
    """What a buyer is shown for one piece of an article over time, whichever list it is from: nothing overlaps.

    A list that begins or ends changes what is shown as a price in it does.
    """
    single: dict[UUID | None, list[Listed]] = {}
    for price in sorted(prices, key=lambda each: each.valid_from):
        if price.min_quantity == 1:
            single.setdefault(price.price_list_id, []).append(price)
    lasting: list[Lasting] = [each for rows in single.values() for each in rows]
    lasting += [each for each in lists if each.id in single]
    moments = sorted({each.valid_from for each in lasting} | {each.valid_to for each in lasting if each.valid_to})
    shown: list[Shown] = []
    for start, end in zip(moments, [*moments[1:], None], strict=False):
        found = _first_of(single, ranking(lists, buyer, start, own=own), start)
        if found is not None:
            shown.append(Shown(found.amount, start, end))
    return shown


def _first_of(single: Mapping[UUID | None, Sequence[Listed]], ranked: Ranking, at: datetime) -> Listed | None:
    for key in ranked:
        rows = single.get(key, ())
        last = bisect_right(rows, at, key=lambda each: each.valid_from) - 1
        if last >= 0 and _within(rows[last], at):
            return rows[last]
    return None


def _within(lasting: Lasting, at: datetime) -> bool:
    return lasting.valid_from <= at and (lasting.valid_to is None or at < lasting.valid_to)


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
