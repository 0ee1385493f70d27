"""What pieces of an order line are worth when they leave or are canceled. Pure; integer minor units.

The pieces of a line are used up in one order, whether they ship or are canceled: each carries its frozen share once,
so that the amounts of any sequence of steps sum to the line's total. Only a tax rate that changed between order and
supply changes an amount: a gross price stays and holds another tax, a net price gets another tax on top.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from kontor.core.money import between_units
from kontor.tax.rounding import tax_from_gross, tax_on_net


class FrozenLine(Protocol):
    """Totals of all ordered pieces, as frozen at order time."""

    ordered: int
    net_total: int
    tax_total: int
    gross_total: int
    tax_rate: Decimal


class FrozenCharge(Protocol):
    """A fee as frozen at order time."""

    net: int
    tax: int
    gross: int
    tax_rate: Decimal


@dataclass(frozen=True, slots=True)
class Amounts:
    """An amount with its tax; `gross = net + tax`."""

    net: int
    tax: int
    rate: Decimal

    @property
    def gross(self) -> int:
        return self.net + self.tax


def of_pieces(line: FrozenLine, done: int, count: int, *, gross: bool, rate: Decimal | None = None) -> Amounts:
    """The next `count` pieces after `done` shipped or canceled ones; `rate` is that of the date of supply."""
    tax = between_units(line.tax_total, line.ordered, done, count)
    if gross:
        shown = between_units(line.gross_total, line.ordered, done, count)
        if rate is not None and rate != line.tax_rate:
            tax = tax_from_gross(shown, rate)
        return Amounts(shown - tax, tax, line.tax_rate if rate is None else rate)
    net = between_units(line.net_total, line.ordered, done, count)
    if rate is not None and rate != line.tax_rate:
        tax = tax_on_net(net, rate)
    return Amounts(net, tax, line.tax_rate if rate is None else rate)


def of_charge(charge: FrozenCharge, rate: Decimal, *, gross: bool) -> Amounts:
    """A fee at the rate of the date of supply."""
    if rate == charge.tax_rate:
        return Amounts(charge.net, charge.tax, rate)
    if gross:
        tax = tax_from_gross(charge.gross, rate)
        return Amounts(charge.gross - tax, tax, rate)
    return Amounts(charge.net, tax_on_net(charge.net, rate), rate)
