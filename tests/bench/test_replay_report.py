"""A replay's report can be kept, whatever its figures are counted by."""

from collections import Counter

import orjson
import pytest

from kontor.bench.replay.cli import as_json, otherwise
from kontor.bench.replay.outcome import Ended, Outcome
from kontor.bench.replay.replaying import Report


def test_figures_by_number_are_written() -> None:
    made = Report({"answers": {200: 7, 503: 1}}, {"canceled": 2}, [], "abc")
    assert orjson.loads(as_json(made)) == {
        "figures": {"answers": {"200": 7, "503": 1}},
        "accounted": {"canceled": 2},
        "differences": [],
        "digest": "abc",
    }


def ended(refunds: list[tuple[str, str, str]], told: int) -> Ended:
    """An order of two parcels that both came back."""
    return Ended(
        "1", "COMPLETED", "FULFILLED", "CHARGED", "RETURNED", 3000, 0, 3000,
        credited=[int(amount) for *_, amount in refunds], refunds=list(refunds), messages=Counter(refunded=told),
    )  # fmt: skip


def test_paid_back_at_once_or_in_parts_is_the_same_end() -> None:
    at_once = ended([("RETURN", "SUCCEEDED", "3000")], 1)
    in_parts = ended([("RETURN", "SUCCEEDED", "1000"), ("RETURN", "SUCCEEDED", "2000")], 2)
    assert at_once.plain() == in_parts.plain()


@pytest.mark.parametrize(
    "other",
    [
        ended([("RETURN", "SUCCEEDED", "3000")], 2),  # told twice
        ended([("RETURN", "SUCCEEDED", "2999")], 1),
        ended([("RETURN", "FAILED", "3000")], 0),
        ended([("GOODWILL", "SUCCEEDED", "3000")], 1),
    ],
)
def test_another_sum_kind_or_message_is_another_end(other: Ended) -> None:
    assert other.plain() != ended([("RETURN", "SUCCEEDED", "3000")], 1).plain()


def test_what_ended_otherwise_is_named() -> None:
    before = Outcome({"1": ended([], 0)}, [("HAMBURG", "LAMP", 3, 1)], 0).ends()
    now = Outcome({"1": ended([], 0)}, [("HAMBURG", "LAMP", 3, 0)], 0).ends()
    assert otherwise(before, dict(before)) == []
    assert otherwise(before, now) == ["HAMBURG LAMP ended as 3 0 and before as 3 1"]
    many = {str(number): "gone" for number in range(25)}
    assert otherwise(many, {})[-1] == "5 more ended otherwise than before"
