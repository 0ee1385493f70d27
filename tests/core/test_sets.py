"""Many values are one parameter: the statement is the same for one value and for a thousand, and uses the index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from kontor.catalog.models import ProductVariant
from kontor.core.db import Database, Session
from kontor.core.sets import any_of

ID, SKU = ProductVariant.id, ProductVariant.sku


async def three(db: Session) -> list[ProductVariant]:
    return [await make_variant(db, sku=sku) for sku in ("A", "B", "C")]


@pytest.mark.parametrize("kind", [list, tuple, set, frozenset, dict.fromkeys, lambda ids: dict.fromkeys(ids).keys()])
async def test_rows_of_many_ids_are_found(database: Database, kind: Any) -> None:
    async with database.unit_of_work() as db:
        first, _, last = await three(db)
        found = await db.scalars(sa.select(SKU).where(ID.in_(kind([first.id, last.id]))).order_by(SKU))
        assert list(found) == ["A", "C"]


async def test_rows_of_many_texts_are_found(database: Database) -> None:
    async with database.unit_of_work() as db:
        await three(db)
        found = await db.scalars(sa.select(SKU).where(any_of(SKU, {"B", "C", 'it\'s "D"'})).order_by(SKU))
        assert list(found) == ["B", "C"]
        assert list(await db.scalars(sa.select(SKU).where(any_of(SKU, [])))) == []


async def test_statement_is_the_same_for_any_number_of_values(database: Database) -> None:
    def written(condition: Any) -> str:
        return str(sa.select(SKU).where(condition).compile(database.engine.sync_engine))

    async with database.unit_of_work() as db:
        ids: Sequence[Any] = [variant.id for variant in await three(db)]
    assert written(ID.in_(ids[:1])) == written(ID.in_(ids))
    assert written(any_of(SKU, ["A"])) == written(any_of(SKU, ["A", "B", "C"]))


@pytest.mark.engine("sqlite")
async def test_index_is_used(database: Database) -> None:
    async with database.unit_of_work() as db:
        first, *_ = await three(db)
        for condition in (ID.in_([first.id]), any_of(SKU, ["A"])):
            statement = sa.select(SKU).where(condition).compile(database.engine.sync_engine)
            plan = await (await db.connection()).exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", ("[]",))
            assert any(row.detail.startswith("SEARCH product_variant") for row in plan)
