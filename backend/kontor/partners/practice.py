"""Practice orders: the way of an order from new to shipped, without anything behind it.

They are rows of a table of their own, and no order, fulfillment order, allocation or shipment is made for them. So
stock, money, customers and reports never meet one, and no query has to leave them out.
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.statemachine import change_row, transition
from kontor.imports import fields
from kontor.imports.fields import Field
from kontor.partners.errors import PracticeOrderNotFound
from kontor.partners.models import PracticeOrder
from kontor.partners.states import PRACTICE, PracticeState

Line = tuple[str, str, int]  # SKU, name, quantity


async def begin_practice(db: Session, partner_id: UUID, lines: Sequence[Line]) -> PracticeOrder:
    """A new practice order of these lines, or the one that is not shipped yet."""
    found = sa.select(PracticeOrder).where(PracticeOrder.partner_id == partner_id)
    known = list(await db.scalars(found.order_by(PracticeOrder.created_at)))
    for order in known:
        if order.state is not PracticeState.SHIPPED:
            return order
    order = PracticeOrder(
        id=new_id(), partner_id=partner_id, number=f"PRACTICE-{len(known) + 1}", state=PracticeState.OPEN,
        lines=[{"sku": sku, "name": name, "quantity": quantity} for sku, name, quantity in lines], carrier=None,
        tracking_number=None, created_at=db.now, updated_at=db.now,
    )  # fmt: skip
    db.add(order)
    db.note_state(change_row("practice_order", order.id, None, PracticeState.OPEN, now=db.now, by=db.by))
    return order


async def accept_practice(db: Session, partner_id: UUID, order_id: UUID) -> PracticeOrder:
    """Say yes to a practice order; raises `PracticeOrderNotFound` and `TransitionRefused`."""
    order = await lock_practice(db, partner_id, order_id)
    transition(db, order, PracticeState.ACCEPTED, table=PRACTICE, now=db.now)
    order.updated_at = db.now
    return order


async def ship_practice(
    db: Session, partner_id: UUID, order_id: UUID, *, carrier: str | None, tracking_number: str | None
) -> PracticeOrder:
    """Send a practice order off; nobody is told.

    Raises `PracticeOrderNotFound`, `TransitionRefused` and `InvalidField`.
    """
    order = await lock_practice(db, partner_id, order_id)
    order.carrier = fields.check_field("carrier", carrier, Field(fields.text(60), empty=True))
    order.tracking_number = fields.check_field("tracking_number", tracking_number, Field(fields.text(100), empty=True))
    transition(db, order, PracticeState.SHIPPED, table=PRACTICE, now=db.now)
    order.updated_at = db.now
    return order


async def lock_practice(db: Session, partner_id: UUID, order_id: UUID) -> PracticeOrder:
    """A partner's own practice order, locked; raises `PracticeOrderNotFound`."""
    return _there(await db.scalar(_one(partner_id, order_id).with_for_update()))


async def get_practice(db: Session, partner_id: UUID, order_id: UUID) -> PracticeOrder:
    """A partner's own practice order; raises `PracticeOrderNotFound`."""
    return _there(await db.scalar(_one(partner_id, order_id)))


def _one(partner_id: UUID, order_id: UUID) -> sa.Select[PracticeOrder]:
    return sa.select(PracticeOrder).where(PracticeOrder.id == order_id, PracticeOrder.partner_id == partner_id)


def _there(order: PracticeOrder | None) -> PracticeOrder:
    if order is None:
        raise PracticeOrderNotFound("There is no such practice order.", path=("id",))
    return order


async def latest_practice(db: Session, partner_id: UUID) -> PracticeOrder | None:
    """The practice order a partner began last."""
    found = sa.select(PracticeOrder).where(PracticeOrder.partner_id == partner_id)
    return await db.scalar(found.order_by(PracticeOrder.created_at.desc(), PracticeOrder.id.desc()).limit(1))


async def has_shipped(db: Session, partner_id: UUID) -> bool:
    """Whether a partner has practiced to the end."""
    found = sa.select(PracticeOrder.id).where(
        PracticeOrder.partner_id == partner_id, PracticeOrder.state == PracticeState.SHIPPED
    )
    return await db.scalar(found.limit(1)) is not None
