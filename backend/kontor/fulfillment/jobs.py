"""Timers of fulfillment."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.fulfillment.acceptance import measure_rejections
from kontor.fulfillment.losing import take_out_lost
from kontor.fulfillment.opening import open_scheduled
from kontor.fulfillment.recalling import announce_shipments


@job("fulfillment.open", batch=100)
async def open_due(ctx: JobContext, items: Sequence[Item]) -> None:
    """The day of scheduled work has come."""
    async with ctx.claim(*items) as (db, mine):
        await open_scheduled(db, [UUID(item.args["fulfillment_order_id"]) for item in mine], now=db.now)


@job("fulfillment.measure_rejections", every=timedelta(days=1))
async def measure(ctx: JobContext, items: Sequence[Item]) -> None:
    """Places that refuse often cost more to route to; what that is drawn from changes by the day."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            await measure_rejections(db, now=db.now)


@job("fulfillment.announce_shipment", batch=50)
async def announce_shipment(ctx: JobContext, items: Sequence[Item]) -> None:
    """The time to recall a shipment has passed."""
    async with ctx.claim(*items) as (db, mine):
        await announce_shipments(db, [UUID(item.args["shipment_id"]) for item in mine], now=db.now)


@job("fulfillment.take_out_lost", batch=50)
async def take_out(ctx: JobContext, items: Sequence[Item]) -> None:
    """Stock that work was given turned out not to be there."""
    async with ctx.claim(*items) as (db, mine):
        given = [line["fulfillment_order_id"] for item in mine for line in item.args["lines"]]
        await take_out_lost(db, [UUID(row_id) for row_id in given if row_id is not None], now=db.now)
