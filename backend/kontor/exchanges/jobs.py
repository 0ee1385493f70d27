"""What follows from exchanges: their returns, their goods, their deadlines."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kontor.changes import service as changes
from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.exchanges import following
from kontor.orders.queries import lock_orders


@job("exchanges.follow_return", batch=20)
async def follow_return(ctx: JobContext, items: Sequence[Item]) -> None:
    """Returns were decided on, given up or closed."""
    async with ctx.claim(*items) as (db, mine):
        await lock_orders(db, [item.key for item in mine if item.key is not None])
        for item in sorted(mine, key=lambda each: str(each.key)):
            if item.key is not None:
                await following.follow_return(
                    db, item.key, item.event or "", UUID(str(item.args["return_id"])), now=db.now,
                    reason=str(item.args.get("reason", "")),
                )  # fmt: skip


@job("exchanges.follow_lines", batch=20)
async def follow_lines(ctx: JobContext, items: Sequence[Item]) -> None:
    """Goods have left or were canceled: changes and exchanges of their orders may be done by it."""
    async with ctx.claim(*items) as (db, mine):
        order_ids = sorted({item.key for item in mine if item.key is not None})
        await lock_orders(db, order_ids)
        await changes.settle_of(db, order_ids)
        await following.follow_lines(db, order_ids, now=db.now)


@job("exchanges.remind", batch=20)
async def remind(ctx: JobContext, items: Sequence[Item]) -> None:
    """Goods are due soon for which others have left."""
    async with ctx.claim(*items) as (db, mine):
        await lock_orders(db, [item.key for item in mine if item.key is not None])
        for item in sorted(mine, key=lambda each: str(each.key)):
            await following.remind(db, UUID(item.args["exchange_id"]), now=db.now)


@job("exchanges.overdue", batch=20)
async def overdue(ctx: JobContext, items: Sequence[Item]) -> None:
    """Goods for which others have left did not come in time."""
    async with ctx.claim(*items) as (db, mine):
        await lock_orders(db, [item.key for item in mine if item.key is not None])
        for item in sorted(mine, key=lambda each: str(each.key)):
            await following.overdue(db, UUID(item.args["exchange_id"]), now=db.now)


@job("exchanges.collect_late", batch=20)
async def collect_late(ctx: JobContext, items: Sequence[Item]) -> None:
    """Payments were named, perhaps for goods of an exchange that did not come back."""
    async with ctx.claim(*items) as (db, mine):
        named = {UUID(item.args["payment_id"]): item.key for item in mine if item.key and not item.args["amount"]}
        await following.collect_late(db, named)
