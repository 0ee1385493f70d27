"""Tables of tax."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Model, state_type
from kontor.tax.territories import RateScope, RegionRule, RegionStatus
from kontor.tax.vat_ids import CheckOutcome, VatIdStatus


class TaxRate(Model):
    """A rate in percent, valid from the first day inclusive to the last day exclusive.

    At any day there is one rate per country, region and class, whoever writes: the database refuses more
    (`ex_tax_rate_validity`). `region` is "" for the country as a whole.
    """

    __tablename__ = "tax_rate"
    __table_args__ = (
        sa.CheckConstraint("rate >= 0 AND rate < 100", name="rate"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        sa.UniqueConstraint("country", "region", "tax_class", "valid_from"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(sa.String(2))
    region: Mapped[str] = mapped_column(sa.String(10), default="", server_default="")
    tax_class: Mapped[str] = mapped_column(sa.String(40))
    rate: Mapped[Decimal] = mapped_column(sa.Numeric(7, 4))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    created_at: Mapped[datetime]


class TaxRegion(Model):
    """What holds for a range of postal codes of a country ("" to "" is all of it) from a day to another.

    At any day one row per range, whoever writes: the database refuses more (`ex_tax_region_validity`).
    """

    __tablename__ = "tax_region"
    __table_args__ = (
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        sa.UniqueConstraint("country", "postal_from", "postal_to", "valid_from"),
        sa.Index("ix_tax_region_valid_from_id", "valid_from", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(sa.String(2))
    postal_from: Mapped[str] = mapped_column(sa.String(10))
    postal_to: Mapped[str] = mapped_column(sa.String(10))
    region: Mapped[str] = mapped_column(sa.String(10))
    name: Mapped[str] = mapped_column(sa.String(80))
    taxed_as: Mapped[str] = mapped_column(sa.String(2))
    status: Mapped[RegionStatus] = mapped_column(state_type(RegionStatus))
    scope: Mapped[RateScope] = mapped_column(state_type(RateScope))
    note: Mapped[str] = mapped_column(sa.String(300), default="")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    created_at: Mapped[datetime]

    @property
    def rule(self) -> RegionRule:
        """As the rule takes it."""
        return RegionRule(
            self.country, self.postal_from, self.postal_to, self.region, self.name, self.taxed_as, self.status,
            self.scope, self.valid_from, self.valid_to,
        )  # fmt: skip


class VatId(Model):
    """A VAT id that customers order with, and what its register last said. `due_at` is when it is asked again.

    `requester` is the seller's own VAT id, in whose name the register is asked. `check_id` is the last answer.
    """

    __tablename__ = "vat_id"
    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.Index("ix_vat_id_due_at", "due_at"),
        sa.Index("ix_vat_id_updated_at_id", "updated_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(20))
    status: Mapped[VatIdStatus] = mapped_column(state_type(VatIdStatus))
    requester: Mapped[str | None] = mapped_column(sa.String(20))
    check_id: Mapped[UUID | None]
    checked_at: Mapped[datetime | None]
    unanswered: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class VatIdCheck(Model):
    """One question to a register and how it ended; never changed. `proof` is the register's consultation number."""

    __tablename__ = "vat_id_check"
    __table_args__ = (
        sa.Index("ix_vat_id_check_vat_id_id", "vat_id_id", "asked_at"),
        sa.Index("ix_vat_id_check_asked_at_id", "asked_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    vat_id_id: Mapped[UUID] = mapped_column(sa.ForeignKey("vat_id.id"))
    number: Mapped[str] = mapped_column(sa.String(20))
    outcome: Mapped[CheckOutcome] = mapped_column(state_type(CheckOutcome))
    register: Mapped[str] = mapped_column(sa.String(20))
    requester: Mapped[str | None] = mapped_column(sa.String(20))
    proof: Mapped[str | None] = mapped_column(sa.String(60))
    name: Mapped[str | None] = mapped_column(sa.String(300))
    address: Mapped[str | None] = mapped_column(sa.String(500))
    reason: Mapped[str | None] = mapped_column(sa.String(60))
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(sa.String(200))
