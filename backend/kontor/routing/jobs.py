"""When shadow prices are solved anew."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.routing import pricing

MOST_SECONDS = 400.0
"""Less than a worker gives to a job: the group that is under way is ended, others keep their prices."""


@job("routing.price_regularly", every=timedelta(hours=1))
async def price_regularly(ctx: JobContext, items: Sequence[Item]) -> None:
    """Ask for new prices when those there are older than was set and a policy goes by them."""
    async with ctx.claim(*items) as (db, mine):
        hours = ctx.runtime.settings.shadow_price_hours
        if mine and hours > 0 and not ctx.runtime.settings.simulated_clock:
            await pricing.request_due(db, every=timedelta(hours=hours))


@job(pricing.JOB)
async def solve_shadow_prices(ctx: JobContext, items: Sequence[Item]) -> None:
    """Do the runs that were asked for, each in units of work of its own."""
    for item in items:
        await pricing.solve(ctx.database, UUID(item.args["run_id"]), seconds=MOST_SECONDS)
