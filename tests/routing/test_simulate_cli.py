"""`kontor simulate`: both policies side by side."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kontor import bootstrap
from kontor.core.db import Database
from kontor.routing.simulate_cli import app
from routing.test_simulating import season
from support import Run, StandingClock


@pytest.fixture(autouse=True)
def _database(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("KONTOR_DATABASE_URL", database_url)
    bootstrap.load_models()


def asked(clock: StandingClock, policy: str, *more: str) -> list[str]:
    since, until = (clock.moment + timedelta(days=days) for days in (-1, 1))
    return ["--since", f"{since:%Y-%m-%d}", "--until", f"{until:%Y-%m-%d}", "--policy", policy, *more]


def test_both_sides_are_printed(database: Database, run: Run, clock: StandingClock) -> None:
    run(season(database))
    done = CliRunner().invoke(app, asked(clock, "priority"))
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[1].split()[-3:] == ["18.80", "24.50", "5.70"]
    assert lines[-1] == "5 orders, 3 of them served otherwise; done."
    assert "0 of 5 orders" in done.stderr


def test_draft_in_a_file_is_tried(database: Database, run: Run, clock: StandingClock, tmp_path: Path) -> None:
    run(season(database, 2))
    file = tmp_path / "draft.json"
    rule = {"name": "no stores", "kind": "KEEP_OUT", "when": 'place.kind == "STORE"'}
    file.write_text(json.dumps({"rules": [rule]}))
    done = CliRunner().invoke(app, asked(clock, str(file), "--json", "--country", "DE"))
    result = json.loads(done.stdout)
    assert (done.exit_code, result["state"], result["orders"], result["changed"]) == (0, "DONE", 2, 2)


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize(("policy", "words"), [("nothing", "neither one of"), ("web/3", "no version 3 of web")])
def test_unknown_policy_is_refused(database: Database, clock: StandingClock, policy: str, words: str) -> None:
    done = CliRunner().invoke(app, asked(clock, policy))
    assert done.exit_code == 2
    assert words in done.stderr.replace("\n", " ")
