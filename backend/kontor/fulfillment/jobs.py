"""Timers of fulfillment, and when orders that wait are planned jointly."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item, schedule
from kontor.fulfillment import reoptimizing
from kontor.fulfillment.acceptance import measure_rejections
from kontor.fulfillment.hiding import hide_customers
from kontor.fulfillment.lateness import note_late
from kontor.fulfillment.losing import take_out_lost
from kontor.fulfillment.opening import open_scheduled
from kontor.fulfillment.recalling import announce_shipments
from kontor.fulfillment.withdrawing import announce_answers
from kontor.routing.runs import Occasion

GATHER = timedelta(minutes=2)
"""What happens within so long leads to one run."""
MOST_SECONDS = 300.0
"""Less than half of what a worker gives to a job: reading and moving take time as well."""
_OCCASIONS = {"StockArrived": Occasion.STOCK, "FulfillmentRejected": Occasion.REJECTION}


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


@job("fulfillment.hide_customers", every=timedelta(days=1))
async def hide(ctx: JobContext, items: Sequence[Item]) -> None:
    """Partners see whose goods they send as long as shipping needs it."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            await hide_customers(db, now=db.now)


@job("fulfillment.note_late", every=timedelta(minutes=15))
async def note_passed_promises(ctx: JobContext, items: Sequence[Item]) -> None:
    """Promised days that are over, while the goods are still here."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            await note_late(db, now=db.now)


@job("fulfillment.announce_shipment", batch=50)
async def announce_shipment(ctx: JobContext, items: Sequence[Item]) -> None:
    """The time to recall a shipment has passed."""
    async with ctx.claim(*items) as (db, mine):
        await announce_shipments(db, [UUID(item.args["shipment_id"]) for item in mine], now=db.now)


@job("fulfillment.announce_answer", batch=50)
async def announce_answer(ctx: JobContext, items: Sequence[Item]) -> None:
    """The time to take an answer back has passed."""
    async with ctx.claim(*items) as (db, mine):
        await announce_answers(db, [UUID(item.args["fulfillment_order_id"]) for item in mine])


@job("fulfillment.take_out_lost", batch=50)
async def take_out(ctx: JobContext, items: Sequence[Item]) -> None:
    """Stock that work was given turned out not to be there."""
    async with ctx.claim(*items) as (db, mine):
        given = [line["fulfillment_order_id"] for item in mine for line in item.args["lines"]]
        await take_out_lost(db, [UUID(row_id) for row_id in given if row_id is not None], now=db.now)


def _is_on(ctx: JobContext) -> bool:
    """Whether orders are planned again without being asked; a replay goes through months in minutes and does not."""
    settings = ctx.runtime.settings
    return settings.reoptimize_minutes > 0 and not settings.simulated_clock


@job("fulfillment.reoptimize_regularly", every=timedelta(minutes=5))
async def reoptimize_regularly(ctx: JobContext, items: Sequence[Item]) -> None:
    """Ask for a joint planning when the last one is as long ago as was set."""
    async with ctx.claim(*items) as (db, mine):
        if mine and _is_on(ctx):
            every = timedelta(minutes=ctx.runtime.settings.reoptimize_minutes)
            await reoptimizing.request_due(db, every=every)


@job("fulfillment.note_change", batch=500)
async def note_change(ctx: JobContext, items: Sequence[Item]) -> None:
    """New stock, a refusal or a change of places: orders that wait may gain elsewhere, once the news are all in."""
    async with ctx.claim(*items) as (db, mine):
        if mine and _is_on(ctx):
            occasion = _OCCASIONS.get(mine[0].event or "", Occasion.PLACES)
            args = {"occasion": str(occasion)}
            schedule(
                db, "fulfillment.reoptimize_soon", args, due_at=db.now + GATHER, unique_key="fulfillment/reoptimize"
            )


@job("fulfillment.reoptimize_soon")
async def reoptimize_soon(ctx: JobContext, items: Sequence[Item]) -> None:
    """The news are in."""
    async with ctx.claim(*items) as (db, mine):
        for item in mine:
            reoptimizing.request_run(db, Occasion(item.args["occasion"]))


@job(reoptimizing.JOB)
async def reoptimize(ctx: JobContext, items: Sequence[Item]) -> None:
    """Do the runs that were asked for, each in units of work of its own."""
    seconds = min(MOST_SECONDS, max(0.0, float(ctx.runtime.settings.reoptimize_seconds)))
    for item in items:
        await reoptimizing.reoptimize(ctx.database, UUID(item.args["run_id"]), seconds=seconds)
