"""The migrations are the schema: one line of them leads from an empty database to what the models say."""

import ast
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from architecture.source import ROOT, imported
from kontor import bootstrap
from kontor.bench.services import PostgresServer
from kontor.core.db import Model
from support import Run

VERSIONS = sorted((ROOT / "migrations" / "versions").glob("*.py"))


def foreign_imports(text: str) -> list[str]:
    """Imports beyond the standard library, Alembic and SQLAlchemy: a migration must not change with the code."""
    names = [name for node in ast.walk(ast.parse(text)) for name in imported(node)]
    return [name for name in names if name.split(".")[0] == "kontor"]


async def differences(url: str) -> list[str]:
    """What a migration made now would contain."""
    bootstrap.load_models()
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(_compared)
    await engine.dispose()
    return found


def _compared(connection: sa.Connection) -> list[str]:
    options = {"compare_type": True, "include_name": _included}
    return [
        str(item) for item in compare_metadata(MigrationContext.configure(connection, opts=options), Model.metadata)
    ]


def _included(name: str | None, kind: str, _parents: object) -> bool:
    hidden = {"index": "ex_", "table": "fts_"}.get(kind)
    return hidden is None or name is None or not name.startswith(hidden)


def test_import_of_the_application_is_found() -> None:
    assert foreign_imports("import sqlalchemy as sa\nfrom kontor.core.db import Model\n") == ["kontor.core.db"]


def test_migrations_import_no_application_code() -> None:
    assert {path.name: found for path in VERSIONS if (found := foreign_imports(path.read_text()))} == {}


def test_migrations_form_one_line() -> None:
    script = ScriptDirectory.from_config(bootstrap.migration_config(""))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    assert len(list(script.walk_revisions())) == len(VERSIONS)


def test_models_and_migrations_agree_on_sqlite(tmp_path: Path, run: Run) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
    bootstrap.migrate(url)
    assert run(differences(url)) == []


def test_models_and_migrations_agree_on_postgresql(postgres: PostgresServer, run: Run) -> None:
    url = postgres.create_database("migrated")
    bootstrap.migrate(url)
    assert run(differences(url)) == []


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_migrating_down_leaves_nothing(engine: str, tmp_path: Path, request: pytest.FixtureRequest, run: Run) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
    if engine == "postgresql":
        url = request.getfixturevalue("postgres").create_database("down_again")
    bootstrap.migrate(url)
    command.downgrade(bootstrap.migration_config(url), "base")
    assert run(_tables(url)) == ["alembic_version"]


async def _tables(url: str) -> list[str]:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
    await engine.dispose()
    return found
