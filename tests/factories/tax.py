"""Tax rates."""

from datetime import date
from decimal import Decimal
from typing import Any

from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.tax.models import TaxRate


async def make_tax_rate(db: Session, **given: Any) -> TaxRate:
    """The German standard rate of 19 percent, open since 2021."""
    values: dict[str, Any] = {
        "id": new_id(),
        "country": "DE",
        "tax_class": "standard",
        "rate": Decimal(19),
        "valid_from": date(2021, 1, 1),
        "created_at": db.now,
    }
    rate = TaxRate(**(values | given))
    db.add(rate)
    await db.flush()
    return rate
