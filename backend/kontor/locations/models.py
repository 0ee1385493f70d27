"""Tables of locations."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type


class LocationKind(StrEnum):
    """What sort of place it is."""

    WAREHOUSE = "WAREHOUSE"
    LOGISTICS_PROVIDER = "LOGISTICS_PROVIDER"
    STORE = "STORE"
    DROPSHIPPER = "DROPSHIPPER"
    FRANCHISE = "FRANCHISE"
    MARKETPLACE = "MARKETPLACE"


class StockKind(StrEnum):
    """What a reported stock figure counts."""

    ON_HAND = "ON_HAND"
    AVAILABLE = "AVAILABLE"


class StockLocation(Model):
    """A place. Costs in cents of the company's currency, coordinates in degrees, capacity per day.

    `channel_codes` and `countries` None mean "serves all".
    """

    __tablename__ = "stock_location"
    __table_args__ = (
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude"),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude"),
        sa.CheckConstraint("lead_days >= 0", name="lead_days"),
        sa.Index("ix_stock_location_partner_id", "partner_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(80), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[LocationKind] = mapped_column(state_type(LocationKind))
    partner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("partner.id"))
    street: Mapped[str | None] = mapped_column(sa.String(200))
    postal_code: Mapped[str | None] = mapped_column(sa.String(20))
    city: Mapped[str | None] = mapped_column(sa.String(120))
    region: Mapped[str | None] = mapped_column(sa.String(60))
    country: Mapped[str] = mapped_column(sa.String(2))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    email: Mapped[str | None] = mapped_column(sa.String(254))
    timezone: Mapped[str] = mapped_column(sa.String(60), default="Europe/Berlin")
    opening_hours: Mapped[str] = mapped_column(sa.String(300), default="24/7")
    closures: Mapped[list[str]] = mapped_column(Json, default=list)
    cut_off: Mapped[str | None] = mapped_column(sa.String(5))
    lead_days: Mapped[int] = mapped_column(default=0)
    unit_capacity: Mapped[int | None]
    parcel_capacity: Mapped[int | None]
    handling_parcel_cents: Mapped[int] = mapped_column(default=0)
    handling_line_cents: Mapped[int] = mapped_column(default=0)
    handling_unit_cents: Mapped[int] = mapped_column(default=0)
    can_ship: Mapped[bool] = mapped_column(default=True)
    can_pickup: Mapped[bool] = mapped_column(default=False)
    accepts_returns: Mapped[bool] = mapped_column(default=False)
    hazmat: Mapped[bool] = mapped_column(default=True)
    bulky: Mapped[bool] = mapped_column(default=True)
    channel_codes: Mapped[list[str] | None] = mapped_column(Json)
    countries: Mapped[list[str] | None] = mapped_column(Json)
    stock_kind: Mapped[StockKind] = mapped_column(state_type(StockKind), default=StockKind.ON_HAND)
    live_stock: Mapped[str | None] = mapped_column(sa.String(60))
    priority: Mapped[int] = mapped_column(default=100)
    dispatch_group: Mapped[str | None] = mapped_column(sa.String(60))
    answer_hours: Mapped[int] = mapped_column(default=24)
    rejection_permille: Mapped[int] = mapped_column(default=0, server_default="0")
    active: Mapped[bool] = mapped_column(default=True)
    paused_until: Mapped[datetime | None]
    settings: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ShippingTariff(Model):
    """What a parcel costs: by place (None: any), destination country (None: any), distance and weight.

    Applies for distances of `from_km` inclusive to `to_km` exclusive (None: without end) and parcels of at most
    `max_weight_g`. The cheapest matching row of the most specific place counts.
    """

    __tablename__ = "shipping_tariff"
    __table_args__ = (sa.Index("ix_shipping_tariff_location_id", "location_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    location_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("stock_location.id"))
    carrier: Mapped[str] = mapped_column(sa.String(60))
    country: Mapped[str | None] = mapped_column(sa.String(2))
    from_km: Mapped[int] = mapped_column(default=0)
    to_km: Mapped[int | None]
    max_weight_g: Mapped[int | None]
    parcel_cents: Mapped[int]
    cents_per_kg: Mapped[int] = mapped_column(default=0)
    bulky_unit_cents: Mapped[int] = mapped_column(default=0)
    transit_days: Mapped[int] = mapped_column(default=1)
