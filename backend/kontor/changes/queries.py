"""Statements over changes."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import sqlalchemy as sa

from kontor.changes.errors import ChangeNotFound, ChangeOpen
from kontor.changes.models import OrderChange
from kontor.changes.states import ChangeState
from kontor.changes.values import ChargePreview
from kontor.core.db import Session, in_key_order
from kontor.core.principal import Principal
from kontor.locations.models import StockLocation
from kontor.orders import queries as orders
from kontor.orders.models import Order, OrderCharge


async def open_change(db: Session, order_id: UUID) -> OrderChange | None:
    """The change of an order that waits for an answer."""
    found: OrderChange | None = await db.scalar(
        sa.select(OrderChange)
        .where(OrderChange.order_id == order_id, OrderChange.state == ChangeState.PENDING)
        .execution_options(populate_existing=True)
    )
    return found


async def check_none_open(db: Session, order_id: UUID, *, but: UUID | None = None) -> None:
    """Raise `ChangeOpen` while a change of the order waits for an answer."""
    found = await open_change(db, order_id)
    if found is not None and found.id != but:
        raise ChangeOpen("Another change waits for an answer.", change_id=str(found.id), due_at=str(found.due_at))


async def lock_change(db: Session, change_id: UUID, principal: Principal | None = None) -> tuple[Order, OrderChange]:
    """A change and its order, the order locked first; raises `ChangeNotFound` also where the order may not be seen."""
    row = await db.get(OrderChange, change_id)
    if row is None:
        raise ChangeNotFound("There is no such change.", change_id=str(change_id))
    order = await orders.lock_order(db, row.order_id, principal)
    fresh = await db.get_one(OrderChange, change_id, populate_existing=True)
    return order, fresh


async def changes_of(db: Session, order_id: UUID) -> list[OrderChange]:
    """The changes of an order, newest first, 100 at most."""
    found = sa.select(OrderChange).where(OrderChange.order_id == order_id).order_by(OrderChange.id.desc()).limit(100)
    return list(await db.scalars(found))


async def places_of(db: Session, ids: Iterable[UUID]) -> dict[UUID, bool]:
    """Of each place whether it is a partner's."""
    rows = await db.execute(
        sa.select(StockLocation.id, StockLocation.partner_id).where(StockLocation.id.in_(in_key_order(ids)))
    )
    return {place_id: partner_id is not None for place_id, partner_id in rows}


def fees_falling(charges: Sequence[OrderCharge], *, whole: bool) -> list[ChargePreview]:
    """The fees that go with the last piece of an order of which nothing has left."""
    if not whole:
        return []
    return [
        ChargePreview(row.kind, row.name, -row.gross) for row in charges if not row.canceled and row.shipment_id is None
    ]
