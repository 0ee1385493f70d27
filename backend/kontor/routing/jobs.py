"""Background work of routing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.routing import masters, simulating

_ATTEMPTS = 4


@job(simulating.JOB, max_attempts=_ATTEMPTS)
async def simulate(ctx: JobContext, items: Sequence[Item]) -> None:
    """Replay the next decisions of simulations; planning runs beside the loop, so that nobody waits for it."""
    for item in items:
        simulation_id = UUID(item.args["simulation_id"])
        try:
            async with ctx.database.read_only() as db:
                portion = await simulating.read_portion(db, simulation_id, await masters.load(db))
            found = [] if portion is None else await asyncio.to_thread(simulating.replay_portion, portion)
        except Exception as problem:
            if item.attempts + 1 < _ATTEMPTS:
                raise
            async with ctx.claim(item) as (db, mine):
                if mine:
                    await simulating.fail_simulation(db, simulation_id, repr(problem))
            continue
        async with ctx.claim(item) as (db, mine):
            if mine and portion is not None:
                await simulating.write_portion(db, portion, found)
