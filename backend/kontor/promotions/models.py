"""Tables of promotions."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.promotions.values import BenefitKind, Combination, ReturnRule


class Promotion(Model):
    """A version of the promotion `code`, valid from inclusive to exclusive; what was valid never changes.

    `benefit`, `scope` and `conditions` are as `definition.py` packs them. `most_given` (minor units of `currency`) and
    `most_uses` are its budget over all orders. Two versions of a code at one moment cannot be: the database refuses it
    (`ex_promotion_validity`).
    """

    __tablename__ = "promotion"
    __table_args__ = (
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        sa.CheckConstraint("most_given > 0 AND most_uses > 0", name="budget"),
        sa.UniqueConstraint("code", "valid_from"),
        sa.Index("ix_promotion_valid_from_id", "valid_from", "id"),
        sa.Index("ix_promotion_valid_to", "valid_to"),
        sa.Index("ix_promotion_updated_at_id", "updated_at", "id"),
        sa.Index("ix_promotion_code_id", "code", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[BenefitKind] = mapped_column(state_type(BenefitKind))
    combination: Mapped[Combination] = mapped_column(state_type(Combination))
    return_rule: Mapped[ReturnRule] = mapped_column(state_type(ReturnRule))
    priority: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str | None] = mapped_column(sa.String(3))
    coupon: Mapped[bool] = mapped_column(default=False)
    benefit: Mapped[dict[str, Any]] = mapped_column(Json)
    scope: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    conditions: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    most_given: Mapped[int | None] = mapped_column(sa.BigInteger)
    most_uses: Mapped[int | None]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))
    updated_at: Mapped[datetime]


class PromotionUse(Model):
    """What orders have used of a promotion with a budget, over all its versions."""

    __tablename__ = "promotion_use"
    __table_args__ = (sa.CheckConstraint("uses >= 0 AND given >= 0", name="not_negative"),)
    code: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    uses: Mapped[int] = mapped_column(default=0)
    given: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class Coupon(Model):
    """A code that lets an order earn a promotion, `most_uses` times (None: any number). Kept in capital letters."""

    __tablename__ = "coupon"
    __table_args__ = (
        sa.CheckConstraint("uses >= 0 AND (most_uses IS NULL OR uses <= most_uses)", name="uses"),
        sa.CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_to > valid_from", name="validity"),
        sa.UniqueConstraint("code"),
        sa.Index("ix_coupon_promotion_code_id", "promotion_code", "id"),
        sa.Index("ix_coupon_created_at_id", "created_at", "id"),
        sa.Index("ix_coupon_updated_at_id", "updated_at", "id"),
        sa.Index("ix_coupon_batch_id", "batch_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(60))
    promotion_code: Mapped[str] = mapped_column(sa.String(40))
    batch_id: Mapped[UUID]
    most_uses: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0)
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]
    blocked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))
    updated_at: Mapped[datetime]


class Redemption(Model):
    """What an order got of a promotion, and by which coupon; given back when the whole order is not to be."""

    __tablename__ = "promotion_redemption"
    __table_args__ = (
        sa.UniqueConstraint("order_id", "promotion_code"),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.Index("ix_promotion_redemption_redeemed_at_id", "redeemed_at", "id"),
        sa.Index("ix_promotion_redemption_updated_at_id", "updated_at", "id"),
        sa.Index("ix_promotion_redemption_promotion_code", "promotion_code"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    promotion_id: Mapped[UUID]
    promotion_code: Mapped[str] = mapped_column(sa.String(40))
    coupon_id: Mapped[UUID | None]
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    redeemed_at: Mapped[datetime]
    given_back_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
