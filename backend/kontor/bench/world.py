"""A company of a chosen size for benchmarks: places in Germany, articles, plenty of stock, a client to call with."""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from kontor.auth import clients
from kontor.auth.permissions import GRANTABLE, ClientKind
from kontor.catalog.models import Product, ProductKind, ProductVariant
from kontor.channels.models import ChannelKind, LegalEntity, SalesChannel
from kontor.core.clock import wall
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.inventory.models import MovementKind, StockLevel, StockMovement
from kontor.locations.models import LocationKind, ShippingTariff, StockLocation
from kontor.tax.models import TaxRate

CITIES = ((53.55, 9.99), (52.52, 13.40), (48.14, 11.58), (50.94, 6.96), (51.34, 12.37), (48.78, 9.18), (50.11, 8.68))


@dataclass(frozen=True, slots=True)
class World:
    """What a load generator needs to know."""

    channel: str
    skus: Sequence[str]
    locations: Sequence[str]
    token: str


async def build(database: Database, *, articles: int = 1000, places: int = 8, stocked: int = 4) -> World:
    """Make the company; every article lies at `stocked` of the places in quantities that last."""
    async with database.unit_of_work() as db:
        entity = LegalEntity(
            id=new_id(), code="BENCH", name="Bench Handel GmbH", street="Am Sandtorkai 1", postal_code="20457",
            city="Hamburg", country="DE", vat_id="DE136695976", iban="DE89370400440532013000", footer={},
        )  # fmt: skip
        channel = SalesChannel(
            id=new_id(), code="bench", name="Bench shop", kind=ChannelKind.WEB_SHOP, legal_entity_id=entity.id,
            country="DE", currency="EUR", languages=["de", "en"], payment_methods=["CARD", "ON_ACCOUNT"], processes={},
            settings={}, created_at=db.now, updated_at=db.now,
        )  # fmt: skip
        rate = TaxRate(id=new_id(), country="DE", tax_class="standard", rate=Decimal(19), valid_from=date(2020, 1, 1),
                       created_at=db.now)  # fmt: skip
        tariff = ShippingTariff(id=new_id(), carrier="Parcel", parcel_cents=490, cents_per_kg=20, transit_days=1)
        db.add(entity)
        await db.flush()
        locations = _places(db.now, places)
        db.add_all([channel, rate, tariff, *locations])
        await db.flush()
        variants = _articles(db.now, articles)
        for model, rows in variants.items():
            await db.bulk_insert(model, tuple(rows[0]), [tuple(row.values()) for row in rows])
        await _stock(db, [row["id"] for row in variants[ProductVariant]], locations, stocked)
    token = await _token(database)
    skus = [row["sku"] for row in variants[ProductVariant]]
    return World(channel.code, skus, [place.code for place in locations], token)


def _places(now: Any, count: int) -> list[StockLocation]:
    chance = random.Random(7)
    rows = []
    for number in range(count):
        latitude, longitude = CITIES[number % len(CITIES)]
        rows.append(
            StockLocation(
                id=new_id(), code=f"L{number:04}", name=f"Place {number}", country="DE",
                kind=LocationKind.WAREHOUSE if number < 2 else LocationKind.STORE,
                latitude=latitude + chance.random() / 5, longitude=longitude + chance.random() / 5,
                handling_parcel_cents=50 + number, can_pickup=True, accepts_returns=True, closures=[], settings={},
                created_at=now, updated_at=now,
            )
        )  # fmt: skip
    return rows


def _articles(now: Any, count: int) -> dict[type[Any], list[dict[str, Any]]]:
    products, variants = [], []
    for number in range(count):
        product_id = new_id()
        products.append(
            {"id": product_id, "code": f"P{number:06}", "kind": ProductKind.PHYSICAL, "name": f"Article {number}",
             "tax_class": "standard", "texts": {}, "images": [], "hazmat": False, "bulky": False, "active": True,
             "search_key": f"p{number:06} article {number}", "created_at": now, "updated_at": now}
        )  # fmt: skip
        variants.append(
            {"id": new_id(), "product_id": product_id, "sku": f"S{number:06}", "name": f"Article {number}",
             "attributes": {}, "weight_g": 300 + number % 700, "bundle": False, "active": True,
             "search_key": f"s{number:06} article {number}", "created_at": now, "updated_at": now}
        )  # fmt: skip
    return {Product: products, ProductVariant: variants}


async def _stock(db: Any, variants: Sequence[UUID], places: Sequence[StockLocation], stocked: int) -> None:
    levels, movements = [], []
    for number, variant_id in enumerate(variants):
        for step in range(stocked):
            place = places[(number + step) % len(places)]
            levels.append((place.id, variant_id, 10_000_000, 0, 0, 0, db.now, db.now))
            movements.append((new_id(), place.id, variant_id, MovementKind.COUNT, 10_000_000, 0, 0, db.now, "bench"))
    columns = ("location_id", "variant_id", "on_hand", "allocated", "reserved", "safety", "as_of", "updated_at")
    await db.bulk_insert(StockLevel, columns, levels)
    ledger = ("id", "location_id", "variant_id", "kind", "on_hand", "allocated", "reserved", "at", "by")
    await db.bulk_insert(StockMovement, ledger, movements)


async def _token(database: Database) -> str:
    """A bearer token of an integration that may do everything an integration can."""
    now = wall()
    token = "bench-" + secrets.token_urlsafe(32)
    async with database.unit_of_work() as db:
        scopes = frozenset(str(item) for item in GRANTABLE[ClientKind.INTEGRATION])
        made = await clients.create_api_client(
            db, clients.ApiClientInput(name="bench", kind=ClientKind.INTEGRATION, scopes=scopes), now=now
        )
        expires_at = now + timedelta(hours=12)
        clients.save_access_token(db, made.client.id, token, scopes=sorted(scopes), now=now, expires_at=expires_at)
    return token


def order(world: World, external_id: str, chance: random.Random, *, lines: int = 3) -> dict[str, Any]:
    """The variables of one `placeOrder` call."""
    # An address of its own: many orders to one would be held for review, as they should be.
    address = {
        "name": "Greta Fock", "street": f"Deichstraße {external_id}", "postalCode": f"{20000 + chance.randrange(2000)}",
        "city": "Hamburg", "country": "DE",
        "latitude": 53.5 + chance.randrange(10) / 10, "longitude": 9.5 + chance.randrange(10) / 10,
    }  # fmt: skip
    rows = [{"sku": sku, "quantity": 1, "unitPrice": 1000} for sku in chance.sample(list(world.skus), lines)]
    return {
        "channel": world.channel,
        "externalId": external_id,
        "lines": rows,
        "billingAddress": address,
        "customer": {"name": "Greta Fock", "email": f"{external_id}@bench.example"},
        "charges": [{"kind": "SHIPPING", "name": "Versand", "amount": 490}],
        "payments": [{"kind": "CARD", "amount": 1000 * lines + 490, "token": "tok_ok"}],
    }
