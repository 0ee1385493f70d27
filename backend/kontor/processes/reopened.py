"""Orders that had ended their process before lines were added: nobody waits for those, so they are completed here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.orders import queries as orders
from kontor.orders import service
from kontor.orders.states import FulfillmentStatus, OrderState
from kontor.processes.messages import ORDER
from kontor.processes.models import ProcessInstance
from kontor.processes.states import InstanceState


async def complete_again(db: Session, order_ids: Iterable[UUID], *, now: datetime) -> None:
    """Complete orders of which everything has arrived and whose process is over."""
    locked = await orders.lock_orders(db, order_ids)
    over = set(
        await db.scalars(
            sa.select(ProcessInstance.order_id).where(
                ProcessInstance.order_id.in_(list(locked)),
                ProcessInstance.key == ORDER,
                ProcessInstance.state == InstanceState.FINISHED,
            )
        )
    )
    arrived = [
        order
        for order in locked.values()
        if order.id in over
        and order.state is OrderState.IN_FULFILLMENT
        and order.fulfillment_status is FulfillmentStatus.DELIVERED
    ]
    service.complete(db, arrived, now=now)
