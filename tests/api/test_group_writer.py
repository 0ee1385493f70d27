"""Calls that come together are placed together, and stock that goes meanwhile costs a second round, never a promise."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from factories.catalog import make_variant
from factories.intake import Company, make_company, order_input, put_stock
from kontor.api import group_writer
from kontor.api.group_writer import GroupWriter
from kontor.core.db import Database, Session
from kontor.core.principal import SYSTEM
from kontor.inventory.allocating import Pick
from kontor.inventory.models import StockLevel
from kontor.inventory.redeeming import Redemption, allocate_redeeming
from kontor.orders.errors import OutOfStock
from kontor.orders.placing import Outcome, Placed, StockMoved, Taken
from kontor.payments.placing import take_orders


async def company_with(database: Database, pieces: int) -> Company:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="A")
    await put_stock(database, company.warehouse.id, variant.id, pieces)
    return company


def taken(company: Company) -> Taken:
    return Taken(order_input(company.channel, ("A", 1)), SYSTEM)


async def test_callers_who_were_answered_together_make_one_batch_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_writer, "PATIENCE", 10_000)
    company, writer = await company_with(database, 100), GroupWriter(database)
    sizes: list[int] = []
    place_many = writer.place_many

    async def counted(batch: Sequence[Taken], **options: Any) -> list[Outcome]:
        sizes.append(len(batch))
        return await place_many(batch, **options)

    monkeypatch.setattr(writer, "place_many", counted)

    async def caller(number: int) -> None:
        for _ in range(3):
            assert isinstance(await writer.place(taken(company)), Placed)
            await asyncio.sleep(0.002 * number)  # none of them comes back at the same moment

    async with asyncio.timeout(60):
        await asyncio.gather(*[caller(number) for number in range(4)])
    assert sizes == [4, 4, 4]


async def test_stock_that_goes_while_a_batch_is_written_is_found_the_second_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = await company_with(database, 2)
    rounds = 0

    async def gone_at_first(db: Session, picks: Sequence[Pick], redemptions: Sequence[Redemption]) -> bool:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            return False
        if rounds == 2:  # somebody else has a piece by now
            await db.execute(sa.update(StockLevel).values(allocated=1))
        return await allocate_redeeming(db, picks, redemptions)

    monkeypatch.setattr("kontor.orders.placing.allocate_redeeming", gone_at_first)
    first, second = await GroupWriter(database).place_many([taken(company), taken(company)])
    assert (type(first), type(second)) == (Placed, OutOfStock)
    async with database.read_only() as db:
        assert await db.scalar(sa.select(StockLevel.allocated)) == 2


async def test_other_buyers_and_a_twin_may_both_come_meanwhile(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = await company_with(database, 1)
    problems: list[Exception] = [StockMoved(), IntegrityError("twin", None, Exception())]
    firsts: list[bool] = []

    async def troubled(
        db: Session, batch: Sequence[Taken], numbers: Sequence[int], *, stock_last: bool
    ) -> list[Outcome]:
        firsts.append(stock_last)
        if problems:
            raise problems.pop(0)
        return await take_orders(db, batch, numbers, stock_last=stock_last)

    monkeypatch.setattr(group_writer, "take_orders", troubled)
    [outcome] = await GroupWriter(database).place_many([taken(company)])
    assert isinstance(outcome, Placed)
    assert firsts == [True, False, False]
