"""From what a channel sent to articles, prices, tax and customer: read once for a whole batch, checked per order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import BundleItem, Product, ProductVariant
from kontor.catalog.vouchers import VOUCHER_CLASS, VoucherKind
from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, NotFound
from kontor.core.money import spread
from kontor.core.principal import Principal
from kontor.core.sets import any_of
from kontor.orders.bounds import MAX_AMOUNT, bad, check_shape
from kontor.orders.errors import UnknownSku
from kontor.orders.intake import LineInput, OrderInput
from kontor.orders.promoting import EarnedByOrder, Promoting, promote, read_promoting
from kontor.orders.states import DeliveryType
from kontor.orders.taxing import Taxation, read_vat_ids, taxation_of
from kontor.orders.totals import PricedCharge, PricedLine, price_lines, shares_of_goods, with_tax
from kontor.pricing import loading as price_lists
from kontor.pricing.calculation import Buyer, Ranking, price_for, ranking
from kontor.pricing.models import STANDARD
from kontor.pricing.queries import Point, Points, read_points
from kontor.routing.masters import Masters
from kontor.tax.determination import PlaceOfSupply, TaxTreatment
from kontor.tax.models import VatId
from kontor.tax.queries import STANDARD as STANDARD_CLASS

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
    single_purpose: bool = False


@dataclass(slots=True)
class Facts:
    """What a batch of orders refers to."""

    masters: Masters
    articles: dict[str, Article]
    components: dict[UUID, list[tuple[Article, int]]]
    prices: Points
    lists: price_lists.Lists
    promoting: Promoting
    vat_ids: Mapping[str, VatId]

    def ranking(self, order: OrderInput, channel: SalesChannel, country: str, at: datetime) -> Ranking:
        """The price lists that count for an order, first things first."""
        buyer = Buyer(country, order.currency or channel.currency, self.promoting.groups_of(order))
        return ranking(self.lists.get(channel.id, ()), buyer, at, own=channel.currency)

    def rate(self, channel: SalesChannel, place: PlaceOfSupply, tax_class: str, at: datetime) -> Decimal:
        """The rate in percent on the seller's day of a moment; raises `InvalidInput` when none is entered."""
        if not place.taxed or tax_class == VOUCHER_CLASS:
            return UNTAXED
        return self.masters.tax_rate(place, tax_class, self.masters.day_of(channel, at))


@dataclass(frozen=True, slots=True)
class Setting:
    """What the lines of one order are priced in: where and when it is sold, and the lists that count, in order.

    A price counts as of when the order was placed, never of a moment ahead (`priced_at`).
    """

    facts: Facts
    channel: SalesChannel
    country: str
    at: datetime
    priced_at: datetime
    place: PlaceOfSupply
    ranked: Ranking

    def price(self, article: Article, quantity: int) -> Point | None:
        """Kontor's own unit price of an article."""
        prices = self.facts.prices.get((self.channel.id, article.variant_id), ())
        return price_for(prices, self.ranked, quantity, self.priced_at)

    def list_of(self, price: Point) -> str:
        """The code of the list that a price stands in."""
        lists = self.facts.lists.get(self.channel.id, ())
        return next((each.code for each in lists if each.id == price.price_list_id), STANDARD)

    def rate(self, article: Article) -> Decimal:
        """The tax rate of an article in percent."""
        return self.facts.rate(self.channel, self.place, article.tax_class, self.at)


@dataclass(slots=True)
class Resolved:
    """One order, checked and priced, before stock is looked at."""

    input: OrderInput
    principal: Principal
    channel: SalesChannel
    pickup: UUID | None
    country: str
    taxation: Taxation
    lines: list[PricedLine]
    charges: list[PricedCharge]
    earned: list[EarnedByOrder] = field(default_factory=list)
    sold_at: UUID | None = None

    @property
    def language(self) -> str:
        """The language of everything the customer reads, frozen now."""
        return self.input.language or (self.channel.languages[0] if self.channel.languages else "en")

    @property
    def currency(self) -> str:
        """The currency of all amounts of the order."""
        return self.input.currency or self.channel.currency

    @property
    def total(self) -> int:
        return sum(line.gross for line in self.lines) + sum(charge.gross for charge in self.charges)


_ARTICLE = sa.select(
    ProductVariant.id, ProductVariant.sku, ProductVariant.name, Product.kind,
    sa.case((Product.voucher_kind == VoucherKind.MULTI_PURPOSE, VOUCHER_CLASS), else_=Product.tax_class),
    ProductVariant.weight_g, ProductVariant.bundle, Product.hazmat, Product.bulky,
    sa.and_(ProductVariant.active, Product.active), Product.sale_from, Product.sale_until, Product.regions,
    Product.code, Product.category, Product.brand,
    sa.func.coalesce(Product.voucher_kind == VoucherKind.SINGLE_PURPOSE, sa.false()).label("single_purpose"),
).join(Product, Product.id == ProductVariant.product_id)  # fmt: skip


async def read_facts(db: Session, masters: Masters, orders: Iterable[OrderInput], *, lock: bool = False) -> Facts:
    """Articles, components of bundles, Kontor's own prices and promotions for all orders: one statement each.

    With `lock` budgets and coupons stay as they are read until the end of the transaction.
    """
    orders = list(orders)
    articles = await read_articles(db, {line.sku for order in orders for line in order.lines})
    components = await read_components(db, [each.variant_id for each in articles.values() if each.bundle])
    lists = await price_lists.load(db, masters.version)
    grouped = {channel_id for channel_id, rows in lists.items() if any(each.customer_group for each in rows)}
    promoting = await read_promoting(db, masters, orders, lock=lock, grouped=grouped)
    vat_ids = await read_vat_ids(db, orders)
    facts = Facts(masters, articles, components, {}, lists, promoting, vat_ids)
    if components or any(line.unit_price is None for order in orders for line in order.lines):
        facts.prices = await _prices(db, facts, orders)
    return facts


async def read_articles(db: Session, skus: Iterable[str]) -> dict[str, Article]:
    """Articles by SKU, whether they are sold or not; one statement."""
    rows = await db.execute(_ARTICLE.where(any_of(ProductVariant.sku, sorted(skus))))
    return {row.sku: Article(*tuple(row)) for row in rows}


async def read_components(db: Session, bundles: Sequence[UUID]) -> dict[UUID, list[tuple[Article, int]]]:
    """What bundles are made of, with the pieces of each in one; one statement."""
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


async def _prices(db: Session, facts: Facts, orders: Sequence[OrderInput]) -> Points:
    """The prices that may count for these orders when they were placed; none of lists that fit none of them."""
    variants = {each.variant_id for each in facts.articles.values()} | {
        article.variant_id for rows in facts.components.values() for article, _ in rows
    }
    channels, lists = set[UUID](), set[UUID | None]()
    moments = [min(order.placed_at or db.now, db.now) for order in orders]
    for order, at in zip(orders, moments, strict=True):
        channel = facts.masters.channels.get(order.channel)
        if channel is not None:
            channels.add(channel.id)
            country = _delivered_to(order, facts.masters)
            lists.update(facts.ranking(order, channel, country, at))
    return await read_points(
        db, channels, variants, {each for each in lists if each}, first=min(moments), last=max(moments)
    )


def _delivered_to(order: OrderInput, masters: Masters) -> str:
    """The country of an order that has not been checked yet; that of no list when its place is not known."""
    place = masters.locations_by_code.get(order.pickup_location or "")
    if order.delivery_type is DeliveryType.PICKUP:
        return "" if place is None else place.country
    return (order.shipping_address or order.billing_address).country


def resolve(order: OrderInput, principal: Principal, facts: Facts, now: datetime) -> Resolved:
    """Check one order and price it; raises `InvalidInput` or `NotFound` naming the field at fault."""
    channel = _channel(order, principal, facts.masters)
    check_shape(order)
    if order.currency is not None and not channel.sells_in(order.currency):
        raise bad("CURRENCY_NOT_SOLD", f"{channel.code} does not sell in {order.currency}.", ("currency",))
    pickup = _pickup(order, facts.masters)
    country = _country(order, facts.masters, pickup)
    placed_at = order.placed_at or now
    taxation = taxation_of(order, channel, pickup, facts.masters, facts.vat_ids, at=placed_at)
    place = taxation.place
    priced_at = min(placed_at, now)
    ranked = facts.ranking(order, channel, country, priced_at)
    setting = Setting(facts, channel, country, placed_at, priced_at, place, ranked)
    lines: list[PricedLine] = []
    for index, line in enumerate(order.lines):
        lines.extend(priced(line, index, setting))
    articles = {line.sku: facts.articles[line.sku] for line in order.lines}
    earned, waived = promote(order, lines, articles, facts.promoting, channel, country=country, at=priced_at)
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
        goods_of_rate = [line for line in lines if line.tax_class != VOUCHER_CLASS]
        shares = shares_of_goods(amount, goods_of_rate)
        if not goods_of_rate:  # carriage of nothing but vouchers is a supply of its own
            shares = [(STANDARD_CLASS, facts.rate(channel, place, STANDARD_CLASS, placed_at), amount)]
        if charge.tax_class is not None:
            rate = facts.rate(channel, place, charge.tax_class, placed_at)
            shares = [(charge.tax_class, rate, amount)]
        for tax_class, rate, part in shares:
            amounts = with_tax(part, rate, gross=channel.gross)
            charges.append(PricedCharge(charge.kind, charge.name, tax_class, rate, *amounts))
    sold_at = _sold_at(order, facts.masters)
    resolved = Resolved(order, principal, channel, pickup, country, taxation, lines, charges, earned, sold_at)
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


def priced(line: LineInput, index: int, setting: Setting) -> list[PricedLine]:
    """A line at its price, a bundle as its components; raises `InvalidInput` naming what is wrong with the line."""
    article = setting.facts.articles.get(line.sku)
    at, country = setting.at, setting.country
    if article is None or not article.sellable:
        raise UnknownSku(f"There is no article {line.sku!r}.", path=("lines", index, "sku"), sku=line.sku)
    if (article.sale_from and at < article.sale_from) or (article.sale_until and at >= article.sale_until):
        raise bad("NOT_ON_SALE", f"{line.sku} is not on sale at this time.", ("lines", index, "sku"))
    if article.regions is not None and country not in article.regions:
        raise bad("NOT_SOLD_THERE", f"{line.sku} is not sold to {country}.", ("lines", index, "sku"))
    _check_voucher(article, setting.place, index)
    unit_price, price_list = line.unit_price, None
    if unit_price is None:
        price = setting.price(article, line.quantity)
        if price is None:
            message = f"There is no price of {line.sku} in {setting.channel.code}."
            raise bad("NO_PRICE", message, ("lines", index, "unitPrice"))
        unit_price, price_list = price.amount, setting.list_of(price)
    shown = unit_price * line.quantity
    if line.discount > shown:
        raise bad("DISCOUNT_TOO_HIGH", "The discount exceeds the line.", ("lines", index, "discount"))
    if article.bundle:
        return _exploded(line, index, article, setting, shown=shown, price_list=price_list)
    return [
        PricedLine(
            index, article.variant_id, article.sku, article.name, article.kind, article.tax_class,
            setting.rate(article), line.quantity, unit_price, shown, article.weight_g, article.hazmat, article.bulky,
            line.external_id, line.group, line.no_split, line_discount=line.discount,
            discount_code=line.discount_code, price_list=price_list,
        )
    ]  # fmt: skip


def _check_voucher(article: Article, place: PlaceOfSupply, index: int) -> None:
    """The tax of a single-purpose voucher is that of the country where it will be redeemed: the seller's own."""
    if article.single_purpose and place.treatment is not TaxTreatment.DOMESTIC:
        raise bad("VOUCHER_ABROAD", f"{article.sku} is sold only where it is redeemed.", ("lines", index, "sku"))


def _exploded(
    line: LineInput, index: int, bundle: Article, setting: Setting, *, shown: int, price_list: str | None
) -> list[PricedLine]:
    """A bundle as its components: its price and discount are shared by their own prices, each with its own tax."""
    parts = setting.facts.components.get(bundle.variant_id, [])
    if not parts:
        raise bad("EMPTY_BUNDLE", f"The bundle {bundle.sku} has no components.", ("lines", index, "sku"))
    prices = [setting.price(article, count) for article, count in parts]
    weights = [price.amount * count if price else 0 for price, (_, count) in zip(prices, parts, strict=True)]
    if not all(weights):
        weights = [count for _, count in parts]
    amounts, discounts = spread(shown, weights), spread(line.discount, weights)
    lines = []
    for (article, count), amount, discount in zip(parts, amounts, discounts, strict=True):
        _check_voucher(article, setting.place, index)
        quantity = count * line.quantity
        lines.append(
            PricedLine(
                index, article.variant_id, article.sku, article.name, article.kind, article.tax_class,
                setting.rate(article), quantity, amount // quantity, amount,
                article.weight_g, article.hazmat, article.bulky, line.external_id, f"bundle-{index}",
                bundle_sku=bundle.sku, bundle_key=index, bundle_quantity=line.quantity,
                line_discount=discount, discount_code=line.discount_code, price_list=price_list,
            )
        )  # fmt: skip
    return lines


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
