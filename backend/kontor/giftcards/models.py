"""Tables of gift cards."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Model, state_type


class MovementKind(StrEnum):
    """What happened on a card. RESERVE blocks a part; REDEEM takes and RELEASE frees of what was blocked.

    TAKE_BACK takes off what a customer got money back for, EXPIRE what cannot be redeemed any more.
    """

    ISSUE = "ISSUE"
    RESERVE = "RESERVE"
    REDEEM = "REDEEM"
    RELEASE = "RELEASE"
    GIVE_BACK = "GIVE_BACK"
    TAKE_BACK = "TAKE_BACK"
    EXPIRE = "EXPIRE"


class GiftCard(Model):
    """A card. `balance` is what has not been redeemed, `reserved` of it what is blocked for payments; minor units.

    `multi_purpose` cards pay for anything. The others were taxed when they were sold and pay for goods of one seller,
    of the `tax_class` and in the `country` they were taxed by; sold before these were noted, they are redeemed
    elsewhere. `digest` is of the code, `ending` its last four characters, for people.
    """

    __tablename__ = "gift_card"
    __table_args__ = (
        sa.UniqueConstraint("digest"),
        sa.CheckConstraint("reserved >= 0 AND reserved <= balance AND balance <= face_value", name="covered"),
        sa.Index("ix_gift_card_issued_at_id", "issued_at", "id"),
        sa.Index("ix_gift_card_updated_at_id", "updated_at", "id"),
        sa.Index("ix_gift_card_order_id", "order_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(64))
    ending: Mapped[str] = mapped_column(sa.String(4))
    order_id: Mapped[UUID]
    multi_purpose: Mapped[bool]
    tax_class: Mapped[str | None] = mapped_column(sa.String(20))
    country: Mapped[str | None] = mapped_column(sa.String(2))
    legal_entity_id: Mapped[UUID | None]
    currency: Mapped[str] = mapped_column(sa.String(3))
    face_value: Mapped[int] = mapped_column(sa.BigInteger)
    balance: Mapped[int] = mapped_column(sa.BigInteger)
    reserved: Mapped[int] = mapped_column(sa.BigInteger)
    blocked_at: Mapped[datetime | None]
    issued_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class GiftCardMovement(Model):
    """One change, never changed itself. `reservation_id` is the RESERVE that a REDEEM, RELEASE or GIVE_BACK belongs to.

    `idempotency_key` is the payment's: a repeated instruction finds its movement and does nothing.
    """

    __tablename__ = "gift_card_movement"
    __table_args__ = (
        sa.UniqueConstraint("idempotency_key"),
        sa.CheckConstraint("amount >= 0", name="amount"),
        sa.Index("ix_gift_card_movement_card_id", "card_id", "at"),
        sa.Index("ix_gift_card_movement_reservation_id", "reservation_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    card_id: Mapped[UUID] = mapped_column(sa.ForeignKey("gift_card.id"))
    kind: Mapped[MovementKind] = mapped_column(state_type(MovementKind))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    reservation_id: Mapped[UUID | None]
    idempotency_key: Mapped[str | None] = mapped_column(sa.String(120))
    reference: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(sa.String(200))
