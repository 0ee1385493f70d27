"""Tables of risk."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.risk.states import RiskState


class RiskAssessment(Model):
    """The check of one order. `reasons` is [{code, score, text parameters}]."""

    __tablename__ = "risk_assessment"
    __table_args__ = (
        sa.Index("ix_risk_assessment_assessed_at_id", "assessed_at", "id"),
        sa.Index("ix_risk_assessment_updated_at_id", "updated_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(unique=True)
    state: Mapped[RiskState] = mapped_column(state_type(RiskState))
    score: Mapped[int] = mapped_column(default=0)
    reasons: Mapped[list[Any]] = mapped_column(Json, default=list)
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    assessed_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(sa.String(200))
    note: Mapped[str | None] = mapped_column(sa.String(500))
    updated_at: Mapped[datetime]


class RiskRule(Model):
    """A condition in CEL over the order's facts and what it adds to the score, per channel (None: all)."""

    __tablename__ = "risk_rule"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    channel_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("sales_channel.id"))
    condition: Mapped[str] = mapped_column(sa.Text)
    score: Mapped[int]
    decision: Mapped[str | None] = mapped_column(sa.String(20))
    text: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    active: Mapped[bool] = mapped_column(default=True)


class RiskListEntry(Model):
    """A value that is blocked or trusted: an email, address, phone, customer or network address."""

    __tablename__ = "risk_list_entry"
    __table_args__ = (sa.UniqueConstraint("kind", "value"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    value: Mapped[str] = mapped_column(sa.String(254))
    blocked: Mapped[bool]
    reason: Mapped[str] = mapped_column(sa.String(300))
    until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))


class RiskSighting(Model):
    """A trace an order left: its email, address or network address. Kept for days, to count orders in a time.

    `at` is in seconds of the epoch, so that a window is plain arithmetic on every database.
    """

    __tablename__ = "risk_sighting"
    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    at: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, index=True)
    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
