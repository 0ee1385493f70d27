"""Customer care in a real browser: a company with lamps to sell, and the people of its desk."""

from __future__ import annotations

import asyncio

import pytest

from factories.catalog import make_variant
from factories.intake import Company, make_company, put_stock
from frontend.care.desk import people
from kontor.core.db import Database


@pytest.fixture
def company(database: Database, runner: asyncio.Runner) -> Company:
    """A shop that sells lamps from a warehouse; its people speak English unless a test makes others."""

    async def made() -> Company:
        found = await make_company(database)
        async with database.unit_of_work() as db:
            variant = await make_variant(db, sku="LAMP")
        await put_stock(database, found.warehouse.id, variant.id, 50)
        await people(database)
        return found

    return runner.run(made())
