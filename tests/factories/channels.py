"""Legal entities and sales channels."""

from typing import Any

from kontor.channels.models import ChannelKind, LegalEntity, SalesChannel
from kontor.core.db import Session
from kontor.core.ids import new_id


async def make_legal_entity(db: Session, **given: Any) -> LegalEntity:
    """A German company; `code` is its natural key."""
    values: dict[str, Any] = {
        "id": new_id(),
        "code": f"LE-{new_id().hex[-8:]}",
        "name": "Hanse Handel GmbH",
        "street": "Speicherstadt 1",
        "postal_code": "20457",
        "city": "Hamburg",
        "country": "DE",
        "vat_id": "DE136695976",
        "iban": "DE89370400440532013000",
        "email": "hello@hanse.example",
        "footer": {},
    }
    entity = LegalEntity(**(values | given))
    db.add(entity)
    await db.flush()
    return entity


async def make_channel(db: Session, **given: Any) -> SalesChannel:
    """A German web shop with gross prices in euro, of an entity of its own unless `legal_entity_id` is given."""
    if "legal_entity_id" not in given:
        given["legal_entity_id"] = (await make_legal_entity(db)).id
    values: dict[str, Any] = {
        "id": new_id(),
        "code": f"shop-{new_id().hex[-8:]}",
        "name": "Web shop",
        "kind": ChannelKind.WEB_SHOP,
        "country": "DE",
        "currency": "EUR",
        "languages": ["de", "en"],
        "payment_methods": ["card", "invoice"],
        "created_at": db.now,
        "updated_at": db.now,
    }
    channel = SalesChannel(**(values | given))
    db.add(channel)
    await db.flush()
    return channel
