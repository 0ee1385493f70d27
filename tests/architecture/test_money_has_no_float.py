"""Money is integer minor units: no float gets near it."""

import ast

import pytest

from architecture.source import Module, modules

MONEY_PACKAGES = {"payments", "pricing", "tax", "invoicing", "orders"}
MONEY_FILES = {"core/money.py"}

# A line that names one of these speaks of no amount.
NO_AMOUNT = ("latitude", "longitude", "timeout", "seconds")


def floats(module: Module) -> list[str]:
    """Where the module makes, takes or declares a float that could be an amount."""
    lines = module.text.splitlines()
    return [
        f"{module.place(node)} {ast.unparse(node)}"
        for node in ast.walk(module.tree)
        if ((isinstance(node, ast.Constant) and isinstance(node.value, float)) or _names_float(node))
        and not any(word in lines[getattr(node, "lineno", 1) - 1].lower() for word in NO_AMOUNT)
    ]


def _names_float(node: ast.AST) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name in {"float", "Float", "REAL", "Double"}


@pytest.mark.parametrize(
    "line", ["rate = 0.19", "amount = float(text)", "amount: float", "amount = mapped_column(sa.Float)", "x = 1e2"]
)
def test_float_in_a_money_path_is_found(line: str) -> None:
    assert len(floats(Module("payments/service.py", line))) == 1


def test_coordinates_and_waiting_times_are_no_amounts() -> None:
    assert floats(Module("orders/intake.py", "latitude: float | None = None\nTIMEOUT = 0.5\n")) == []


def test_integers_and_decimals_are_no_floats() -> None:
    assert floats(Module("tax/rounding.py", "rate = Decimal('0.19')\ncents = 1_999\n")) == []


def test_pain_17_money_paths_have_no_float() -> None:
    money = [module for module in modules() if module.package in MONEY_PACKAGES or module.path in MONEY_FILES]
    assert [place for module in money for place in floats(module)] == []
