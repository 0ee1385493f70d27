"""A replay's report can be kept, whatever its figures are counted by."""

import orjson

from kontor.bench.replay.cli import as_json
from kontor.bench.replay.replaying import Report


def test_figures_by_number_are_written() -> None:
    made = Report({"answers": {200: 7, 503: 1}}, {"canceled": 2}, [], "abc")
    assert orjson.loads(as_json(made)) == {
        "figures": {"answers": {"200": 7, "503": 1}},
        "accounted": {"canceled": 2},
        "differences": [],
        "digest": "abc",
    }
