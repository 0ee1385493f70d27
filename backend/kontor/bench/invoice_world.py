"""A company with gross and net channels in several currencies, and random orders of every kind of tax and price.

1 to 30 lines, three rates per country, discounts on lines and orders, fees, consumers and companies at home, elsewhere
in the EU and outside. The same seed gives the same orders.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from kontor.catalog.models import Product, ProductKind, ProductVariant
from kontor.channels.models import ChannelKind, LegalEntity, SalesChannel
from kontor.core.db import Database, Session
from kontor.core.ids import new_id
from kontor.core.money import spread
from kontor.inventory.models import MovementKind, StockLevel, StockMovement
from kontor.locations.models import LocationKind, ShippingTariff, StockLocation
from kontor.orders.intake import (
    Address,
    ChargeInput,
    CustomerInput,
    DiscountInput,
    LineInput,
    OrderInput,
    PaymentInput,
)
from kontor.tax.determination import place_of_supply
from kontor.tax.models import TaxRate
from kontor.tax.territories import territory_of

CLASSES = ("standard", "reduced", "zero")
RATES = {
    "DE": ("19", "7", "0"),
    "FR": ("20", "5.5", "0"),
    "AT": ("20", "10", "0"),
    "PL": ("23", "5", "0"),
}
# Code, currency, whether prices are gross; all belong to one German company.
CHANNELS = (
    ("gross-eur", "EUR", True), ("net-eur", "EUR", False), ("gross-pln", "PLN", True), ("net-jpy", "JPY", False),
    ("gross-chf", "CHF", True),
)  # fmt: skip
ADDRESSES = (
    Address("Greta Fock", "Deichstraße 7", "20459", "Hamburg", "DE", extra="c/o Müller & Söhne <3. OG>"),
    Address("Zoë O'Neill", "1 rue de l'Église", "75001", "Paris", "FR"),
    Address("Ján Čapek", "Mariahilfer Straße 8", "1060", "Wien", "AT", company="Čapek & Co. KG"),
    Address("Łucja Żak", "ul. Długa 3", "00-238", "Warszawa", "PL", region="Mazowieckie"),
    Address("Reto Zürcher", "Bahnhofstrasse 1", "8001", "Zürich", "CH"),
)
OUTSIDE = ADDRESSES[-1:]
VAT_IDS = {"FR": "FR83404833048", "AT": "ATU13585627", "PL": "PL8567346215"}
NAMES = (
    'Ship\'s lamp "Fock" 12" & shade',
    "Öltuch, 3 m",
    "Tea <loose>, 250 g",
    "Book of knots",
    "Seil 8 mm",
    "Compass",
)
METHODS = ("ON_ACCOUNT", "CARD", "WALLET", "GIFT_CARD", "DIRECT_DEBIT", "CASH", "COLLECTED_BY_CHANNEL")
LABELS = {"CARD": "Visa •••• 4242", "WALLET": "PayPal"}


@dataclass(slots=True)
class Company:
    """What random orders are made of: the tax class of each article. `taken` counts the orders."""

    classes: dict[str, str]
    taken: int = 0


async def build(database: Database) -> Company:
    """A German company that sells six articles of three tax classes through five channels from one warehouse."""
    async with database.unit_of_work() as db:
        entity = LegalEntity(
            id=new_id(), code="NORD", name="Nordlicht Handel GmbH", street="Am Sandtorkai 1", postal_code="20457",
            city="Hamburg", country="DE", vat_id="DE136695976", tax_number="48/123/45678", register="HRB 123456",
            iban="DE89370400440532013000", bic="COBADEFFXXX", email="rechnung@nordlicht.example",
            phone="+49 40 123456", footer={"managers": ["Jan Maat"], "contact": "Buchhaltung"},
        )  # fmt: skip
        db.add(entity)
        await db.flush()
        db.add_all(_channel(db, entity, *each) for each in CHANNELS)
        db.add_all(
            _rate(db, country, *each) for country, rates in RATES.items() for each in zip(CLASSES, rates, strict=True)
        )
        warehouse = StockLocation(
            id=new_id(), code="WH", name="Warehouse", kind=LocationKind.WAREHOUSE, country="DE", latitude=53.54,
            longitude=9.98, timezone="Europe/Berlin", opening_hours="24/7", closures=[], settings={},
            created_at=db.now, updated_at=db.now,
        )  # fmt: skip
        tariff = ShippingTariff(id=new_id(), carrier="Parcel", parcel_cents=490)
        db.add_all([warehouse, tariff])
        await db.flush()
        classes = {}
        for number, name in enumerate(NAMES):
            sku, tax_class = f"ART-{number}", CLASSES[number % 3]
            await _article(db, warehouse.id, sku, name, tax_class)
            classes[sku] = tax_class
    return Company(classes)


def _channel(db: Session, entity: LegalEntity, code: str, currency: str, gross: bool) -> SalesChannel:
    return SalesChannel(
        id=new_id(), code=code, name="Nordlicht", kind=ChannelKind.WEB_SHOP, legal_entity_id=entity.id, country="DE",
        currency=currency, languages=["de", "en"], gross=gross, payment_methods=list(METHODS), processes={},
        settings={}, created_at=db.now, updated_at=db.now,
    )  # fmt: skip


def _rate(db: Session, country: str, tax_class: str, rate: str) -> TaxRate:
    return TaxRate(
        id=new_id(), country=country, tax_class=tax_class, rate=Decimal(rate), valid_from=date(2021, 1, 1),
        created_at=db.now,
    )  # fmt: skip


async def _article(db: Session, place_id: UUID, sku: str, name: str, tax_class: str) -> None:
    product = Product(
        id=new_id(), code=sku, kind=ProductKind.PHYSICAL, name=name, tax_class=tax_class, texts={}, images=[],
        created_at=db.now, updated_at=db.now,
    )  # fmt: skip
    db.add(product)
    await db.flush()
    variant = ProductVariant(
        id=new_id(), product_id=product.id, sku=sku, name=name, attributes={}, weight_g=300, created_at=db.now,
        updated_at=db.now,
    )  # fmt: skip
    db.add(variant)
    await db.flush()
    count = 10_000_000
    level = StockLevel(location_id=place_id, variant_id=variant.id, on_hand=count, as_of=db.now, updated_at=db.now)
    moved = StockMovement(
        id=new_id(), location_id=place_id, variant_id=variant.id, kind=MovementKind.COUNT, on_hand=count, at=db.now,
        by="bench",
    )  # fmt: skip
    db.add_all([level, moved])


def random_order(company: Company, chance: random.Random, number: int) -> OrderInput:
    """A valid order whose every choice follows from the generator."""
    code, currency, gross = chance.choice(CHANNELS)
    # Without decimals the tax of many lines drifts further from that of their sum than the standard allows.
    address = chance.choice(ADDRESSES if currency != "JPY" else OUTSIDE)
    business = chance.random() < 0.4
    vat_id = VAT_IDS.get(address.country) if business else None
    lines = tuple(_line(chance, company) for _ in range(chance.choice((1, 1, 2, 3, 5, 8, 13, 30))))
    goods = sum(line.quantity * (line.unit_price or 0) - line.discount for line in lines)
    off = chance.randrange(goods // 3 + 1) if chance.random() < 0.4 else 0
    shares = None if gross else CLASSES[0]  # where prices are net, its own class tells what the order will come to
    fee = ChargeInput("SHIPPING", "Versand", chance.randrange(1, 1500), tax_class=shares)
    charges = (fee,) if chance.random() < 0.6 else ()
    elsewhere = chance.choice([each for each in ADDRESSES if each.country == address.country])
    wanted = OrderInput(
        channel=code,
        external_id=f"random-{number}",
        lines=lines,
        billing_address=address,
        shipping_address=elsewhere,
        customer=CustomerInput(address.name, f"kunde-{number}@example.com", vat_id=vat_id),
        charges=charges,
        discounts=(DiscountInput("SPRING", "Frühling", off),) if off else (),
        language=chance.choice(("de", "en")),
        facts={"buyer_reference": "04011000-12345-34", "purchase_order": f"PO-{number}"} if business else {},
    )
    total = _total(company, wanted, gross=gross)
    return replace(wanted, payments=_promises(chance, total))


def _line(chance: random.Random, company: Company) -> LineInput:
    quantity, price = chance.choice((1, 1, 2, 3, 7, 12)), chance.choice((1, 99, 333, 1999, chance.randrange(1, 50_000)))
    off = chance.randrange(quantity * price) if chance.random() < 0.3 else 0
    return LineInput(chance.choice(list(company.classes)), quantity, price, discount=off)


def _total(company: Company, wanted: OrderInput, *, gross: bool) -> int:
    """What the order will come to: as shown where prices hold the tax, else with the tax of each line on top."""
    off = [line.quantity * (line.unit_price or 0) - line.discount for line in wanted.lines]
    shares = spread(sum(each.amount for each in wanted.discounts), off)
    shown = [(company.classes[line.sku], worth - share)
             for line, worth, share in zip(wanted.lines, off, shares, strict=True)]  # fmt: skip
    shown += [(each.tax_class or CLASSES[0], each.amount) for each in wanted.charges]
    country = wanted.billing_address.country
    supply = place_of_supply(
        seller=territory_of("DE", None, None, {}, date(2026, 1, 1)),
        arrival=territory_of(country, None, None, {}, date(2026, 1, 1)),
        vat_id=wanted.customer.vat_id,
    )
    rates = dict(zip(CLASSES, RATES.get(country, ()), strict=False)) if supply.taxed and not gross else {}
    return sum(amount + _tax(amount, Decimal(rates.get(tax_class, "0"))) for tax_class, amount in shown)


def _tax(net: int, rate: Decimal) -> int:
    return int((net * rate / 100).quantize(Decimal(1), ROUND_HALF_UP))


def _promises(chance: random.Random, total: int) -> tuple[PaymentInput, ...]:
    """On account in half of all cases, else one or two ways of payment."""
    if total < 2 or chance.random() < 0.5:
        return ()
    first, second = chance.sample(METHODS, 2)
    share = chance.choice((total, chance.randrange(1, total)))
    given = [(first, share), (second, total - share)]
    return tuple(
        PaymentInput(kind, amount, token="tok" if kind == "CARD" else None, label=LABELS.get(kind))
        for kind, amount in given
        if amount
    )
