"""What follows from changes: answers of places, deadlines, money."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from kontor.changes import queries, service
from kontor.changes.money import release_paid
from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.fulfillment.sourcing import source_orders
from kontor.orders import queries as orders
from kontor.orders.events import OrderLinesCanceled
from kontor.orders.states import FulfillmentStatus
from kontor.payments.surplus import refund_surplus


@job("changes.settle", batch=20)
async def settle_changes(ctx: JobContext, items: Sequence[Item]) -> None:
    """A place has answered, or its work went on or ended: its order's change may be closed."""
    async with ctx.claim(*items) as (db, mine):
        await service.settle_of(db, sorted({item.key for item in mine if item.key is not None}))


@job("changes.expire", batch=20)
async def expire_changes(ctx: JobContext, items: Sequence[Item]) -> None:
    """The time in which places had to answer is over."""
    async with ctx.claim(*items) as (db, mine):
        await orders.lock_orders(db, _orders(mine))
        for item in sorted(mine, key=lambda each: str(each.key)):
            order, change = await queries.lock_change(db, UUID(item.args["change_id"]))
            await service.expire_change(db, order, change, now=db.now)


@job("changes.refund", batch=20)
async def refund_changes(ctx: JobContext, items: Sequence[Item]) -> None:
    """What a change takes off an order beyond its canceled pieces goes back, as far as it came in. Once per change."""
    async with ctx.claim(*items) as (db, mine):
        await orders.lock_orders(db, _orders(mine))
        for item in sorted(mine, key=lambda each: str(each.key)):
            order, change = await queries.lock_change(db, UUID(item.args["change_id"]))
            await refund_surplus(
                db, order, most=int(item.args["most"]), reason=change.reason, source_key=f"changed/{change.id}",
                now=db.now,
            )  # fmt: skip


@job("changes.release_paid", batch=50)
async def release_paid_orders(ctx: JobContext, items: Sequence[Item]) -> None:
    """Money was promised or came in, or pieces were canceled: orders that only waited for that of a change move on."""
    async with ctx.claim(*items) as (db, mine):
        cheaper = {item.key for item in mine if item.event == OrderLinesCanceled.__name__}
        going_on = [
            order.id
            for order in (await orders.lock_orders(db, _orders(mine))).values()
            if await release_paid(db, order, now=db.now, cheaper=order.id in cheaper)
            and order.fulfillment_status in (FulfillmentStatus.PARTIALLY_FULFILLED, FulfillmentStatus.UNFULFILLED)
        ]
        if going_on:
            await db.flush()
            await source_orders(db, going_on, now=db.now)


def _orders(items: Iterable[Item]) -> set[UUID]:
    return {item.key for item in items if item.key is not None}
