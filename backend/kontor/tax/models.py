"""Tables of tax."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Model


class TaxRate(Model):
    """A rate in percent, valid from the first day inclusive to the last day exclusive.

    At any day there is one rate per country and class, whoever writes: the database refuses more
    (`ex_tax_rate_validity`).
    """

    __tablename__ = "tax_rate"
    __table_args__ = (
        sa.CheckConstraint("rate >= 0 AND rate < 100", name="rate"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        sa.UniqueConstraint("country", "tax_class", "valid_from"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(sa.String(2))
    tax_class: Mapped[str] = mapped_column(sa.String(40))
    rate: Mapped[Decimal] = mapped_column(sa.Numeric(7, 4))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    created_at: Mapped[datetime]
