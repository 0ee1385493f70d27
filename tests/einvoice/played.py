"""Random documents made by the services, for the tests of what is written of them."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import sqlalchemy as sa

from kontor.bench.invoice_play import play
from kontor.bench.invoice_world import Company, build, random_order
from kontor.core.db import Database
from kontor.invoicing.models import CreditNote, Invoice
from kontor.invoicing.papers import Paper, papers_of
from kontor.orders.models import Order

BATCH = 10


async def played(database: Database, seed: int, orders: int) -> AsyncIterator[list[Paper]]:
    """The invoices and credit notes of random orders, batch by batch."""
    company, chance = await build(database), random.Random(seed)
    for first in range(0, orders, BATCH):
        yield await batch(database, company, chance, range(first, min(first + BATCH, orders)))


async def batch(database: Database, company: Company, chance: random.Random, numbers: range) -> list[Paper]:
    """The documents of some orders."""
    wanted = [random_order(company, chance, number) for number in numbers]
    ids = await play(database, company, wanted, chance)
    async with database.read_only() as db:
        invoices = list(await db.scalars(sa.select(Invoice.id).where(Invoice.order_id.in_(ids)).order_by(Invoice.id)))
        notes = await db.scalars(sa.select(CreditNote.id).where(CreditNote.order_id.in_(ids)).order_by(CreditNote.id))
        return await papers_of(db, invoices, list(notes), drawn=True)


async def order_totals(database: Database) -> dict[str, tuple[int, int]]:
    """Total and tax of each order by its number, as they were frozen when it was taken."""
    async with database.read_only() as db:
        rows = await db.execute(sa.select(Order.number, Order.total, Order.tax_total))
        return {number: (total, tax) for number, total, tax in rows}
