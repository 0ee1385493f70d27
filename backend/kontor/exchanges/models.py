"""Tables of exchanges."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.exchanges.states import ExchangeState, ExchangeWay
from kontor.returns.states import ReturnReason


class Exchange(Model):
    """Other goods for some of an order. `number` is what people read, `return_id` the return that brings them back.

    A `replacement` costs what the goods that come back are worth, whatever its price is. `due_at` is until when those
    are expected that come back after the new ones (ADVANCE), `overdue_at` when they had not; then `asked` minor units
    were to be paid, by the payment `payment_id` where a method could be asked. `code` says why it was canceled.
    """

    __tablename__ = "exchange"
    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("return_id"),
        sa.Index("ix_exchange_order_id", "order_id"),
        sa.Index("ix_exchange_requested_at_id", "requested_at", "id"),
        sa.Index("ix_exchange_updated_at_id", "updated_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(40))
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    state: Mapped[ExchangeState] = mapped_column(state_type(ExchangeState))
    way: Mapped[ExchangeWay] = mapped_column(state_type(ExchangeWay))
    replacement: Mapped[bool]
    reason: Mapped[ReturnReason] = mapped_column(state_type(ReturnReason))
    note: Mapped[str] = mapped_column(sa.String(1000))
    currency: Mapped[str] = mapped_column(sa.String(3))
    return_id: Mapped[UUID] = mapped_column(sa.ForeignKey("return.id"))
    payment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("payment.id"))
    asked: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    due_at: Mapped[datetime | None]
    overdue_at: Mapped[datetime | None]
    fulfilled_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    code: Mapped[str | None] = mapped_column(sa.String(40))
    decision: Mapped[str | None] = mapped_column(sa.String(500))
    requested_at: Mapped[datetime]
    requested_by: Mapped[str] = mapped_column(sa.String(200))
    updated_at: Mapped[datetime]


class ExchangeLine(Model):
    """Pieces of an order line that come back, and the article for them; `given` so far, as the lines `added`.

    `sku` and `name` are those of the new article.
    """

    __tablename__ = "exchange_line"
    __table_args__ = (
        sa.UniqueConstraint("exchange_id", "order_line_id"),
        sa.CheckConstraint("quantity > 0 AND given >= 0 AND given <= quantity", name="pieces"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    exchange_id: Mapped[UUID] = mapped_column(sa.ForeignKey("exchange.id"))
    order_line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("order_line.id"))
    quantity: Mapped[int]
    sku: Mapped[str] = mapped_column(sa.String(80))
    name: Mapped[str] = mapped_column(sa.String(300))
    given: Mapped[int] = mapped_column(default=0)
    added: Mapped[list[Any]] = mapped_column(Json)
