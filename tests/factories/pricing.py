"""Prices."""

from datetime import UTC, datetime
from typing import Any

from kontor.catalog.models import ProductVariant
from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.pricing.models import Price


async def make_price(
    db: Session, channel: SalesChannel, variant: ProductVariant, amount: int = 1999, **given: Any
) -> Price:
    """An open price since the beginning of 2020."""
    values: dict[str, Any] = {
        "id": new_id(),
        "channel_id": channel.id,
        "variant_id": variant.id,
        "amount": amount,
        "valid_from": datetime(2020, 1, 1, tzinfo=UTC),
        "created_at": db.now,
        "created_by": db.by,
    }
    price = Price(**(values | given))
    db.add(price)
    await db.flush()
    return price
