"""Tables of partners."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.partners.states import PartnerState, PracticeState


class PartnerKind(StrEnum):
    """What the party does for us."""

    DROPSHIPPER = "DROPSHIPPER"
    FRANCHISEE = "FRANCHISEE"
    MARKETPLACE = "MARKETPLACE"
    OTHER = "OTHER"


class Partner(Model):
    """A party that owns locations. `agreement` holds what was agreed, such as answer_hours and ship_days; `settings` is
    what the partner chose for itself (`partners.settings`)."""

    __tablename__ = "partner"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(80), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[PartnerKind] = mapped_column(state_type(PartnerKind))
    state: Mapped[PartnerState] = mapped_column(state_type(PartnerState))
    email: Mapped[str | None] = mapped_column(sa.String(254))
    language: Mapped[str] = mapped_column(sa.String(2), default="en")
    country: Mapped[str] = mapped_column(sa.String(2))
    vat_id: Mapped[str | None] = mapped_column(sa.String(20))
    agreement: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    settings: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class PracticeOrder(Model):
    """An order to practice with: a row of its own, so that nothing that counts orders, stock or money ever meets it.

    `lines` have sku, name and quantity.
    """

    __tablename__ = "practice_order"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("partner.id"), index=True)
    number: Mapped[str] = mapped_column(sa.String(40))
    state: Mapped[PracticeState] = mapped_column(state_type(PracticeState))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    carrier: Mapped[str | None] = mapped_column(sa.String(60))
    tracking_number: Mapped[str | None] = mapped_column(sa.String(100))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
