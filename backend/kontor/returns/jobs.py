"""Timers of returns."""

from collections.abc import Sequence
from uuid import UUID

from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.returns.service import expire


@job("returns.expire", batch=20)
async def expire_returns(ctx: JobContext, items: Sequence[Item]) -> None:
    """The labels of returns have ended."""
    async with ctx.claim(*items) as (db, mine):
        for item in sorted(mine, key=lambda each: str(each.key)):
            await expire(db, UUID(item.args["return_id"]), now=db.now)
