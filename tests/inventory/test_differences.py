"""The check that counters are what their rows say."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from factories.inventory import make_allocation, make_inbound, make_reservation
from inventory.shelves import make_shelf
from kontor.core.db import Database
from kontor.inventory.differences import StockDifference, differences
from kontor.inventory.models import Allocation, InboundStock, Reservation, StockLevel, StockMovement


async def test_pain_04_ledger_equals_counters(database: Database) -> None:
    shelf = await make_shelf(database, 10)
    async with database.unit_of_work() as db:
        level = await db.get_one(StockLevel, (shelf.place.id, shelf.variant.id))
        await make_reservation(db, shelf.channel, level, 2)
        await make_allocation(db, shelf.channel, shelf.variant, level, 3)
        goods = await make_inbound(db, shelf.place, shelf.variant, 5)
        await make_allocation(db, shelf.channel, shelf.variant, goods, 4)
    assert await shelf.sound()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (sa.update(StockLevel).values(on_hand=11), [("on_hand", "movements", 11, 10)]),
        (
            sa.update(StockLevel).values(allocated=2),
            [("allocated", "movements", 2, 3), ("allocated", "allocations", 2, 3)],
        ),
        (sa.update(Reservation).values(quantity=1), [("reserved", "reservations", 2, 1)]),
        (sa.delete(Allocation).where(Allocation.inbound_id.is_(None)), [("allocated", "allocations", 3, 0)]),
        (sa.update(InboundStock).values(allocated=3), [("allocated", "bound allocations", 3, 4)]),
        (
            sa.delete(StockLevel),
            [
                ("on_hand", "movements", 0, 10),
                ("allocated", "movements", 0, 3),
                ("reserved", "movements", 0, 2),
                ("reserved", "reservations", 0, 2),
                ("allocated", "allocations", 0, 3),
            ],
        ),
        (
            sa.delete(StockMovement),
            [("on_hand", "movements", 10, 0), ("allocated", "movements", 3, 0), ("reserved", "movements", 2, 0)],
        ),
    ],
)
async def test_every_tampering_is_found(
    database: Database, statement: sa.Update | sa.Delete, found: list[tuple[str, str, int, int]]
) -> None:
    shelf = await make_shelf(database, 10)
    async with database.unit_of_work() as db:
        level = await db.get_one(StockLevel, (shelf.place.id, shelf.variant.id))
        await make_reservation(db, shelf.channel, level, 2)
        await make_allocation(db, shelf.channel, shelf.variant, level, 3)
        goods = await make_inbound(db, shelf.place, shelf.variant, 5)
        await make_allocation(db, shelf.channel, shelf.variant, goods, 4)
    async with database.unit_of_work() as db:
        await db.execute(statement.execution_options(synchronize_session=False))

    async with database.read_only() as db:
        result = await differences(db)

    assert [(each.counter, each.against, each.recorded, each.computed) for each in result] == found
    assert {(each.location_id, each.variant_id) for each in result} == {(shelf.place.id, shelf.variant.id)}
    assert all(isinstance(each, StockDifference) for each in result)
