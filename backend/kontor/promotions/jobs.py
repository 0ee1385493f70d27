"""Work of promotions that needs no caller."""

from collections.abc import Sequence

from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.promotions import redeeming


@job("promotions.give_back", batch=50)
async def give_back(ctx: JobContext, items: Sequence[Item]) -> None:
    """An order that was canceled as a whole, or refused, has used nothing."""
    async with ctx.claim(*items) as (db, mine):
        orders = {item.key for item in mine if item.key is not None}
        if orders:
            await redeeming.give_back(db, orders)
