"""The job that drives every process, a hundred happenings at once, and what follows from canceled pieces."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from kontor.core.jobs import JobContext, RetryLater, job
from kontor.core.outbox import Item
from kontor.payments.errors import CaptureUndecided
from kontor.processes import canceled, reopened, service
from kontor.processes.running import Care

UNDECIDED = timedelta(seconds=5)
TRIES = 3  # how often something unexpected is tried before it becomes an incident of its instance


@job("processes.advance", batch=100)
async def advance(ctx: JobContext, items: Sequence[Item]) -> None:
    """Let the items happen to their instances."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            care = Care(alone=len(items) == 1, last=mine[0].attempts + 1 >= TRIES)
            try:
                await service.advance(db, mine, care=care)
            except CaptureUndecided as problem:
                if not care.alone:
                    raise
                raise RetryLater(UNDECIDED, problem.message) from None


@job("processes.refund_canceled", batch=20)
async def refund_canceled(ctx: JobContext, items: Sequence[Item]) -> None:
    """Money that came in for pieces that were canceled goes back."""
    async with ctx.claim(*items) as (db, mine):
        for item in sorted(mine, key=lambda each: (str(each.key), each.id)):
            await canceled.refund_canceled(db, item, now=db.now)


@job("processes.source_reopened", batch=20)
async def source_reopened(ctx: JobContext, items: Sequence[Item]) -> None:
    """Orders whose goods had all left have open pieces again, which nobody else gives to places."""
    async with ctx.claim(*items) as (db, mine):
        await reopened.source_again(db, _orders(mine), now=db.now)


@job("processes.complete_reopened", batch=50)
async def complete_reopened(ctx: JobContext, items: Sequence[Item]) -> None:
    """Orders that were complete before something was added to them have arrived, or were waited for long enough."""
    async with ctx.claim(*items) as (db, mine):
        await reopened.complete_again(db, _orders(item for item in mine if item.event), now=db.now)
        await reopened.complete_waited(db, _orders(item for item in mine if not item.event), now=db.now)


def _orders(items: Iterable[Item]) -> set[UUID]:
    return {item.key for item in items if item.key is not None}
