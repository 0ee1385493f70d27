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


class RoutingLock(Model):
    """An order that stays where it is: nothing but a refusal of its place moves it, until the row is gone."""

    __tablename__ = "routing_lock"
    __table_args__ = (sa.UniqueConstraint("order_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    reason: Mapped[str] = mapped_column(sa.String(300))
    locked_at: Mapped[datetime]
    locked_by: Mapped[str] = mapped_column(sa.String(200))


class RoutingRun(Model):
    """One joint planning of all orders that wait: asked for, begun, ended, and what came of it.

    `cost` is what the orders looked at would cost as they lay, `planned` as the joint plan has them, and no joint plan
    costs less than `bound`; all in cents. `gained` is what the moves that were made save, `stale` counts orders whose
    move was not made because something had changed meanwhile.
    """

    __tablename__ = "routing_run"
    __table_args__ = (sa.Index("ix_routing_run_requested_at_id", "requested_at", "id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    occasion: Mapped[str] = mapped_column(sa.String(20))
    requested_at: Mapped[datetime]
    requested_by: Mapped[str] = mapped_column(sa.String(200))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    orders: Mapped[int] = mapped_column(default=0)
    moved: Mapped[int] = mapped_column(default=0)
    stale: Mapped[int] = mapped_column(default=0)
    gained: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    cost: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    planned: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    bound: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    milliseconds: Mapped[int] = mapped_column(default=0)


class RoutingMove(Model):
    """An order that a run moved, the decision behind it and what it saves in cents; less than 0 where it made room."""

    __tablename__ = "routing_move"
    __table_args__ = (sa.Index("ix_routing_move_run_id", "run_id", "gain", "id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(sa.ForeignKey("routing_run.id"))
    order_id: Mapped[UUID]
    decision_id: Mapped[UUID]
    gain: Mapped[int] = mapped_column(sa.BigInteger)
