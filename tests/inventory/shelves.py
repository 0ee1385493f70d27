"""A place with an article in it, and short ways to look at what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from factories.catalog import make_variant
from factories.channels import make_channel
from factories.inventory import make_stock
from factories.locations import make_location
from kontor.catalog.models import ProductVariant
from kontor.channels.models import SalesChannel
from kontor.core.db import Database
from kontor.core.outbox import EventRecord
from kontor.inventory.differences import differences
from kontor.inventory.models import Allocation, MovementKind, StockLevel, StockMovement
from kontor.locations.models import StockLocation
from kontor.orders.models import OrderLine


@dataclass
class Shelf:
    """One article at one place, for one channel."""

    database: Database
    channel: SalesChannel
    place: StockLocation
    variant: ProductVariant

    async def level(self) -> StockLevel:
        async with self.database.read_only() as db:
            return await db.get_one(StockLevel, (self.place.id, self.variant.id))

    async def counters(self) -> tuple[int, int, int]:
        """On hand, allocated, reserved."""
        level = await self.level()
        return level.on_hand, level.allocated, level.reserved

    async def line_of(self, allocation: Allocation) -> OrderLine:
        async with self.database.read_only() as db:
            return await db.get_one(OrderLine, allocation.order_line_id)

    async def movements(self) -> list[tuple[MovementKind, int, int, int]]:
        async with self.database.read_only() as db:
            row = StockMovement
            rows = await db.execute(
                sa.select(row.kind, row.on_hand, row.allocated, row.reserved)
                .where(row.location_id == self.place.id, row.variant_id == self.variant.id)
                .order_by(row.id)
            )
            return [tuple(each) for each in rows]  # type: ignore[misc]

    async def events(self, name: str) -> list[EventRecord]:
        async with self.database.read_only() as db:
            found = sa.select(EventRecord).where(EventRecord.name == name).order_by(EventRecord.position)
            return list(await db.scalars(found))

    async def allocations(self) -> dict[UUID, int]:
        """Pieces on hand that each order still has."""
        async with self.database.read_only() as db:
            found = sa.select(Allocation.order_id, Allocation.quantity).where(Allocation.inbound_id.is_(None))
            return {row.order_id: row.quantity for row in await db.execute(found)}

    async def sound(self) -> bool:
        """Whether every counter is what its rows say."""
        async with self.database.read_only() as db:
            return await differences(db) == []


async def make_shelf(database: Database, on_hand: int | None = 10) -> Shelf:
    """A shelf with so many pieces; None for one that was never counted."""
    async with database.unit_of_work() as db:
        channel, place = await make_channel(db), await make_location(db, code="HAM")
        variant = await make_variant(db, sku="LAMP")
        if on_hand is not None:
            await make_stock(db, place, variant, on_hand)
    return Shelf(database, channel, place, variant)
