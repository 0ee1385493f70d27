"""Tables of routing."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.routing.states import SimulationState


class RoutingPolicy(Model):
    """Weights and rules as data: one version, in force from a moment (None: a draft), for whom (None: all).

    A version that is not `active` ends its code. What is or was in force never changes; before, it may be withdrawn.
    """

    __tablename__ = "routing_policy"
    __table_args__ = (sa.UniqueConstraint("code", "version"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    version: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    channel_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("sales_channel.id"))
    countries: Mapped[list[str] | None] = mapped_column(Json)
    kinds: Mapped[list[str] | None] = mapped_column(Json)
    weights: Mapped[dict[str, Any]] = mapped_column(Json)
    rules: Mapped[list[Any]] = mapped_column(Json, default=list)
    active: Mapped[bool] = mapped_column(default=True)
    valid_from: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))
    updated_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(sa.String(200))


class RoutingDecision(Model):
    """One stored decision: `record` holds candidates, plan, runner-up as `explanation.py` packs them.

    `situation` is what it was decided on, packed by `situations.py`, so that it can be decided again.
    """

    __tablename__ = "routing_decision"
    __table_args__ = (
        sa.Index("ix_routing_decision_order_id", "order_id"),
        sa.Index("ix_routing_decision_decided_at_id", "decided_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    occasion: Mapped[str] = mapped_column(sa.String(20))
    policy: Mapped[str] = mapped_column(sa.String(60))
    cost: Mapped[int]
    parcels: Mapped[int]
    unsent: Mapped[int]
    record: Mapped[dict[str, Any]] = mapped_column(Json)
    decided_at: Mapped[datetime]
    situation: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    channel_id: Mapped[UUID | None]
    country: Mapped[str | None] = mapped_column(sa.String(2))


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
    move was not made because something had changed meanwhile. Where more orders wait than one run takes,
    `last_order_id` is the last of those that are taken in turn: the next run goes on behind it.
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
    last_order_id: Mapped[UUID | None]


class RoutingMove(Model):
    """An order that a run moved, the decision behind it and what it saves in cents; less than 0 where it made room."""

    __tablename__ = "routing_move"
    __table_args__ = (
        sa.Index("ix_routing_move_run_id", "run_id", "gain", "id"),
        sa.Index("ix_routing_move_gain_id", "gain", "id"),
        sa.Index("ix_routing_move_order_id", "order_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(sa.ForeignKey("routing_run.id"))
    order_id: Mapped[UUID]
    decision_id: Mapped[UUID]
    gain: Mapped[int] = mapped_column(sa.BigInteger)


class RoutingSimulation(Model):
    """A replay of past decisions under another policy: what was asked, how far it is, and what it found.

    `request` is the period, the filter and the policy it is tried with; `result` the sums so far of both sides;
    `carried` what each has left and taken otherwise than was decided, while it runs.
    """

    __tablename__ = "routing_simulation"
    __table_args__ = (sa.Index("ix_routing_simulation_created_at_id", "created_at", "id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[SimulationState] = mapped_column(state_type(SimulationState))
    request: Mapped[dict[str, Any]] = mapped_column(Json)
    result: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    carried: Mapped[list[Any]] = mapped_column(Json, default=list)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))
    updated_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(sa.String(500))


class RoutingSimulationOrder(Model):
    """An order that would be served otherwise: both decisions as records, and what the change saves in cents."""

    __tablename__ = "routing_simulation_order"
    __table_args__ = (
        sa.UniqueConstraint("simulation_id", "decision_id"),
        sa.Index("ix_routing_simulation_order_simulation_id_saving_id", "simulation_id", "saving", "id"),
        sa.Index("ix_routing_simulation_order_saving_id", "saving", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    simulation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("routing_simulation.id"))
    decision_id: Mapped[UUID]
    order_id: Mapped[UUID]
    saving: Mapped[int] = mapped_column(sa.BigInteger)
    before: Mapped[dict[str, Any]] = mapped_column(Json)
    after: Mapped[dict[str, Any]] = mapped_column(Json)


class SalesForecast(Model):
    """What somebody expects to be ordered of a variant in a country (empty: everywhere), in units a day.

    `valid_from` counts, `valid_to` does not; open where it is None.
    """

    __tablename__ = "sales_forecast"
    __table_args__ = (
        sa.UniqueConstraint("variant_id", "country", "valid_from"),
        sa.CheckConstraint("units_per_day >= 0", name="units_per_day"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    variant_id: Mapped[UUID] = mapped_column(sa.ForeignKey("product_variant.id"))
    country: Mapped[str] = mapped_column(sa.String(2), default="")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    units_per_day: Mapped[Decimal] = mapped_column(sa.Numeric(12, 3))
    created_at: Mapped[datetime]


class ShadowPriceRun(Model):
    """One solving of all shadow prices. `error` is the code of what kept it from being done.

    `variants` were priced at `prices` places; `left_out` had no time any more and keep their old prices.
    """

    __tablename__ = "shadow_price_run"
    __table_args__ = (sa.Index("ix_shadow_price_run_requested_at_id", "requested_at", "id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    requested_at: Mapped[datetime]
    requested_by: Mapped[str] = mapped_column(sa.String(200))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    variants: Mapped[int] = mapped_column(default=0)
    prices: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[int] = mapped_column(default=0)
    units_per_day: Mapped[int] = mapped_column(default=0)
    milliseconds: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(sa.String(60))


class ShadowPrice(Model):
    """What a unit at a place is worth to the orders still to come, in cents; at most what it is sold for."""

    __tablename__ = "shadow_price"
    __table_args__ = (
        sa.UniqueConstraint("variant_id", "location_id"),
        sa.Index("ix_shadow_price_cents_id", "cents", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    variant_id: Mapped[UUID] = mapped_column(sa.ForeignKey("product_variant.id"))
    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stock_location.id"))
    cents: Mapped[int]
    computed_at: Mapped[datetime]
    run_id: Mapped[UUID] = mapped_column(sa.ForeignKey("shadow_price_run.id"))


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
