"""`kontor prove` runs every proof, and a proof that fails does not stop the others."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kontor import bootstrap
from kontor.bench import prove


class Recorder:
    """Stands for the processes that would be started: what they were asked, and how they end."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.failing = ""

    def __call__(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        words = command[2:]  # without the interpreter and -m
        self.asked.append(words)
        return subprocess.CompletedProcess(command, int(bool(self.failing) and self.failing in words))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr("kontor.bench.prove.subprocess.run", recorder)
    monkeypatch.delenv("KONTOR_TESTDATA", raising=False)
    return recorder


def commands(started: Recorder) -> list[str]:
    """The commands of ours that were run."""
    return [" ".join(words[1:]) for words in started.asked if words[0] == "kontor"]


def files_of(started: Recorder) -> list[str]:
    """The test files that were run."""
    return [word for words in started.asked if words[0] == "pytest" for word in words if word.startswith("tests/")]


def test_without_data_everything_but_the_replay_is_proved(started: Recorder) -> None:
    result = CliRunner().invoke(prove.app, [])
    assert result.exit_code == 0
    assert files_of(started) == [
        *prove.OTHERS, *prove.KILLED, *prove.LIVES, *prove.MONEY, *prove.CHANGES, *prove.RACES, *prove.FUZZ,
        *prove.INVOICES, *prove.GATEWAY,
    ]  # fmt: skip
    assert commands(started) == ["bench --no-write"]
    assert "Recorded orders: not replayed; name their folder by --data or KONTOR_TESTDATA\n" in result.output


def test_recorded_orders_are_replayed_plain_with_faults_and_embedded(started: Recorder, tmp_path: Path) -> None:
    for name in ("olist", "online-retail"):
        (tmp_path / name).mkdir()
    result = CliRunner().invoke(prove.app, ["--no-bench"], env={"KONTOR_TESTDATA": str(tmp_path)})
    assert result.exit_code == 0
    assert commands(started) == [
        f"replay olist --data {tmp_path}/olist",
        f"replay olist --data {tmp_path}/olist --chaos",
        f"replay olist --data {tmp_path}/olist --sqlite --orders 5000",
        f"replay sellers --data {tmp_path}/olist",
        f"prove payments --data {tmp_path}/olist --on postgresql",
        f"prove payments --data {tmp_path}/olist --on sqlite --orders 5000",
        f"replay retail --data {tmp_path}/online-retail --refused {os.devnull}",
    ]


def test_failing_proof_fails_the_whole_and_stops_nothing(started: Recorder, tmp_path: Path) -> None:
    started.failing = "--chaos"
    result = CliRunner().invoke(prove.app, ["--data", str(tmp_path)])
    assert result.exit_code == 1
    assert "Replay with faults: does NOT hold" in result.output
    assert commands(started)[-1] == "bench --no-write"


def test_named_folder_has_to_be_there(started: Recorder, tmp_path: Path) -> None:
    assert CliRunner().invoke(prove.app, ["--data", str(tmp_path / "nowhere")]).exit_code == 2
    assert CliRunner().invoke(prove.app, ["replay"]).exit_code == 2
    assert started.asked == []


def test_single_command_runs_nothing_else(started: Recorder) -> None:
    assert CliRunner().invoke(prove.app, ["fuzz", "--rounds", "3", "--on", "sqlite"]).exit_code == 0
    assert files_of(started) == list(prove.FUZZ)
    assert commands(started) == []


def test_proofs_name_tests_that_exist() -> None:
    for name in (
        *prove.OTHERS,
        *prove.KILLED,
        *prove.LIVES,
        *prove.MONEY,
        *prove.FUZZ,
        *prove.INVOICES,
        *prove.GATEWAY,
    ):
        path, _, function = name.partition("::")
        assert f"def {function}" in (bootstrap.project_root() / path).read_text(encoding="utf-8")
