"""Money is integer minor units: no float gets near it."""

import ast

import pytest

from architecture.source import Module, modules

MONEY_PACKAGES = {"payments", "pricing", "tax", "invoicing", "orders"}
MONEY_FILES = {"core/money.py"}

# File -> why a float in it is no amount (waiting times, for example).
EXCEPTIONS: dict[str, str] = {}


def floats(module: Module) -> list[str]:
    """Where the module makes, takes or declares a float."""
    return [
        f"{module.place(node)} {ast.unparse(node)}"
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name | ast.Attribute) and _names_float(node))
    ]


def _names_float(node: ast.Name | ast.Attribute) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr
    return name in {"float", "Float", "REAL", "Double"}


@pytest.mark.parametrize(
    "line", ["rate = 0.19", "amount = float(text)", "amount: float", "amount = mapped_column(sa.Float)", "x = 1e2"]
)
def test_float_in_a_money_path_is_found(line: str) -> None:
    assert len(floats(Module("payments/service.py", line))) == 1


def test_integers_and_decimals_are_no_floats() -> None:
    assert floats(Module("tax/rounding.py", "rate = Decimal('0.19')\ncents = 1_999\n")) == []


def test_money_paths_have_no_float() -> None:
    money = [module for module in modules() if module.package in MONEY_PACKAGES or module.path in MONEY_FILES]
    assert [place for module in money if module.path not in EXCEPTIONS for place in floats(module)] == []
