"""Prices that were there before there were lists become their channel's own, and stay apart as before."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from kontor import bootstrap
from kontor.core.ids import new_id
from support import Run

BEFORE, AFTER = "c4a9e71d2b60", "8d0b52c6f1e7"
NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
CHANNEL, VARIANT = new_id(), new_id()
PRICE = sa.table(
    "price", *(sa.column(name, sa.Uuid()) for name in ("id", "channel_id", "variant_id", "price_list_id")),
    sa.column("min_quantity"), sa.column("amount"), sa.column("valid_from", sa.DateTime(timezone=True)),
    sa.column("created_at", sa.DateTime(timezone=True)), sa.column("created_by"),
)  # fmt: skip


async def insert(connection: AsyncConnection, amount: int, **given: Any) -> None:
    """A price without an end; of a channel and an article that this test does without."""
    if connection.dialect.name == "postgresql":
        await connection.execute(sa.text("SET session_replication_role = replica"))  # no foreign keys
    row = {
        "id": new_id(), "channel_id": CHANNEL, "variant_id": VARIANT, "min_quantity": 1, "amount": amount,
        "valid_from": NOW, "created_at": NOW, "created_by": "test",
    }  # fmt: skip
    await connection.execute(sa.insert(PRICE).values({**row, **given}))


async def fill(url: str, *amounts: int, **given: Any) -> None:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            for amount in amounts:
                await insert(connection, amount, **given)
    finally:
        await engine.dispose()


async def rows(url: str, *columns: str) -> list[tuple[Any, ...]]:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        found = await connection.execute(sa.text(f"SELECT {', '.join(columns)} FROM price ORDER BY amount"))
        told = [tuple(row) for row in found]
    await engine.dispose()
    return told


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_prices_survive_the_way_up_and_down(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest, run: Run
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'prices.db'}"
    if engine == "postgresql":
        url = request.getfixturevalue("postgres").create_database("price_lists")
    config = bootstrap.migration_config(url)
    command.upgrade(config, BEFORE)
    run(fill(url, 1000))
    run(fill(url, 900, min_quantity=10))

    command.upgrade(config, AFTER)
    assert run(rows(url, "amount", "min_quantity", "price_list_id")) == [(900, 10, None), (1000, 1, None)]
    run(fill(url, 800, price_list_id=new_id()))
    with pytest.raises(IntegrityError, match="ex_price_validity"):
        run(fill(url, 1, valid_from=NOW.replace(hour=12)))

    command.downgrade(config, BEFORE)
    assert run(rows(url, "amount", "min_quantity")) == [(900, 10), (1000, 1)]
    with pytest.raises(IntegrityError, match="ex_price_validity"):
        run(fill(url, 1, valid_from=NOW.replace(hour=12)))
