"""Runs the migrations over the asynchronous engine that Kontor itself uses, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
from typing import Any

import sqlalchemy as sa
from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine

from kontor import bootstrap
from kontor.core.db import Model
from kontor.settings import from_environment

LOCK_TIMEOUT = "4s"  # a migration that waits for a lock would stop everybody behind it: better to fail and repeat


def database_url() -> str:
    """The address given by the caller (`-x url=…` or the configuration), else that of the environment."""
    given = context.get_x_argument(as_dictionary=True).get("url") or context.config.attributes.get("url")
    return str(given or from_environment().database_url)


def render(kind: str, thing: Any, autogen: Any) -> str | bool:
    """Write our own column types out in SQLAlchemy's, so that a migration imports no application code."""
    if kind != "type" or not type(thing).__module__.startswith("kontor."):
        return False
    return f"sa.{thing.impl!r}"


def run(connection: sa.Connection) -> None:
    """Bring the database to the wanted revision, one transaction per migration."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        # Trusted since PostgreSQL 13: the owner of the database may create it.
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Model.metadata,
        render_as_batch=False,
        render_item=render,
        compare_type=True,
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
