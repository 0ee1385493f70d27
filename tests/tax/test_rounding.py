"""Tax on integers."""

from decimal import Decimal

import pytest

from kontor.tax.rounding import tax_from_gross, tax_on_net


@pytest.mark.parametrize(
    ("gross", "rate", "tax"),
    [(11900, "19", 1900), (999, "19", 160), (1, "19", 0), (10050, "0.5", 50), (100, "0", 0), (-11900, "19", -1900)],
)
def test_tax_contained_in_gross(gross: int, rate: str, tax: int) -> None:
    assert tax_from_gross(gross, Decimal(rate)) == tax


@pytest.mark.parametrize(("net", "rate", "tax"), [(10000, "19", 1900), (50, "5", 3), (50, "19", 10), (-50, "5", -3)])
def test_tax_on_net_is_rounded_half_up(net: int, rate: str, tax: int) -> None:
    assert tax_on_net(net, Decimal(rate)) == tax
