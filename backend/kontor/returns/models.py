"""Tables of returns."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.partners.models import ReturnPostage
from kontor.returns.states import Disposition, ReturnReason, ReturnState


class Return(Model):
    """An announced return. `number` is the RMA number; `fee` is kept from the refund, a line of its own.

    `postage_payer` is who bears the postage, we or the partner that shipped the goods; None where none did. `rechecked`
    is what its refunds kept, gross by tax rate, of discounts that the kept goods no longer earn. `announcement_id` is
    the first of the returns that were announced together because no one place takes all of it.
    """

    __tablename__ = "return"
    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.Index("ix_return_order_id", "order_id"),
        sa.Index("ix_return_announcement_id", "announcement_id"),
        sa.Index("ix_return_requested_at_id", "requested_at", "id"),
        sa.Index("ix_return_updated_at_id", "updated_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(40))
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    state: Mapped[ReturnState] = mapped_column(state_type(ReturnState))
    location_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("stock_location.id"))
    announcement_id: Mapped[UUID | None]
    currency: Mapped[str] = mapped_column(sa.String(3))
    fee: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    rechecked: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")
    postage_payer: Mapped[ReturnPostage | None] = mapped_column(state_type(ReturnPostage))
    note: Mapped[str | None] = mapped_column(sa.String(1000))
    label_tracking: Mapped[str | None] = mapped_column(sa.String(80))
    label_document_id: Mapped[UUID | None]
    label_sent_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    requested_at: Mapped[datetime]
    requested_by: Mapped[str] = mapped_column(sa.String(200))
    expires_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class ReturnLine(Model):
    """Announced pieces of one shipment line; received and inspected so far.

    `variant_id` is what really comes, where another article had gone out.
    """

    __tablename__ = "return_line"
    __table_args__ = (
        sa.UniqueConstraint("return_id", "shipment_line_id"),
        sa.CheckConstraint("quantity > 0", name="quantity"),
        sa.CheckConstraint("received >= 0 AND inspected >= 0 AND inspected <= received", name="progress"),
        sa.Index("ix_return_line_shipment_line_id", "shipment_line_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    return_id: Mapped[UUID] = mapped_column(sa.ForeignKey("return.id"))
    shipment_line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("shipment_line.id"))
    order_line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("order_line.id"))
    quantity: Mapped[int]
    received: Mapped[int] = mapped_column(default=0)
    inspected: Mapped[int] = mapped_column(default=0)
    accepted: Mapped[int] = mapped_column(default=0)
    refunded: Mapped[int] = mapped_column(default=0)
    reason: Mapped[ReturnReason] = mapped_column(state_type(ReturnReason))
    note: Mapped[str | None] = mapped_column(sa.String(500))
    variant_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("product_variant.id"))


class ReturnReceipt(Model):
    """Pieces that arrived at a place."""

    __tablename__ = "return_receipt"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    return_line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("return_line.id"), index=True)
    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stock_location.id"))
    quantity: Mapped[int]
    received_at: Mapped[datetime]
    received_by: Mapped[str] = mapped_column(sa.String(200))


class ReturnInspection(Model):
    """What was found and what happens to the pieces; pieces that are not `refundable` are paid nothing.

    `reason` is what the customer is told of those; `partner_id` whose people decided, None for our own.
    """

    __tablename__ = "return_inspection"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    return_line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("return_line.id"), index=True)
    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stock_location.id"))
    quantity: Mapped[int]
    disposition: Mapped[Disposition] = mapped_column(state_type(Disposition))
    condition: Mapped[str | None] = mapped_column(sa.String(300))
    refundable: Mapped[bool] = mapped_column(default=True)
    reason: Mapped[str | None] = mapped_column(sa.String(300))
    partner_id: Mapped[UUID | None]
    inspected_at: Mapped[datetime]
    inspected_by: Mapped[str] = mapped_column(sa.String(200))


class ReturnPlaceDecision(Model):
    """Why a return that named no place goes where it goes: `record` as `homing.py` packs it."""

    __tablename__ = "return_place_decision"
    return_id: Mapped[UUID] = mapped_column(sa.ForeignKey("return.id"), primary_key=True)
    record: Mapped[dict[str, Any]] = mapped_column(Json)
    decided_at: Mapped[datetime]
