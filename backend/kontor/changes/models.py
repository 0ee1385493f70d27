"""Tables of changes."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.changes.states import ChangeState
from kontor.core.db import Json, Model, state_type


class OrderChange(Model):
    """A confirmed wish: what was asked for (`wish`), and what it did to pieces and money when it was confirmed.

    `asked` are the fulfillment orders that places were asked to stop, with their pieces: `{id, pieces}`. `added` are
    the lines that were added, kept by the hold until the answers are there. `canceled` and `refused` are pieces;
    `amount` is by how much the order costs less (below 0: more) when all agree, gross, minor units, `canceled_before`
    what canceled pieces had taken off before it.
    """

    __tablename__ = "order_change"
    __table_args__ = (
        sa.Index("ix_order_change_order_id", "order_id"),
        sa.Index("ix_order_change_opened_at_id", "opened_at", "id"),
        sa.Index(
            "uq_order_change_open",
            "order_id",
            unique=True,
            sqlite_where=sa.text("state = 'PENDING'"),
            postgresql_where=sa.text("state = 'PENDING'"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    state: Mapped[ChangeState] = mapped_column(state_type(ChangeState))
    wish: Mapped[dict[str, Any]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(sa.String(300))
    asked: Mapped[list[Any]] = mapped_column(Json, default=list)
    added: Mapped[list[Any]] = mapped_column(Json, default=list)
    hold_id: Mapped[UUID | None]
    canceled: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    amount: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    canceled_before: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    code: Mapped[str | None] = mapped_column(sa.String(60))
    due_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(sa.String(200))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(sa.String(200))
    updated_at: Mapped[datetime]
