"""Looking after partners' deadlines, and remembering how old their stock figures are."""

from collections.abc import Sequence
from datetime import timedelta

from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.dropship import deadlines


@job("dropship.watch_deadlines", every=timedelta(minutes=10))
async def watch_deadlines(ctx: JobContext, items: Sequence[Item]) -> None:
    """Remind of answers that are due soon, and tell of parcels that are overdue."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            await deadlines.remind_of_answers(db, now=db.now)
            await deadlines.tell_overdue(db, now=db.now)


@job("dropship.note_stock_age", every=timedelta(hours=6))
async def note_stock_age(ctx: JobContext, items: Sequence[Item]) -> None:
    """Once a day would do; the last of several counts."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            await deadlines.note_stock_age(db, now=db.now)
