"""The command line: what the demo's commands say, and that the documents name commands that there are."""

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from architecture.source import ROOT
from architecture.test_compose import command_problem
from kontor import cli, demo
from kontor.core.jobs import Runtime
from kontor.demo import masters, people
from kontor.demo.calling import Caller
from kontor.settings import Settings
from support import Run

pytestmark = pytest.mark.engine("sqlite")


@pytest.fixture
def kontor(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command in a folder of its own over the test's database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KONTOR_DATABASE_URL", settings.database_url)
    monkeypatch.setattr("kontor.cli.logging.configure", lambda *_: None)
    return lambda *words: CliRunner().invoke(cli.app, words)


@pytest.fixture
def sign_ins(kontor: Any, runtime: Runtime, run: Run) -> dict[str, str]:
    """Those of a demo company of a few orders."""
    return people.known(run(demo.tell(runtime, per_day=1, days=0)).company)


def told(result: Result) -> dict[str, str]:
    """The sign-ins a command printed."""
    return dict(re.findall(r"(?m)^  (\S+@nordlicht\.example) +(\S+)$", result.output))


def test_seeding_a_loaded_database_says_so_and_prints_the_sign_ins(kontor: Any, sign_ins: dict[str, str]) -> None:
    result = kontor("seed")
    assert result.exit_code == 0
    assert result.output.startswith("The demo company is loaded already.\n")
    assert told(result) == sign_ins


def test_lost_passwords_are_replaced_on_demand(kontor: Any, sign_ins: dict[str, str]) -> None:
    people.SIGN_INS.unlink()
    assert "`kontor seed --new-passwords`" in kontor("seed").output
    result = kontor("seed", "--new-passwords")
    assert told(result).keys() == sign_ins.keys()
    assert told(result) == told(kontor("seed"))


def test_seeding_a_database_with_other_data_is_refused(kontor: Any, runtime: Runtime, run: Run) -> None:
    run(masters.load(Caller(runtime), run(runtime.database.clock.now())))
    result = kontor("seed")
    assert result.exit_code == 1
    assert result.output.startswith("The database holds other data.")


def test_running_a_loaded_database_prints_the_sign_ins_and_serves(
    kontor: Any, sign_ins: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Any] = []
    monkeypatch.setattr(cli, "serve", lambda *given, **named: served.append((given, named)))
    result = kontor("run", "--port", "8123", "--reload")
    assert served == [(("127.0.0.1", 8123), {"reload": True})]
    assert "http://127.0.0.1:8123/graphql" in result.output
    assert told(result) == sign_ins


def test_every_command_in_the_documents_exists() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    commands = {
        (page.name, found) for page in pages for found in re.findall(r"`kontor ([a-z][^`]*)`", page.read_text("utf-8"))
    }
    assert len(commands) > 5
    problems = {command: command_problem(command[1].split()) for command in sorted(commands)}
    assert {command: problem for command, problem in problems.items() if problem} == {}


def test_every_target_of_make_in_the_documents_exists() -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8")))
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
    used = {name for page in pages for name in re.findall(r"(?m)(?:`|^)make ([a-z-]+)", page.read_text("utf-8"))}
    assert used - targets == set()
    assert {"run", "test", "check", "prove", "help"} <= used
