"""Tables of partners."""

from datetime import date, datetime
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


class ReturnPostage(StrEnum):
    """Who bears the postage of what comes back, between us and the partner."""

    RETAILER = "RETAILER"
    PARTNER = "PARTNER"
    WHO_IS_AT_FAULT = "WHO_IS_AT_FAULT"


class Partner(Model):
    """A party that owns locations. `agreement` holds facts without a date, such as show_prices.

    What is agreed from a day on, terms and targets, are rows of `PartnerAgreement`; `settings` is what the partner
    chose for itself (`partners.settings`).
    """

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


class PartnerAgreement(Model):
    """What holds with a partner from `valid_from` on, a day at its places; of one day the highest version counts.

    Times are working hours of the place. Targets are permille of what is counted, `stock_age_hours` the oldest that
    stock figures should be. Rows never change: a new version is a new row.
    """

    __tablename__ = "partner_agreement"
    __table_args__ = (
        sa.UniqueConstraint("partner_id", "version"),
        sa.Index("ix_partner_agreement_partner_id", "partner_id", "valid_from"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("partner.id"))
    version: Mapped[int]
    valid_from: Mapped[date]
    answer_hours: Mapped[int]
    ship_hours: Mapped[int]
    accepted_permille: Mapped[int]
    on_time_permille: Mapped[int]
    canceled_permille: Mapped[int]
    tracking_permille: Mapped[int]
    returned_permille: Mapped[int]
    stock_age_hours: Mapped[int]
    return_postage: Mapped[ReturnPostage] = mapped_column(state_type(ReturnPostage))
    currency: Mapped[str | None] = mapped_column(sa.String(3))
    note: Mapped[str | None] = mapped_column(sa.String(500))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))
