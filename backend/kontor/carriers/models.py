"""Tables of carriers."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.carriers.states import LabelState
from kontor.core.db import Json, Model, state_type


class CarrierAccount(Model):
    """A way to send parcels: which carrier, under which contract, for which places.

    Without partner it is for the company's own places, without location for all of them. `adapter` names who speaks to
    the carrier; `settings` hold what is no secret: contract number, product, the prefix of own numbers.
    """

    __tablename__ = "carrier_account"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    adapter: Mapped[str] = mapped_column(sa.String(40))
    partner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("partner.id"))
    location_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("stock_location.id"))
    settings: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CarrierLabel(Model):
    """A label of one parcel. `reference` is what the carrier knows it by; `called_at` is when it was first asked.

    `asked` is the request as it was written: addresses, weight, size. `closed_at` is the close-out of its day.
    """

    __tablename__ = "carrier_label"
    __table_args__ = (
        sa.UniqueConstraint("reference"),
        sa.Index("ix_carrier_label_fulfillment_order_id", "fulfillment_order_id"),
        sa.Index("ix_carrier_label_parcel_id", "parcel_id"),
        sa.Index("ix_carrier_label_track", "state", "track_at"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("carrier_account.id"))
    parcel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parcel.id"))
    fulfillment_order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("fulfillment_order.id"))
    state: Mapped[LabelState] = mapped_column(state_type(LabelState))
    reference: Mapped[str] = mapped_column(sa.String(35))
    asked: Mapped[dict[str, Any]] = mapped_column(Json)
    tracking_number: Mapped[str | None] = mapped_column(sa.String(80))
    tracking_url: Mapped[str | None] = mapped_column(sa.String(500))
    document_id: Mapped[UUID | None]
    problem_code: Mapped[str | None] = mapped_column(sa.String(60))
    problem: Mapped[str | None] = mapped_column(sa.String(500))
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    called_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    track_at: Mapped[datetime | None]
    moved_at: Mapped[datetime | None]
    progress: Mapped[str | None] = mapped_column(sa.String(20))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
