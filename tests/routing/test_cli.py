"""`kontor route`: a file in, the decision out."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from kontor.routing.cli import app


def instance(mode: str) -> dict[str, Any]:
    """One place with one piece that two orders want."""
    order = {"channel": "web", "region": "north", "priority": 0, "promised_day": 3}
    line = {"id": "1", "sku": "s", "qty": 1}
    return {
        "format": "routing-instance/1",
        "mode": mode,
        "now": 0,
        "horizon_days": 2,
        "tariff": {"bulky_unit_cents": 0},
        "policy": {
            "split_cents": 60,
            "late_parcel_day_cents": 0,
            "late_unit_day_cents": 0,
            "priority_factor": {"0": 1},
        },
        "skus": [{"id": "s", "weight_g": 100, "shortage_cents": 900}],
        "locations": [{"id": "p", "handling_parcel_cents": 10, "handling_unit_cents": 5}],
        "lanes": {"p": {"north": [10, 400, 0, 1]}},
        "stock": [{"location": "p", "sku": "s", "on_hand": 1}],
        "orders": [{**order, "id": name, "lines": [line]} for name in ("a", "b")],
    }


def run(tmp_path: Path, content: object, *options: str) -> tuple[int, str, str]:
    file = tmp_path / "instance.json"
    file.write_bytes(content if isinstance(content, bytes) else orjson.dumps(content))
    result = CliRunner().invoke(app, [str(file), *options])
    return result.exit_code, result.stdout, result.stderr


def test_independent_orders_each_see_the_whole_stock(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, instance("independent"))
    decision = orjson.loads(out)
    assert (code, decision["format"]) == (0, "routing-decision/1")
    assert [(row["id"], row["cost_cents"], len(row["parcels"])) for row in decision["orders"]] == [
        ("a", 415, 1),
        ("b", 415, 1),
    ]
    assert "bound_cents" not in decision


def test_batch_shares_the_stock_and_says_how_far_it_may_be_off(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, instance("batch"), "--seconds", "20", "--seed", "3")
    decision = orjson.loads(out)
    assert code == 0
    assert sorted(row["cost_cents"] for row in decision["orders"]) == [415, 900]
    assert (decision["cost_cents"], decision["bound_cents"], decision["gap"]) == (1315, 1315, 0.0)


def test_instance_may_come_from_the_input() -> None:
    result = CliRunner().invoke(app, ["-"], input=orjson.dumps(instance("independent")))
    assert (result.exit_code, len(orjson.loads(result.stdout)["orders"])) == (0, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "format: The format is not routing-instance/1."),
        ({"mode": "both"}, "mode: The mode is none of independent, batch."),
        ({"now": "today"}, "now: A whole number is expected."),
        ({"stock": [{"location": "q", "sku": "s", "on_hand": 1}]}, "stock.0.location: There is no such place."),
        ({"orders": [{"id": "a"}]}, "orders.0.lines: A list is expected."),
    ],
)
def test_bad_field_ends_with_its_name(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    code, out, err = run(tmp_path, {**instance("batch"), **change})
    assert (code, out, err) == (2, "", f"{tmp_path / 'instance.json'}: {message}\n")


def test_file_that_is_no_json_or_not_there_is_refused_in_one_line(tmp_path: Path) -> None:
    code, _, err = run(tmp_path, b"{")
    assert (code, err.count("\n")) == (2, 1)
    assert "The file is no JSON" in err
    result = CliRunner().invoke(app, [str(tmp_path / "none.json")])
    assert result.exit_code == 2
    assert result.stderr == f"{tmp_path / 'none.json'}: The file cannot be read (No such file or directory).\n"
