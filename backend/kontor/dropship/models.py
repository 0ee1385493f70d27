"""Tables of what is remembered of partners' work."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Model, state_type
from kontor.dropship.states import Measure, ObjectionState


class StockAge(Model):
    """How old the stock figures of a partner's places were on a day: how many there are, and their hours summed."""

    __tablename__ = "partner_stock_age"
    partner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("partner.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    levels: Mapped[int]
    hours: Mapped[int] = mapped_column(sa.BigInteger)


class Objection(Model):
    """A partner says that an order should not count in a figure; `answer` is what was said to it."""

    __tablename__ = "performance_objection"
    __table_args__ = (
        sa.UniqueConstraint("fulfillment_order_id", "measure"),
        sa.Index("ix_performance_objection_partner_id", "partner_id", "state"),
        sa.Index("ix_performance_objection_created_at_id", "created_at", "id"),
        sa.Index("ix_performance_objection_updated_at_id", "updated_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("partner.id"))
    fulfillment_order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("fulfillment_order.id"))
    measure: Mapped[Measure] = mapped_column(state_type(Measure))
    state: Mapped[ObjectionState] = mapped_column(state_type(ObjectionState))
    reason: Mapped[str] = mapped_column(sa.String(500))
    answer: Mapped[str | None] = mapped_column(sa.String(500))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(sa.String(200))
    updated_at: Mapped[datetime]
