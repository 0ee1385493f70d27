"""Tables of claims and goodwill."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.claims.states import ClaimKind, ClaimState, Fault, GoodwillForm, GoodwillReason, GoodwillState, Remedy
from kontor.core.db import Model, state_type


class GoodwillLimit(Model):
    """What a person of a role may grant alone, minor units of a currency: on one order, and on one day."""

    __tablename__ = "goodwill_limit"
    __table_args__ = (sa.CheckConstraint("per_order >= 0 AND per_day >= 0", name="amounts"),)
    role: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    currency: Mapped[str] = mapped_column(sa.String(3), primary_key=True)
    per_order: Mapped[int] = mapped_column(sa.BigInteger)
    per_day: Mapped[int] = mapped_column(sa.BigInteger)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(sa.String(200))


class Goodwill(Model):
    """Something given to a customer out of goodwill. Its money is a refund, or (VOUCHER) a gift card.

    `granted_by_id` is whose limit it counts against: whoever asked, or who approved it. `issued_at` is when the card
    was made; `code` is the card's, for the customer's message alone.
    """

    __tablename__ = "goodwill"
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.Index("ix_goodwill_order_id", "order_id"),
        sa.Index("ix_goodwill_refund_id", "refund_id"),
        sa.Index("ix_goodwill_granted_by_id_granted_at", "granted_by_id", "granted_at"),
        sa.Index("ix_goodwill_requested_at_id", "requested_at", "id"),
        sa.Index("ix_goodwill_updated_at_id", "updated_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    claim_id: Mapped[UUID | None]
    form: Mapped[GoodwillForm] = mapped_column(state_type(GoodwillForm))
    state: Mapped[GoodwillState] = mapped_column(state_type(GoodwillState))
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    reason: Mapped[GoodwillReason] = mapped_column(state_type(GoodwillReason))
    note: Mapped[str] = mapped_column(sa.String(500))
    refund_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("refund.id"))
    card_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("gift_card.id"))
    code: Mapped[str | None] = mapped_column(sa.String(40))
    requested_at: Mapped[datetime]
    requested_by: Mapped[str] = mapped_column(sa.String(200))
    requested_by_id: Mapped[UUID | None]
    granted_at: Mapped[datetime | None]
    granted_by: Mapped[str | None] = mapped_column(sa.String(200))
    granted_by_id: Mapped[UUID | None]
    decision: Mapped[str | None] = mapped_column(sa.String(300))
    issued_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class Claim(Model):
    """A problem a customer reports about goods that left. `number` is what people read.

    `wished` is what the customer wants, `remedy` what was decided; `returns_goods` says whether the goods come back.
    The remedy is `return_id` (paid back with or without goods), `exchange_id` or `goodwill_id`. `partner_id` is
    the partner the goods left from, `corrects_stock` that the count of the place was put right by it.
    """

    __tablename__ = "claim"
    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.Index("ix_claim_order_id", "order_id"),
        sa.Index("ix_claim_return_id", "return_id"),
        sa.Index("ix_claim_exchange_id", "exchange_id"),
        sa.Index("ix_claim_opened_at_id", "opened_at", "id"),
        sa.Index("ix_claim_updated_at_id", "updated_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(40))
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    kind: Mapped[ClaimKind] = mapped_column(state_type(ClaimKind))
    state: Mapped[ClaimState] = mapped_column(state_type(ClaimState))
    note: Mapped[str] = mapped_column(sa.String(1000))
    wished: Mapped[Remedy | None] = mapped_column(state_type(Remedy))
    remedy: Mapped[Remedy | None] = mapped_column(state_type(Remedy))
    returns_goods: Mapped[bool]
    corrects_stock: Mapped[bool] = mapped_column(default=False)
    fault: Mapped[Fault | None] = mapped_column(state_type(Fault))
    partner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("partner.id"))
    return_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("return.id"))
    goodwill_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("goodwill.id"))
    exchange_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("exchange.id"))
    decision: Mapped[str | None] = mapped_column(sa.String(500))
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(sa.String(200))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(sa.String(200))
    resolved_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class ClaimLine(Model):
    """Claimed pieces of one shipment line; `came_id` is the article that came in their place, where it is known."""

    __tablename__ = "claim_line"
    __table_args__ = (
        sa.UniqueConstraint("claim_id", "shipment_line_id"),
        sa.CheckConstraint("quantity > 0", name="quantity"),
        sa.Index("ix_claim_line_shipment_line_id", "shipment_line_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    claim_id: Mapped[UUID] = mapped_column(sa.ForeignKey("claim.id"))
    shipment_line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("shipment_line.id"))
    order_line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("order_line.id"))
    quantity: Mapped[int]
    came_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("product_variant.id"))
