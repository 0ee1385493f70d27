"""Figures are written between their marks; what people wrote around them stays."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from kontor import bootstrap
from kontor.bench.cli import NAMES, options
from kontor.bench.report import Figure, Section, machine, marks, write

FIGURES = Section("life", [Figure("orders per second", "12.5", ratio=0.5, goal="≥ 0.4", note="two runs")], "told only")


def test_a_figure_is_written_with_machine_goal_and_ratio(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.md"
    write(FIGURES, path)
    text = path.read_text(encoding="utf-8")
    assert "| orders per second | 12.5 | 0.50 | ≥ 0.4 | two runs |" in text
    assert f"on {machine()}." in text
    assert "told only" not in text


def test_a_second_run_replaces_its_own_part_only(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.md"
    begin, end = marks("life")
    path.write_text(f"# Title\n\nMethod.\n\n{begin}\n\nold\n\n{end}\n\n## Lists\n\nmore\n", encoding="utf-8")
    write(FIGURES, path)
    write(FIGURES, path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# Title\n\nMethod.\n\n{begin}\n\nMeasured ")
    assert text.endswith(f"\n\n{end}\n\n## Lists\n\nmore\n")
    assert "old" not in text
    assert text.count("12.5") == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_document_has_a_place_for_each_benchmark(name: str) -> None:
    text = (bootstrap.project_root() / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    begin, end = marks(name)
    assert text.index(begin) < text.index(end)


def test_each_benchmark_gets_the_options_it_knows() -> None:
    assert options("life", 60, 0, "5,6") == {"orders": 60, "burst": 0}
    assert options("growth", 60, 0, "10_000,20000") == {"orders": 60, "sizes": (10_000, 20_000)}
    assert options("lists", 60, 0, "5") == {}
    with pytest.raises(typer.BadParameter):
        options("growth", None, None, "many")
