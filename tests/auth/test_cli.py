"""The command that adds the first administrator."""

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from kontor import cli
from kontor.auth import cli as user
from kontor.auth.models import User
from kontor.auth.permissions import Role
from kontor.core.db import Database
from support import Run

CREATE = ["user", "create-admin", "--email", "ada@kontor.example", "--name", "Ada Lovelace", "--password-stdin"]


@pytest.fixture(autouse=True)
def _command(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("KONTOR_DATABASE_URL", database_url)
    if "user" not in {group.name for group in cli.app.registered_groups}:
        cli.app.add_typer(user.app, name="user")


async def people(database: Database) -> list[tuple[str, str, Role]]:
    async with database.read_only() as db:
        return [(row.email, row.name, row.role) for row in await db.scalars(sa.select(User))]


def test_first_administrator_is_added_once(database: Database, run: Run) -> None:
    done = CliRunner().invoke(cli.app, CREATE, input="quiet-river-42-lantern\n")
    assert (done.exit_code, done.output) == (0, "ada@kontor.example can sign in.\n")
    again = CliRunner().invoke(cli.app, CREATE, input="quiet-river-42-lantern\n")
    assert (again.exit_code, "administrator already" in again.output) == (1, True)
    assert run(people(database)) == [("ada@kontor.example", "Ada Lovelace", Role.ADMIN)]


def test_weak_password_adds_nobody(database: Database, run: Run) -> None:
    done = CliRunner().invoke(cli.app, CREATE, input="secret\n")
    assert done.exit_code == 1
    assert run(people(database)) == []
