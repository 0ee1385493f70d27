"""Work on stock that is due by time."""

from collections.abc import Sequence
from datetime import timedelta

from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.inventory import reservations


@job("inventory.release_expired", batch=50)
async def release_expired(ctx: JobContext, items: Sequence[Item]) -> None:
    """Give up reservations whose time is over."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            await reservations.release_expired(db)


@job("inventory.sweep_expired", every=timedelta(minutes=15))
async def sweep_expired(ctx: JobContext, items: Sequence[Item]) -> None:
    """Give up what came back into reservations after their time."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            await reservations.release_expired(db)
