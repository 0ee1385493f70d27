"""Work of the risk check that needs no caller."""

from collections.abc import Sequence
from datetime import timedelta

from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.orders.states import HoldKind
from kontor.risk import refusing, service


@job("risk.accept_released", batch=50)
async def accept_released(ctx: JobContext, items: Sequence[Item]) -> None:
    """A review whose hold somebody released has been accepted."""
    async with ctx.claim(*items) as (db, mine):
        released = {item.key for item in mine if item.key and item.args["kind"] == HoldKind.RISK}
        if released:
            await service.accept_released(db, released, now=db.now)


@job("risk.hold_refused_vat_id", batch=20)
async def hold_refused_vat_id(ctx: JobContext, items: Sequence[Item]) -> None:
    """Hold open orders that are untaxed because of a VAT id which its register refuses, where the channel wants it."""
    async with ctx.claim(*items) as (db, mine):
        for item in mine:
            await refusing.hold_untaxed(db, item.args["number"], now=db.now)


@job("risk.forget", every=timedelta(hours=6))
async def forget(ctx: JobContext, items: Sequence[Item]) -> None:
    """Traces are kept only as long as they are counted."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            await service.forget_sightings(db, now=db.now)
