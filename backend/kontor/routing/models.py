"""Tables of routing."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model


class RoutingPolicy(Model):
    """Weights and rules as data: one version, in force from a moment, for a channel (None: all)."""

    __tablename__ = "routing_policy"
    __table_args__ = (sa.UniqueConstraint("code", "version"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    version: Mapped[int]
    channel_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("sales_channel.id"))
    weights: Mapped[dict[str, Any]] = mapped_column(Json)
    valid_from: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))


class RoutingDecision(Model):
    """One stored decision: `record` holds demand, candidates, plan, runner-up as `explanation.py` packs them."""

    __tablename__ = "routing_decision"
    __table_args__ = (sa.Index("ix_routing_decision_order_id", "order_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    occasion: Mapped[str] = mapped_column(sa.String(20))
    policy: Mapped[str] = mapped_column(sa.String(60))
    cost: Mapped[int]
    parcels: Mapped[int]
    unsent: Mapped[int]
    record: Mapped[dict[str, Any]] = mapped_column(Json)
    decided_at: Mapped[datetime]


class RoutingExclusion(Model):
    """A place gets no new work until a moment: none at all, none of a variant, none of an order, or none of both."""

    __tablename__ = "routing_exclusion"
    __table_args__ = (
        sa.Index("ix_routing_exclusion_until", "until"),
        sa.Index("ix_routing_exclusion_location_id", "location_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stock_location.id"))
    variant_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("product_variant.id"))
    order_id: Mapped[UUID | None]
    reason: Mapped[str] = mapped_column(sa.String(300))
    until: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None] = mapped_column(sa.String(200))
