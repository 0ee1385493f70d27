"""Orders that their processes drive, and looks at where those stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.intake import Company, make_company, order_input, place, put_stock
from kontor.care.models import Case
from kontor.catalog.models import ProductVariant
from kontor.core.db import Database, Session
from kontor.core.outbox import EventRecord
from kontor.fulfillment.delivering import Delivery, record_delivery
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.orders.models import Order
from kontor.orders.placing import Placed
from kontor.processes import engine, queries
from kontor.processes.library import library_of
from kontor.processes.models import ProcessInstance
from kontor.processes.work import TASKS, TaskFunction


async def make_store(database: Database, stock: int = 100, **channel: Any) -> tuple[Company, ProductVariant]:
    """A company with one article in stock."""
    company = await make_company(database, **channel)
    async with database.unit_of_work() as db:
        variant = await make_variant(db)
    if stock:
        await put_stock(database, company.warehouse.id, variant.id, stock)
    return company, variant


async def order_one(
    database: Database, company: Company, variant: ProductVariant, quantity: int = 1, **given: Any
) -> UUID:
    """An order of one line that was taken; its id."""
    (placed,) = await place(database, company, order_input(company.channel, (variant.sku, quantity), **given))
    assert isinstance(placed, Placed), placed
    return placed.order_id


async def instances_of(database: Database, order_id: UUID) -> list[ProcessInstance]:
    """The instances of an order, oldest first."""
    async with database.read_only() as db:
        found = sa.select(ProcessInstance).where(ProcessInstance.order_id == order_id).order_by(ProcessInstance.id)
        return list(await db.scalars(found))


async def standing(database: Database, order_id: UUID, key: str = "order") -> list[str]:
    """Where the instances of one kind stand, boundary events left out."""
    found: list[str] = []
    async with database.read_only() as db:
        library = library_of(db)
        for instance in await instances_of(database, order_id):
            if instance.key == key:
                await library.load(db, [instance.definition_id])
                definition = library.compiled[instance.definition_id]
                found += [
                    place.node
                    for place in engine.places(definition, instance.data)
                    if not place.kind.startswith("boundary") and place.kind != "subprocess"
                ]
    return found


async def order_state(database: Database, order_id: UUID) -> str:
    """The order's state."""
    async with database.read_only() as db:
        return str((await db.get_one(Order, order_id)).state)


async def work_of(database: Database, order_id: UUID) -> list[FulfillmentOrder]:
    """The fulfillment orders of an order, oldest first."""
    async with database.read_only() as db:
        found = sa.select(FulfillmentOrder).where(FulfillmentOrder.order_id == order_id).order_by(FulfillmentOrder.id)
        return list(await db.scalars(found))


async def ship_all(database: Database, order_id: UUID) -> None:
    """Everything that was given to places leaves them."""
    for row in await work_of(database, order_id):
        if row.state in ("OPEN", "ACCEPTED", "PICKED", "PACKED"):
            async with database.unit_of_work() as db:
                await ship(db, Shipping(row.id), now=db.now, how=How(accepts_open=True))


async def deliver_all(database: Database, order_id: UUID) -> None:
    """Everything that left has arrived."""
    for row in await work_of(database, order_id):
        async with database.unit_of_work() as db:
            await record_delivery(db, Delivery(row.id), now=db.now)


async def cases_of(database: Database, order_id: UUID) -> list[tuple[str, str]]:
    """Kind and state of the cases about an order, oldest first."""
    async with database.read_only() as db:
        rows = await db.scalars(sa.select(Case).where(Case.order_id == order_id).order_by(Case.id))
        return [(row.kind, str(row.state)) for row in rows]


async def told(database: Database, name: str) -> int:
    """How often an event was recorded."""
    async with database.read_only() as db:
        found = sa.select(sa.func.count()).select_from(EventRecord).where(EventRecord.name == name)
        return int(await db.scalar(found) or 0)


async def send(database: Database, do: Callable[[Session, ProcessInstance], None], instance_id: UUID) -> None:
    """Ask something of an instance, as the API does."""
    async with database.unit_of_work() as db:
        do(db, await queries.lock_instance(db, instance_id))


def rewired(monkeypatch: pytest.MonkeyPatch, name: str, function: TaskFunction) -> TaskFunction:
    """Put another function behind a task; the one that was there."""
    before = TASKS[name].function
    monkeypatch.setitem(TASKS, name, replace(TASKS[name], function=function))
    return before
