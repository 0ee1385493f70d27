"""Lists of disputes: what can be asked for, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.orders.models import Order
from kontor.orders.queries import visible_to as orders_visible_to
from kontor.payments.errors import DisputeNotFound
from kontor.payments.models import Dispute
from kontor.payments.states import DisputeState

DISPUTE_SORTS: dict[str, Any] = {
    "OPENED_AT": Dispute.opened_at,
    "DUE_AT": Dispute.due_at,
    "UPDATED_AT": Dispute.updated_at,
}


@dataclass(frozen=True, slots=True)
class DisputeFilter:
    """Which disputes are wanted; what is None does not narrow. `due_before` is exclusive."""

    state: Sequence[DisputeState] | None = None
    order_id: UUID | None = None
    payment_id: UUID | None = None
    channel_ids: Sequence[UUID] | None = None
    gateways: Sequence[str] | None = None
    reason: Sequence[str] | None = None
    inquiry: bool | None = None
    due_before: datetime | None = None
    opened_from: datetime | None = None
    opened_until: datetime | None = None
    changed_since: datetime | None = None


def visible_to(principal: Principal) -> Any:
    """Disputes of the orders a principal may see; what we answer a bank is not for customers and shops."""
    if principal.outside:
        return sa.select(Dispute).where(sa.false())
    if not principal.restricted:
        return sa.select(Dispute)
    return sa.select(Dispute).where(Dispute.order_id.in_(orders_visible_to(principal).with_only_columns(Order.id)))


async def list_disputes(
    db: Session, wanted: DisputeFilter, page: PageRequest, *, sort: str = "OPENED_AT", descending: bool = True
) -> Page[Dispute]:
    """A page of the disputes the principal of the session may see."""
    row = Dispute

    def of_channels(ids: Sequence[UUID]) -> Any:
        return row.order_id.in_(sa.select(Order.id).where(Order.channel_id.in_(ids)))

    found = narrow(
        visible_to(db.principal),
        (row.state.in_, wanted.state),
        (row.order_id.__eq__, wanted.order_id),
        (row.payment_id.__eq__, wanted.payment_id),
        (of_channels, wanted.channel_ids),
        (row.gateway.in_, wanted.gateways),
        (row.reason.in_, wanted.reason),
        (row.inquiry.__eq__, wanted.inquiry),
        (row.due_at.__lt__, wanted.due_before),
        (row.opened_at.__ge__, wanted.opened_from),
        (row.opened_at.__lt__, wanted.opened_until),
        (row.updated_at.__ge__, wanted.changed_since),
    )
    return await paginate(db, found, choose(DISPUTE_SORTS, sort, descending=descending), row.id, page)


async def get_dispute(db: Session, dispute_id: UUID, *, lock: bool = False) -> Dispute:
    """The dispute, if the principal may see it, locked if asked for; raises `DisputeNotFound`."""
    found = visible_to(db.principal).where(Dispute.id == dispute_id).execution_options(populate_existing=True)
    dispute: Dispute | None = await db.scalar(found.with_for_update(of=Dispute) if lock else found)
    if dispute is None:
        raise DisputeNotFound("There is no such dispute.", dispute_id=str(dispute_id))
    return dispute
