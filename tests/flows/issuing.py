"""A process that issues invoices for shipments, a few at a time, until all are done; it may be killed at any moment."""

from __future__ import annotations

import asyncio
import random
import sys
from uuid import UUID

from kontor import bootstrap
from kontor.core.db import Database
from kontor.invoicing import service


async def main(url: str, seed: str, shipments: list[str]) -> None:
    """Issue for every shipment; those that have their invoice keep it."""
    bootstrap.load_models()
    database, chance = Database(url), random.Random(seed)
    todo = [UUID(each) for each in shipments]
    chance.shuffle(todo)
    while todo:
        part, todo = todo[:2], todo[2:]
        async with database.unit_of_work() as db:
            await service.issue_invoices(db, part, now=db.now)
            await asyncio.sleep(chance.random() / 20)  # it is killed with numbers taken and nothing committed, too
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
