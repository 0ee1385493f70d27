"""Background work of routing: what-if, and when shadow prices are solved anew."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.core.principal import SYSTEM
from kontor.routing import masters, pricing, runs, simulating

_ATTEMPTS = 4
_FEW = 10

MOST_SECONDS = 400.0
"""Less than a worker gives to a job: the group that is under way is ended, others keep their prices."""


@job(simulating.JOB, max_attempts=_ATTEMPTS)
async def simulate(ctx: JobContext, items: Sequence[Item]) -> None:
    """Replay the next decisions of simulations; planning runs beside the loop, so that nobody waits for it."""
    for item in items:
        simulation_id = UUID(item.args["simulation_id"])
        try:
            async with ctx.database.read_only() as db:
                portion = await simulating.read_portion(db, simulation_id, await masters.load(db))
            found = [] if portion is None else await asyncio.to_thread(simulating.replay_portion, portion)
            async with ctx.claim(item) as (db, mine):
                if mine and portion is not None:
                    await simulating.write_portion(db, portion, found)
        except Exception as problem:
            if item.attempts + 1 < _ATTEMPTS:
                raise
            async with ctx.claim(item) as (db, mine):
                if mine:
                    await simulating.fail_simulation(db, simulation_id, repr(problem))


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


@job("routing.forget", every=timedelta(days=1))
async def forget(ctx: JobContext, items: Sequence[Item]) -> None:
    """Runs of the joint planning and what-ifs are kept for `KONTOR_ROUTING_DAYS_KEPT` days; 0 keeps them for good.

    Few at a time, so that nobody waits behind a large deletion.
    """
    days = ctx.runtime.settings.routing_days_kept
    async with ctx.claim(*items) as (db, mine):
        before = db.now - timedelta(days=days)
    for forgotten in (runs.forget_runs, simulating.forget_simulations) if mine and days > 0 else ():
        while await ctx.database.in_unit(SYSTEM, partial(forgotten, before=before, most=_FEW)) == _FEW:
            pass
