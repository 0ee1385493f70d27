"""Tables of tax."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Model


class TaxRate(Model):
    """A rate in percent, valid from the first day inclusive to the last day exclusive."""

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


# At any day one rate per country and class, whoever writes.
EXCLUSION = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE tax_rate ADD CONSTRAINT ex_tax_rate_validity EXCLUDE USING gist (
    country WITH =, tax_class WITH =, daterange(valid_from, valid_to) WITH &&
)
"""
TRIGGERS = tuple(
    f"""
CREATE TRIGGER tax_rate_validity_{name} BEFORE {event} ON tax_rate
WHEN EXISTS (
    SELECT 1 FROM tax_rate AS other
    WHERE other.country = NEW.country AND other.tax_class = NEW.tax_class AND other.id <> NEW.id
      AND (other.valid_to IS NULL OR other.valid_to > NEW.valid_from)
      AND (NEW.valid_to IS NULL OR other.valid_from < NEW.valid_to)
)
BEGIN SELECT RAISE(ABORT, 'ex_tax_rate_validity'); END
"""
    for name, event in (("insert", "INSERT"), ("update", "UPDATE OF valid_from, valid_to"))
)
for _statement in EXCLUSION.split(";"):
    sa.event.listen(TaxRate.__table__, "after_create", sa.DDL(_statement).execute_if(dialect="postgresql"))  # type: ignore[no-untyped-call]
for _statement in TRIGGERS:
    sa.event.listen(TaxRate.__table__, "after_create", sa.DDL(_statement).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]
