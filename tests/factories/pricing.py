"""Prices and price lists."""

from datetime import UTC, datetime
from typing import Any

from kontor.catalog.models import ProductVariant
from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.imports.saving import touch_masters
from kontor.pricing.models import Price, PriceList


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


async def make_price_list(db: Session, channel: SalesChannel, code: str = "TRADE", **given: Any) -> PriceList:
    """A list for everybody since the beginning of 2020."""
    values: dict[str, Any] = {
        "id": new_id(),
        "code": code,
        "channel_id": channel.id,
        "name_en": code.title(),
        "name_de": code.title(),
        "currency": channel.currency,
        "valid_from": datetime(2020, 1, 1, tzinfo=UTC),
        "created_at": db.now,
        "updated_at": db.now,
    }
    row = PriceList(**(values | given))
    db.add(row)
    await db.flush()
    await touch_masters(db)
    return row
