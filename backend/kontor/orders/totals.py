"""Lines, discounts and tax to frozen amounts. Pure; integer minor units throughout.

The discount of the whole order is spread over the lines by the largest remainder; what one piece carries of a line
follows from `core.money.of_units`. Tax is computed per line, half up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from kontor.core.money import spread
from kontor.promotions.values import Offer
from kontor.tax.rounding import tax_from_gross, tax_on_net

LOST_DISCOUNT = "LOST_DISCOUNT"
"""The kind of charge for discounts that the pieces which stay no longer earn after others were canceled."""


@dataclass(frozen=True, slots=True)
class Earned:
    """What a version of a promotion gives a line, in minor units."""

    offer: Offer
    amount: int


@dataclass(slots=True)
class PricedLine:
    """A line with its article's facts; the totals are filled by `price_lines`."""

    input_index: int
    variant_id: UUID
    sku: str
    name: str
    kind: str
    tax_class: str
    tax_rate: Decimal
    quantity: int
    unit_price: int
    shown: int
    weight_g: int = 0
    hazmat: bool = False
    bulky: bool = False
    external_id: str | None = None
    group_key: str | None = None
    no_split: bool = False
    bundle_sku: str | None = None
    bundle_key: int | None = None
    bundle_quantity: int | None = None
    line_discount: int = 0
    discount_code: str | None = None
    price_list: str | None = None
    earned: list[Earned] = field(default_factory=list)
    order_discount: int = 0
    net: int = 0
    tax: int = 0
    gross: int = 0

    @property
    def discount(self) -> int:
        """Everything taken off the shown amount."""
        return self.shown - self.before_order + self.order_discount

    @property
    def before_order(self) -> int:
        """What the line costs before a discount of the whole order: the channel's own and promotions are taken off."""
        return self.shown - self.line_discount - sum(each.amount for each in self.earned)


@dataclass(slots=True)
class PricedCharge:
    """A fee with its tax."""

    kind: str
    name: str
    tax_class: str
    tax_rate: Decimal
    net: int
    tax: int
    gross: int


def with_tax(amount: int, rate: Decimal, *, gross: bool) -> tuple[int, int, int]:
    """(net, tax, gross) of an amount that is shown gross or net."""
    if gross:
        tax = tax_from_gross(amount, rate)
        return amount - tax, tax, amount
    tax = tax_on_net(amount, rate)
    return amount, tax, amount + tax


def shares_of_goods(amount: int, lines: Sequence[PricedLine]) -> list[tuple[str, Decimal, int]]:
    """(tax class, rate, part) of a fee that shares the rates of the goods, in proportion to what they cost.

    Goods that cost nothing count by their pieces when all are free; parts of nothing are left out unless it is all.
    """
    free = not any(line.shown - line.discount for line in lines)
    weights: dict[tuple[str, Decimal], int] = {}
    for line in lines:
        key = (line.tax_class, line.tax_rate)
        weights[key] = weights.get(key, 0) + (line.quantity if free else line.shown - line.discount)
    parts = spread(amount, list(weights.values()))
    shares = [(*key, part) for key, part in zip(weights, parts, strict=True)]
    return [share for share in shares if share[2]] or shares[:1]


def price_lines(lines: Sequence[PricedLine], order_discount: int, *, gross: bool) -> None:
    """Spread the order's discount over the lines and freeze net, tax and gross of each."""
    if order_discount:
        shares = spread(order_discount, [line.before_order for line in lines])
        for line, share in zip(lines, shares, strict=True):
            line.order_discount = share
    for line in lines:
        amount = line.shown - line.discount
        line.net, line.tax, line.gross = with_tax(amount, line.tax_rate, gross=gross)
