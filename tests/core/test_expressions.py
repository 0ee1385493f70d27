"""Conditions are read, run and bounded."""

import time

import pytest

from kontor.core import expressions
from kontor.core.errors import InvalidInput


@pytest.mark.parametrize(
    "source",
    [
        'order.total > 100 && lines.exists(line, line.sku == "A")',
        'lines.all(line, line.quantity > 0) && tags.exists(tag, tag == ".all(")',
        "tags.map(tag, tag + '!').size() == 2",
    ],
)
def test_one_loop_after_the_other_is_a_condition(source: str) -> None:
    facts = {"order": {"total": 500}, "lines": [{"sku": "A", "quantity": 1}], "tags": ["x", ".all("]}
    expressions.check(source)
    assert expressions.holds(source, facts)


@pytest.mark.parametrize(
    "source",
    [
        "a.all(x, b.exists(y, x < y))",
        "a.map(x, x).filter(x, x > 1).size() > 1",
        "a . all ( x, (b) . map(y, y).size() > 1)",
    ],
)
def test_a_loop_inside_a_loop_is_refused(source: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        expressions.check(source, path=("filter",))
    assert (refusal.value.code, refusal.value.path) == ("EXPRESSION_TOO_COSTLY", ("filter",))


def test_a_condition_that_would_run_for_ever_is_refused_at_once() -> None:
    source = "true"
    for name in "abcdefghi":
        source = f"[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].all({name}, {source})"
    began = time.process_time()
    with pytest.raises(InvalidInput, match="one list at a time"):
        expressions.evaluate(source, {})
    assert time.process_time() - began < 5


def test_a_condition_has_a_length() -> None:
    with pytest.raises(InvalidInput) as refusal:
        expressions.check("true" + " && true" * 300)
    assert (refusal.value.code, refusal.value.params["max"]) == ("EXPRESSION_TOO_LONG", 2000)
