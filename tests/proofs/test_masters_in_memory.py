"""Masters that are kept in memory outlive whatever becomes of the transaction that read them."""

from __future__ import annotations

import contextlib
from typing import Any

from factories.catalog import make_variant
from factories.intake import Company, make_company, order_input, place, put_stock
from kontor.channels.service import save_sales_channels
from kontor.core.db import Database
from kontor.core.principal import SYSTEM
from kontor.orders.placing import Placed, Taken
from kontor.payments.placing import take_orders


async def _stock(database: Database, company: Company) -> None:
    async with database.unit_of_work() as db:
        variant_id = (await make_variant(db, sku="A")).id
    await put_stock(database, company.warehouse.id, variant_id, 5)


async def test_a_unit_of_work_that_fails_leaves_the_masters_in_memory_usable(database: Database) -> None:
    """What the first order of a process read survives its rollback; later orders are placed with it."""
    company = await make_company(database)
    await _stock(database, company)
    order = order_input(company.channel, ("A", 1))
    with contextlib.suppress(ZeroDivisionError):
        async with database.unit_of_work() as db:
            await take_orders(db, [Taken(order, SYSTEM)], [1])
            raise ZeroDivisionError
    assert isinstance((await place(database, company, order))[0], Placed)


async def test_masters_of_a_change_that_was_taken_back_are_not_remembered(database: Database) -> None:
    company = await make_company(database)
    await _stock(database, company)
    changed: Any = {"code": company.channel.code, "active": False}
    with contextlib.suppress(ZeroDivisionError):
        async with database.unit_of_work() as db:
            await save_sales_channels(db, [changed])
            await take_orders(db, [Taken(order_input(company.channel, ("A", 1)), SYSTEM)], [1])
            raise ZeroDivisionError
    async with database.unit_of_work() as db:
        await save_sales_channels(db, [{"code": company.channel.code, "name": "Renamed"}])
    assert isinstance((await place(database, company, order_input(company.channel, ("A", 1))))[0], Placed)
