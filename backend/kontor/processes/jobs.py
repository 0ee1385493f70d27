"""The one job that drives every process: events, timers, decisions and retries, a hundred at once."""

from collections.abc import Sequence

from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.processes import service
from kontor.processes.running import Care

TRIES = 3  # how often something unexpected is tried before it becomes an incident of its instance


@job("processes.advance", batch=100)
async def advance(ctx: JobContext, items: Sequence[Item]) -> None:
    """Let the items happen to their instances."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            care = Care(alone=len(items) == 1, last=mine[0].attempts + 1 >= TRIES)
            await service.advance(db, mine, care=care)
