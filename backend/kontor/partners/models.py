"""Tables of partners."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.partners.states import PartnerState


class PartnerKind(StrEnum):
    """What the party does for us."""

    DROPSHIPPER = "DROPSHIPPER"
    FRANCHISEE = "FRANCHISEE"
    MARKETPLACE = "MARKETPLACE"
    OTHER = "OTHER"


class Partner(Model):
    """A party that owns locations. `agreement` holds what was agreed, such as answer_hours and ship_days."""

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
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
