"""What added pieces cost: by the price lists of the order's date, taxed as the order is. Amounts in minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.customers.models import Customer
from kontor.orders.bounds import MAX_AMOUNT, MAX_QUANTITY, bad
from kontor.orders.errors import UnknownSku
from kontor.orders.intake import LineInput
from kontor.orders.models import Order, OrderLine
from kontor.orders.promoting import Promoting
from kontor.orders.resolving import Facts, Setting, priced, read_articles, read_components
from kontor.orders.totals import PricedLine, price_lines
from kontor.pricing import loading as price_lists
from kontor.pricing.calculation import Buyer, ranking
from kontor.pricing.queries import read_points
from kontor.routing import masters as routing_masters
from kontor.routing.masters import Masters
from kontor.tax.determination import PlaceOfSupply, TaxTreatment


class PriceSource(StrEnum):
    """Where the price of an added line is from: lists of the order's date, whoever adds it, or it costs nothing."""

    LISTS = "LISTS"
    GIVEN = "GIVEN"
    FREE = "FREE"


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line to add; `unit_price` as the channel shows prices, with the source GIVEN. `discount` is for all pieces.

    `external_id` is kept at the line, for who finds it again by it. `worth` (net, tax, gross of all pieces) is what the
    line costs whatever it is computed at: it stands in for pieces that cost that.
    """

    sku: str
    quantity: int
    source: PriceSource = PriceSource.LISTS
    unit_price: int | None = None
    discount: int = 0
    discount_code: str | None = None
    external_id: str | None = None
    worth: tuple[int, int, int] | None = None


def ordered_at(order: Order) -> datetime:
    """The moment whose prices and promotions count for an order."""
    return min(order.placed_at, order.created_at)


def supply_of(order: Order) -> PlaceOfSupply:
    """Where the order is taxed; one that is older than the decision in its own country."""
    return order.place_of_supply or PlaceOfSupply(order.country, TaxTreatment.DOMESTIC)


async def price_added(
    db: Session, order: Order, lines: Sequence[OrderLine], wanted: Sequence[NewLine]
) -> list[PricedLine]:
    """The lines that would be added, a bundle as its components, amounts frozen at the rates of the order's date.

    An article that had no price then costs what it costs today. Added pieces earn no promotion. Raises `UnknownSku` or
    `InvalidInput` (NO_PRICE, NOT_ON_SALE, NOT_SOLD_THERE, INVALID_QUANTITY) naming `lines`, the position and the field.
    """
    masters = await routing_masters.load(db)
    setting = await _setting(db, masters, order, wanted)
    first_bundle = max((line.bundle_key for line in lines if line.bundle_key is not None), default=-1) + len(lines) + 1
    found: list[PricedLine] = []
    for index, new in enumerate(wanted):
        _check(new, setting.facts, index)
        own = _at_its_price(new, index, setting, order)
        for line in own:
            line.tax_rate = setting.facts.rate(setting.channel, setting.place, line.tax_class, order.placed_at)
            if line.bundle_key is not None:
                line.bundle_key = first_bundle + index
                line.group_key = f"bundle-{line.bundle_key}"
        found.extend(own)
    price_lines(found, 0, gross=order.gross)
    for line in found:
        worth = wanted[line.input_index].worth
        if worth is not None:
            line.net, line.tax, line.gross = worth
    return found


async def _setting(db: Session, masters: Masters, order: Order, wanted: Sequence[NewLine]) -> Setting:
    channel: SalesChannel = masters.channels_by_id[order.channel_id]
    articles = await read_articles(db, {new.sku for new in wanted})
    components = await read_components(db, [each.variant_id for each in articles.values() if each.bundle])
    lists = await price_lists.load(db, masters.version)
    at = ordered_at(order)
    buyer = Buyer(order.country, order.currency, await _groups(db, order))
    ranked = ranking(lists.get(channel.id, ()), buyer, at, own=channel.currency)
    variants = {each.variant_id for each in articles.values()} | {
        article.variant_id for rows in components.values() for article, _ in rows
    }
    points = await read_points(db, [channel.id], variants, [each for each in ranked if each], first=at, last=db.now)
    facts = Facts(masters, articles, components, points, lists, Promoting(), {})
    return Setting(facts, channel, order.country, db.now, at, supply_of(order), ranked)


async def _groups(db: Session, order: Order) -> frozenset[str]:
    customer = None if order.customer_id is None else await db.get(Customer, order.customer_id)
    return frozenset() if customer is None else frozenset(customer.tags)


def _check(new: NewLine, facts: Facts, index: int) -> None:
    if not 1 <= new.quantity <= MAX_QUANTITY:
        raise bad("INVALID_QUANTITY", f"1 to {MAX_QUANTITY} pieces.", ("lines", index, "quantity"))
    if new.unit_price is not None and not 0 <= new.unit_price <= MAX_AMOUNT:
        raise bad("INVALID_AMOUNT", "A price is not negative and within bounds.", ("lines", index, "unitPrice"))
    if new.sku not in facts.articles:
        raise UnknownSku(f"There is no article {new.sku!r}.", path=("lines", index, "sku"), sku=new.sku)


def _at_its_price(new: NewLine, index: int, setting: Setting, order: Order) -> list[PricedLine]:
    unit_price = {PriceSource.LISTS: None, PriceSource.GIVEN: new.unit_price, PriceSource.FREE: 0}[new.source]
    line = LineInput(new.sku, new.quantity, unit_price, new.discount, new.discount_code, new.external_id)
    try:
        return priced(line, index, setting)
    except InvalidInput as problem:
        if problem.code != "NO_PRICE":
            raise
        return priced(line, index, replace(setting, priced_at=setting.at))
