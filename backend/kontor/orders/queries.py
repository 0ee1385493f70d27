"""Statements over orders. Locking an order locks its lines, allocations and counters with it."""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks, in_key_order
from kontor.core.principal import Principal
from kontor.orders.errors import OrderNotFound
from kontor.orders.models import Order, OrderCharge, OrderHold, OrderLine


def visible_to(principal: Principal) -> sa.Select[Order]:
    """The orders a principal may see: by channel, or a customer's own. Partners and stores see fulfillment orders."""
    found = sa.select(Order)
    if principal.channel_ids is not None:
        found = found.where(Order.channel_id.in_(principal.channel_ids))
    if principal.customer_id is not None:
        found = found.where(Order.customer_id == principal.customer_id)
    if principal.partner_id is not None or principal.location_ids is not None:
        found = found.where(sa.false())
    return found


async def get_order(db: Session, order_id: UUID, principal: Principal) -> Order:
    """The order, if the principal may see it; raises `OrderNotFound`."""
    order = await db.scalar(visible_to(principal).where(Order.id == order_id))
    if order is None:
        raise OrderNotFound("There is no such order.", order_id=str(order_id))
    return order


async def lock_order(db: Session, order_id: UUID, principal: Principal | None = None) -> Order:
    """The order, locked; raises `OrderNotFound`."""
    found = visible_to(principal) if principal else sa.select(Order)
    order = await db.scalar(
        found.where(Order.id == order_id).with_for_update(of=Order).execution_options(populate_existing=True)
    )
    if order is None:
        raise OrderNotFound("There is no such order.", order_id=str(order_id))
    return order


async def lock_orders(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, Order]:
    """Orders locked in key order; ids that do not exist are left out."""
    found: dict[UUID, Order] = {}
    for part in chunks(in_key_order(order_ids)):
        rows = await db.scalars(
            sa.select(Order)
            .where(Order.id.in_(part))
            .order_by(Order.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        found.update({order.id: order for order in rows})
    return found


async def lines_of(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, list[OrderLine]]:
    """Lines by order, in their order; to be called on locked orders when counters are to be changed."""
    ids = in_key_order(order_ids)
    found: dict[UUID, list[OrderLine]] = {order_id: [] for order_id in ids}
    for part in chunks(ids):
        rows = await db.scalars(
            sa.select(OrderLine)
            .where(OrderLine.order_id.in_(part))
            .order_by(OrderLine.order_id, OrderLine.position)
            .execution_options(populate_existing=True)
        )
        for line in rows:
            found[line.order_id].append(line)
    return found


async def still_open(db: Session, order_ids: Iterable[UUID]) -> set[UUID]:
    """Of these orders those of which pieces are still to be sent."""
    found: set[UUID] = set()
    line = OrderLine
    for part in chunks(in_key_order(order_ids)):
        rows = sa.select(line.order_id).where(line.order_id.in_(part), line.ordered > line.canceled + line.shipped)
        found.update(await db.scalars(rows.distinct()))
    return found


async def charges_of(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, list[OrderCharge]]:
    """Charges by order."""
    ids = in_key_order(order_ids)
    found: dict[UUID, list[OrderCharge]] = {order_id: [] for order_id in ids}
    for part in chunks(ids):
        for charge in await db.scalars(
            sa.select(OrderCharge).where(OrderCharge.order_id.in_(part)).order_by(OrderCharge.id)
        ):
            found[charge.order_id].append(charge)
    return found


async def open_holds(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, list[OrderHold]]:
    """Holds that are not released, by order."""
    found: dict[UUID, list[OrderHold]] = {}
    for part in chunks(in_key_order(order_ids)):
        for hold in await db.scalars(
            sa.select(OrderHold)
            .where(OrderHold.order_id.in_(part), OrderHold.released_at.is_(None))
            .order_by(OrderHold.placed_at)
        ):
            found.setdefault(hold.order_id, []).append(hold)
    return found


async def lock_releasable(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, Order]:
    """Orders that may be worked on, locked: those with an open blocking hold are not among them.

    This query, not a screen, is what keeps a held order from being released.
    """
    blocked = (
        sa.select(sa.literal(1))
        .where(OrderHold.order_id == Order.id, OrderHold.blocking, OrderHold.released_at.is_(None))
        .exists()
    )
    found: dict[UUID, Order] = {}
    for part in chunks(in_key_order(order_ids)):
        rows = await db.scalars(
            sa.select(Order)
            .where(Order.id.in_(part), sa.not_(blocked))
            .order_by(Order.id)
            .with_for_update(of=Order)
            .execution_options(populate_existing=True)
        )
        found.update({order.id: order for order in rows})
    return found
