"""Tax on an amount: integers in minor units, a rate in percent, rounded half away from zero."""

from decimal import ROUND_HALF_UP, Decimal

_HUNDRED = Decimal(100)


def tax_from_gross(gross: int, rate: Decimal) -> int:
    """The tax contained in a gross amount; `gross - tax_from_gross(gross, rate)` is the net amount."""
    return _rounded(gross * rate / (_HUNDRED + rate))


def tax_on_net(net: int, rate: Decimal) -> int:
    """The tax that comes on top of a net amount."""
    return _rounded(net * rate / _HUNDRED)


def _rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
