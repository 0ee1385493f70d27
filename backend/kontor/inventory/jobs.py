"""Work on stock that is due by time, or follows from what became of offers."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.inventory import offering, reservations


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


@job("inventory.list_offered", batch=20)
async def list_offered(ctx: JobContext, items: Sequence[Item]) -> None:
    """Offers were approved: their articles can be given stock."""
    async with ctx.claim(*items) as (db, mine):
        await offering.list_offered(db, [UUID(each) for item in mine for each in item.args["offer_ids"]])


@job("inventory.unlist_withdrawn", batch=20)
async def unlist_withdrawn(ctx: JobContext, items: Sequence[Item]) -> None:
    """Offers were withdrawn: nothing new is promised of their articles at their partners' places."""
    async with ctx.claim(*items) as (db, mine):
        await offering.unlist_withdrawn(db, [UUID(each) for item in mine for each in item.args["offer_ids"]])
