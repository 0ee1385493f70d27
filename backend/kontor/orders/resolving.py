"""From what a channel sent to articles, prices, tax and customer: read once for a whole batch, checked per order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import BundleItem, Product, ProductVariant
from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, NotFound, Path
from kontor.core.money import spread
from kontor.core.principal import Principal
from kontor.core.sets import any_of
from kontor.orders.errors import UnknownSku
from kontor.orders.intake import LineInput, OrderInput
from kontor.orders.promoting import EarnedByOrder, Promoting, promote, read_promoting
from kontor.orders.states import DeliveryType
from kontor.orders.totals import PricedCharge, PricedLine, price_lines, shares_of_goods, with_tax
from kontor.pricing.models import Price
from kontor.routing.masters import Masters

MAX_LINES = 2_500
MAX_QUANTITY = 100_000
MAX_AMOUNT = 10**12
UNTAXED = Decimal(0)  # reverse charge and exports (VAT Directive art. 138, 146, 196)


@dataclass(frozen=True, slots=True)
class Article:
    """What placing needs of a variant and its product."""

    variant_id: UUID
    sku: str
    name: str
    kind: str
    tax_class: str
    weight_g: int
    bundle: bool
    hazmat: bool
    bulky: bool
    sellable: bool
    sale_from: datetime | None
    sale_until: datetime | None
    regions: Sequence[str] | None
    product: str
    category: str | None
    brand: str | None


@dataclass(slots=True)
class Facts:
    """What a batch of orders refers to."""

    masters: Masters
    articles: dict[str, Article]
    components: dict[UUID, list[tuple[Article, int]]]
    prices: dict[tuple[UUID, UUID], list[Price]]
    promoting: Promoting

    def rate(self, channel: SalesChannel, country: str, tax_class: str, at: datetime) -> Decimal:
        """The rate in percent on the seller's day of a moment; raises `InvalidInput` when none is entered."""
        return self.masters.tax_rate(country, tax_class, self.masters.day_of(channel, at))


@dataclass(slots=True)
class Resolved:
    """One order, checked and priced, before stock is looked at."""

    input: OrderInput
    principal: Principal
    channel: SalesChannel
    pickup: UUID | None
    country: str
    lines: list[PricedLine]
    charges: list[PricedCharge]
    earned: list[EarnedByOrder] = field(default_factory=list)
    sold_at: UUID | None = None

    @property
    def language(self) -> str:
        """The language of everything the customer reads, frozen now."""
        return self.input.language or (self.channel.languages[0] if self.channel.languages else "en")

    @property
    def total(self) -> int:
        return sum(line.gross for line in self.lines) + sum(charge.gross for charge in self.charges)


_ARTICLE = sa.select(
    ProductVariant.id, ProductVariant.sku, ProductVariant.name, Product.kind, Product.tax_class,
    ProductVariant.weight_g, ProductVariant.bundle, Product.hazmat, Product.bulky,
    sa.and_(ProductVariant.active, Product.active), Product.sale_from, Product.sale_until, Product.regions,
    Product.code, Product.category, Product.brand,
).join(Product, Product.id == ProductVariant.product_id)  # fmt: skip


async def read_facts(db: Session, masters: Masters, orders: Iterable[OrderInput], *, lock: bool = False) -> Facts:
    """Articles, components of bundles, Kontor's own prices and promotions for all orders: one statement each.

    With `lock` budgets and coupons stay as they are read until the end of the transaction.
    """
    orders = list(orders)
    articles = await read_articles(db, {line.sku for order in orders for line in order.lines})
    components = await _components(db, [each.variant_id for each in articles.values() if each.bundle])
    priced = any(line.unit_price is None for order in orders for line in order.lines)
    variants = {each.variant_id for each in articles.values()} | {
        article.variant_id for rows in components.values() for article, _ in rows
    }
    prices = await _prices(db, variants) if priced or components else {}
    return Facts(masters, articles, components, prices, await read_promoting(db, masters, orders, lock=lock))


async def read_articles(db: Session, skus: Iterable[str]) -> dict[str, Article]:
    """Articles by SKU, whether they are sold or not; one statement."""
    rows = await db.execute(_ARTICLE.where(any_of(ProductVariant.sku, sorted(skus))))
    return {row.sku: Article(*tuple(row)) for row in rows}


async def _components(db: Session, bundles: Sequence[UUID]) -> dict[UUID, list[tuple[Article, int]]]:
    found: dict[UUID, list[tuple[Article, int]]] = {}
    if not bundles:
        return found
    rows = await db.execute(
        _ARTICLE.add_columns(BundleItem.bundle_id, BundleItem.quantity)
        .join(BundleItem, BundleItem.component_id == ProductVariant.id)
        .where(BundleItem.bundle_id.in_(bundles))
        .order_by(BundleItem.bundle_id, BundleItem.position, ProductVariant.sku)
    )
    for row in rows:
        article: tuple[Any, ...] = tuple(row)[:-2]
        found.setdefault(row.bundle_id, []).append((Article(*article), row.quantity))
    return found


async def _prices(db: Session, variants: Iterable[UUID]) -> dict[tuple[UUID, UUID], list[Price]]:
    found: dict[tuple[UUID, UUID], list[Price]] = {}
    rows = await db.scalars(
        sa.select(Price)
        .where(Price.variant_id.in_(variants), sa.or_(Price.valid_to.is_(None), Price.valid_to > db.now))
        .order_by(Price.min_quantity.desc(), Price.valid_from.desc())
    )
    for price in rows:
        found.setdefault((price.channel_id, price.variant_id), []).append(price)
    return found


def resolve(order: OrderInput, principal: Principal, facts: Facts, now: datetime) -> Resolved:
    """Check one order and price it; raises `InvalidInput` or `NotFound` naming the field at fault."""
    channel = _channel(order, principal, facts.masters)
    check_shape(order)
    pickup = _pickup(order, facts.masters)
    country = _country(order, facts.masters, pickup)
    placed_at = order.placed_at or now
    taxed = facts.masters.place_of_supply(
        channel,
        country,
        pickup=pickup is not None,
        postal_code=(order.shipping_address or order.billing_address).postal_code,
        vat_id=order.customer.vat_id,
    ).taxed
    lines: list[PricedLine] = []
    for index, line in enumerate(order.lines):
        lines.extend(_priced(line, index, channel, facts, country=country, at=placed_at, taxed=taxed))
    articles = {line.sku: facts.articles[line.sku] for line in order.lines}
    earned, waived = promote(order, lines, articles, facts.promoting, channel, country=country, at=min(placed_at, now))
    discount = sum(each.amount for each in order.discounts)
    goods = sum(line.before_order for line in lines)
    if discount > goods:
        raise InvalidInput(
            "The discounts exceed the goods.", code="DISCOUNT_TOO_HIGH", path=("discounts",), goods=goods
        )
    price_lines(lines, discount, gross=channel.gross)
    charges = []
    for index, charge in enumerate(order.charges):
        amount = charge.amount - waived.get(index, 0)
        shares = shares_of_goods(amount, lines)
        if charge.tax_class is not None:
            rate = facts.rate(channel, country, charge.tax_class, placed_at) if taxed else UNTAXED
            shares = [(charge.tax_class, rate, amount)]
        for tax_class, rate, part in shares:
            amounts = with_tax(part, rate, gross=channel.gross)
            charges.append(PricedCharge(charge.kind, charge.name, tax_class, rate, *amounts))
    sold_at = _sold_at(order, facts.masters)
    resolved = Resolved(order, principal, channel, pickup, country, lines, charges, earned, sold_at)
    _check_total(order, resolved)
    return resolved


def visible_channel(code: str, principal: Principal, masters: Masters) -> SalesChannel | None:
    """The channel of that code, if the principal may sell through it."""
    channel = masters.channels.get(code)
    if channel is None or (principal.channel_ids is not None and channel.id not in principal.channel_ids):
        return None
    return channel


def _channel(order: OrderInput, principal: Principal, masters: Masters) -> SalesChannel:
    channel = visible_channel(order.channel, principal, masters)
    if channel is None or not channel.active:
        raise NotFound(f"There is no sales channel {order.channel!r}.", code="CHANNEL_NOT_FOUND", path=("channel",))
    return channel


def check_shape(order: OrderInput) -> None:
    """Bounds that hold for every order, whoever sends it."""
    if not order.external_id.strip() or len(order.external_id) > 120:
        raise InvalidInput("1 to 120 characters.", code="INVALID_EXTERNAL_ID", path=("externalId",))
    if not 1 <= len(order.lines) <= MAX_LINES:
        raise InvalidInput(
            f"An order has 1 to {MAX_LINES} lines.", code="INVALID_LINES", path=("lines",), max=MAX_LINES
        )
    for index, line in enumerate(order.lines):
        if not 1 <= line.quantity <= MAX_QUANTITY:
            raise _bad("INVALID_QUANTITY", f"1 to {MAX_QUANTITY} pieces.", ("lines", index, "quantity"))
        if line.unit_price is not None and not 0 <= line.unit_price <= MAX_AMOUNT:
            raise _bad("INVALID_AMOUNT", "A price is not negative and within bounds.", ("lines", index, "unitPrice"))
        if not 0 <= line.discount <= MAX_AMOUNT:
            raise _bad("INVALID_AMOUNT", "A discount is not negative.", ("lines", index, "discount"))
    amounts: tuple[tuple[str, Sequence[Any]], ...] = (
        ("charges", order.charges),
        ("discounts", order.discounts),
        ("payments", order.payments),
    )
    for name, rows in amounts:
        for index, row in enumerate(rows):
            if not 0 <= row.amount <= MAX_AMOUNT:
                raise _bad("INVALID_AMOUNT", "An amount is not negative and within bounds.", (name, index, "amount"))
    _check_addresses(order)


def _check_addresses(order: OrderInput) -> None:
    for name, address in (("billingAddress", order.billing_address), ("shippingAddress", order.shipping_address)):
        if address is None:
            continue
        for part, limit in (("name", 200), ("street", 200), ("postal_code", 20), ("city", 120)):
            text: str = getattr(address, part)
            if not text.strip() or len(text) > limit:
                camel = "postalCode" if part == "postal_code" else part
                raise _bad("INVALID_ADDRESS", f"1 to {limit} characters.", (name, camel))
        if len(address.country) != 2 or not address.country.isalpha() or not address.country.isupper():
            raise _bad("INVALID_COUNTRY", "Two capital letters of ISO 3166.", (name, "country"))
        if address.latitude is not None and not -90 <= address.latitude <= 90:
            raise _bad("INVALID_COORDINATES", "Latitude lies between -90 and 90.", (name, "latitude"))
        if address.longitude is not None and not -180 <= address.longitude <= 180:
            raise _bad("INVALID_COORDINATES", "Longitude lies between -180 and 180.", (name, "longitude"))
    if not order.customer.name.strip() or len(order.customer.name) > 200:
        raise _bad("INVALID_NAME", "1 to 200 characters.", ("customer", "name"))


def _bad(code: str, message: str, path: Path) -> InvalidInput:
    return InvalidInput(message, code=code, path=path)


def _pickup(order: OrderInput, masters: Masters) -> UUID | None:
    if order.delivery_type is not DeliveryType.PICKUP:
        return None
    place = masters.locations_by_code.get(order.pickup_location or "")
    if place is None or not place.can_pickup or not place.active:
        raise NotFound("There is no such pick-up place.", code="PICKUP_NOT_FOUND", path=("pickupLocation",))
    return place.id


def _sold_at(order: OrderInput, masters: Masters) -> UUID | None:
    if order.sold_at_location is None:
        return None
    place = masters.locations_by_code.get(order.sold_at_location)
    if place is None or not place.active:
        raise NotFound("There is no such store.", code="SOLD_AT_NOT_FOUND", path=("soldAtLocation",))
    return place.id


def _country(order: OrderInput, masters: Masters, pickup: UUID | None) -> str:
    """Place of supply: where the goods are handed over (VAT Directive art. 31 to 33)."""
    if pickup is not None:
        return masters.locations[pickup].country
    return (order.shipping_address or order.billing_address).country


def _priced(
    line: LineInput, index: int, channel: SalesChannel, facts: Facts, *, country: str, at: datetime, taxed: bool
) -> list[PricedLine]:
    article = facts.articles.get(line.sku)
    if article is None or not article.sellable:
        raise UnknownSku(f"There is no article {line.sku!r}.", path=("lines", index, "sku"), sku=line.sku)
    if (article.sale_from and at < article.sale_from) or (article.sale_until and at >= article.sale_until):
        raise _bad("NOT_ON_SALE", f"{line.sku} is not on sale at this time.", ("lines", index, "sku"))
    if article.regions is not None and country not in article.regions:
        raise _bad("NOT_SOLD_THERE", f"{line.sku} is not sold to {country}.", ("lines", index, "sku"))
    unit_price = line.unit_price
    if unit_price is None:
        unit_price = _price(facts, channel, article, line.quantity, at)
        if unit_price is None:
            raise _bad("NO_PRICE", f"There is no price of {line.sku} in {channel.code}.", ("lines", index, "unitPrice"))
    shown = unit_price * line.quantity
    if line.discount > shown:
        raise _bad("DISCOUNT_TOO_HIGH", "The discount exceeds the line.", ("lines", index, "discount"))
    if article.bundle:
        return _exploded(line, index, article, facts, channel, shown=shown, country=country, at=at, taxed=taxed)
    rate = facts.rate(channel, country, article.tax_class, at) if taxed else UNTAXED
    return [
        PricedLine(
            index, article.variant_id, article.sku, article.name, article.kind, article.tax_class, rate, line.quantity,
            unit_price, shown, article.weight_g, article.hazmat, article.bulky, line.external_id, line.group,
            line.no_split, line_discount=line.discount, discount_code=line.discount_code,
        )
    ]  # fmt: skip


def _exploded(
    line: LineInput, index: int, bundle: Article, facts: Facts, channel: SalesChannel, **context: Any
) -> list[PricedLine]:
    """A bundle as its components: its price and discount are shared by their own prices, each with its own tax."""
    parts = facts.components.get(bundle.variant_id, [])
    if not parts:
        raise _bad("EMPTY_BUNDLE", f"The bundle {bundle.sku} has no components.", ("lines", index, "sku"))
    at, country, shown = context["at"], context["country"], context["shown"]
    weights = [(_price(facts, channel, article, count, at) or 0) * count for article, count in parts]
    if not all(weights):
        weights = [count for _, count in parts]
    amounts, discounts = spread(shown, weights), spread(line.discount, weights)
    lines = []
    for (article, count), amount, discount in zip(parts, amounts, discounts, strict=True):
        quantity = count * line.quantity
        lines.append(
            PricedLine(
                index, article.variant_id, article.sku, article.name, article.kind, article.tax_class,
                facts.rate(channel, country, article.tax_class, at) if context["taxed"] else UNTAXED,
                quantity, amount // quantity, amount,
                article.weight_g, article.hazmat, article.bulky, line.external_id, f"bundle-{index}",
                bundle_sku=bundle.sku, bundle_key=index, bundle_quantity=line.quantity,
                line_discount=discount, discount_code=line.discount_code,
            )
        )  # fmt: skip
    return lines


def _price(facts: Facts, channel: SalesChannel, article: Article, quantity: int, at: datetime) -> int | None:
    for price in facts.prices.get((channel.id, article.variant_id), ()):
        if (
            price.min_quantity <= quantity
            and price.valid_from <= at
            and (price.valid_to is None or at < price.valid_to)
        ):
            return price.amount
    return None


def _check_total(order: OrderInput, resolved: Resolved) -> None:
    if resolved.total > MAX_AMOUNT:
        raise InvalidInput(
            "The order is worth more than any order can be.", code="TOTAL_TOO_HIGH", path=("lines",), max=MAX_AMOUNT
        )
    if order.expected_total is not None and order.expected_total != resolved.total:
        raise InvalidInput(
            f"The lines and charges add up to {resolved.total}, not to {order.expected_total}.",
            code="TOTAL_MISMATCH",
            path=("expectedTotal",),
            computed=resolved.total,
            expected=order.expected_total,
        )
