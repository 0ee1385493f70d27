"""Runs the migrations over the asynchronous engine that Kontor itself uses, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.ext.asyncio import create_async_engine

from kontor import bootstrap
from kontor.core.db import Model
from kontor.settings import from_environment

# A migration that waits for a lock would stop everybody behind it: better to fail and repeat.
TIMEOUTS = {"lock_timeout": "4s", "statement_timeout": "15min"}


def database_url() -> str:
    """The address given by the caller (`-x url=…` or the configuration), else that of the environment."""
    given = context.get_x_argument(as_dictionary=True).get("url") or context.config.attributes.get("url")
    return str(given or from_environment().database_url)


def render(kind: str, thing: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write column types out in SQLAlchemy's own, so that a migration imports no application code."""
    if kind == "server_default" and isinstance(thing.arg, (sa.True_, sa.False_)):  # 1 and 0 on SQLite only
        return f"sa.{thing.arg}()"
    if kind != "type":
        return False
    if isinstance(thing, sa.Enum):  # the values belong to the application; the column is a text
        return f"sa.String({thing.length})"
    if isinstance(thing, sa.Uuid):
        return "sa.Uuid()"
    if isinstance(thing, sa.BigInteger) and "sqlite" in thing._variant_mapping:
        return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
    if isinstance(thing, sa.DateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(thing, sa.JSON):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def include_name(name: str | None, kind: str, parents: Any) -> bool:
    """Leave out what autogeneration cannot know: the indexes behind exclusion constraints, SQLite's text indexes."""
    hidden = {"index": "ex_", "table": "fts_"}.get(kind)
    return hidden is None or name is None or not name.startswith(hidden)


def run(connection: sa.Connection) -> None:
    """Bring the database to the wanted revision, one transaction per migration."""
    if connection.dialect.name == "postgresql":
        for name, value in TIMEOUTS.items():
            connection.exec_driver_sql(f"SET {name} = '{value}'")
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Model.metadata,
        render_as_batch=False,
        render_item=render,
        compare_type=True,
        include_name=include_name,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def online() -> None:
    """Migrate over a connection of our own."""
    engine = create_async_engine(database_url())
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


bootstrap.load_models()
if context.is_offline_mode():
    context.configure(url=database_url(), target_metadata=Model.metadata, literal_binds=True, render_item=render)
    with context.begin_transaction():
        context.run_migrations()
elif (connection := context.config.attributes.get("connection")) is not None:
    run(connection)
else:
    asyncio.run(online())
