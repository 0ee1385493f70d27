"""A company that is no more than the recorded payments need: one article at each of a few places, in plenty.

An order's n-th seller ships from the n-th place, so that it leaves in as many shipments as it was recorded in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from kontor.bench.replay import loading
from kontor.bench.replay.dataset import Recorded
from kontor.bench.replay.plan import METHODS, Story
from kontor.catalog.models import Product, ProductKind, ProductVariant
from kontor.channels.models import ChannelKind, LegalEntity, SalesChannel
from kontor.core.db import Database, Session
from kontor.core.ids import new_id
from kontor.inventory.models import MovementKind, StockLevel, StockMovement
from kontor.locations.models import LocationKind, ShippingTariff, StockLocation
from kontor.orders.intake import Address, ChargeInput, CustomerInput, LineInput, OrderInput, PaymentInput
from kontor.tax.models import TaxRate

PLENTY = 10_000_000
# What was agreed beyond the total is interest of instalments, and collected.
SETTINGS = loading.SETTINGS | {"capture_surplus": True, "refund_approval_above": 10_000_000}


@dataclass(frozen=True, slots=True)
class Company:
    """Who sells."""

    entity_id: UUID
    channel_id: UUID


async def build(database: Database, *, places: int, first_day: date) -> Company:
    """Make the company with so many places."""
    async with database.unit_of_work() as db:
        entity = LegalEntity(
            id=new_id(), code=loading.ENTITY, name="Marketplace", street="Rua Marechal Hermes 999",
            postal_code="80530-230", city="Curitiba", country=loading.COUNTRY, timezone=loading.ZONE,
            tax_number="00.000.000/0001-91", footer={},
        )  # fmt: skip
        channel = SalesChannel(
            id=new_id(), code=loading.CHANNEL, name="Marketplace", kind=ChannelKind.WEB_SHOP,
            legal_entity_id=entity.id, country=loading.COUNTRY, currency=loading.CURRENCY, languages=["en"],
            gross=True, payment_methods=sorted({method for method, _ in METHODS.values()}), processes={},
            settings=SETTINGS, created_at=db.now, updated_at=db.now,
        )  # fmt: skip
        rate = TaxRate(
            id=new_id(), country=loading.COUNTRY, tax_class="standard", rate=Decimal(loading.TAX_RATE),
            valid_from=first_day, created_at=db.now,
        )  # fmt: skip
        db.add(entity)
        await db.flush()
        db.add_all([channel, rate, ShippingTariff(id=new_id(), carrier="Correios", parcel_cents=934)])
        for number in range(places):
            await _place(db, number)
    return Company(entity.id, channel.id)


async def _place(db: Session, number: int) -> None:
    place = StockLocation(
        id=new_id(), code=f"P{number}", name=f"Place {number}", kind=LocationKind.WAREHOUSE, country=loading.COUNTRY,
        latitude=-23.5 - number, longitude=-46.6, timezone=loading.ZONE, opening_hours="24/7", closures=[],
        settings={}, created_at=db.now, updated_at=db.now,
    )  # fmt: skip
    product = Product(
        id=new_id(), code=sku(number), kind=ProductKind.PHYSICAL, name=f"Goods {number}", tax_class="standard",
        texts={}, images=[], created_at=db.now, updated_at=db.now,
    )  # fmt: skip
    db.add_all([place, product])
    await db.flush()
    variant = ProductVariant(
        id=new_id(), product_id=product.id, sku=sku(number), name=product.name, attributes={}, weight_g=300,
        created_at=db.now, updated_at=db.now,
    )  # fmt: skip
    db.add(variant)
    await db.flush()
    level = StockLevel(
        location_id=place.id, variant_id=variant.id, on_hand=PLENTY, as_of=db.now, updated_at=db.now
    )  # fmt: skip
    moved = StockMovement(
        id=new_id(), location_id=place.id, variant_id=variant.id, kind=MovementKind.COUNT, on_hand=PLENTY, at=db.now,
        by="bench",
    )  # fmt: skip
    db.add_all([level, moved])


def sku(number: int) -> str:
    """The article of a place."""
    return f"GOODS-{number}"


def order_of(story: Story) -> OrderInput:
    """The recorded order as its channel sends it."""
    order = story.order
    address = Address(f"Cliente {order.person_id[:8]}", f"Rua {order.person_id[8:16]} 1", order.place.postal_code,
                      order.place.city, loading.COUNTRY, region=order.place.state)  # fmt: skip
    return OrderInput(
        channel=loading.CHANNEL,
        external_id=order.id,
        lines=_lines(order),
        billing_address=address,
        customer=CustomerInput(address.name, external_id=order.person_id),
        charges=(ChargeInput("SHIPPING", "Frete", order.freight),) if order.freight else (),
        payments=tuple(PaymentInput(each.method, each.amount, token=each.token) for each in story.payments),
        placed_at=order.purchased_at,
        promised_on=max(order.promised_on, order.purchased_at.date()),
    )


def _lines(order: Recorded) -> tuple[LineInput, ...]:
    sellers: Sequence[str] = list(dict.fromkeys(line.seller_id for line in order.lines))
    return tuple(LineInput(sku(sellers.index(line.seller_id)), line.quantity, line.price) for line in order.lines)
