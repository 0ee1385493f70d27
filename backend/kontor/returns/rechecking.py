"""What a refund keeps of discounts that the kept goods no longer earn (return rule RECHECK)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import SalesChannel
from kontor.core import expressions
from kontor.core.db import Session
from kontor.core.money import of_units
from kontor.fulfillment.models import ShipmentLine
from kontor.orders import queries as orders
from kontor.orders.models import Order, OrderLine, PriceAdjustment
from kontor.orders.resolving import Article, read_articles
from kontor.promotions import loading
from kontor.promotions.book import Book
from kontor.promotions.rechecking import no_longer_earned, still_to_keep, sums
from kontor.promotions.values import Basket, Item, ReturnRule
from kontor.returns.models import Return


async def kept_back(
    db: Session, order_id: UUID, returned: Mapping[UUID, int], sent: Mapping[UUID, ShipmentLine], *,
    charged: Mapping[str, int], most: int, instead: Collection[UUID] = (),
) -> dict[str, int]:  # fmt: skip
    """What the refund keeps, by tax rate, gross; `returned` are all pieces paid back, this time's included.

    The rate is that of the supply (`sent`, by order line), which may be another one than on the day of the order.
    `charged` is what was charged for pieces that were canceled before, by rate, gross. Lines given `instead` of others
    count as those, not once more.
    """
    reductions = await reductions_of(db, order_id)
    if not any(row.return_rule is ReturnRule.RECHECK for row in reductions):
        return {}
    order = await db.get_one(Order, order_id)
    lines = (await orders.lines_of(db, [order_id]))[order_id]
    kept = {
        line.id: 0 if line.id in instead else line.ordered - line.canceled - returned.get(line.id, 0) for line in lines
    }
    lost = await lost_of_kept(db, order, lines, reductions, kept)
    target = sums([_taxed(order, sent.get(line.id, line), lost.get(str(line.id), 0)) for line in lines])
    taken = list(await db.scalars(sa.select(Return.rechecked).where(Return.order_id == order_id)))
    return still_to_keep(target, sums([*taken, charged]), most)


async def reductions_of(db: Session, order_id: UUID) -> Sequence[PriceAdjustment]:
    """The discounts of an order as they were given."""
    return list(await db.scalars(sa.select(PriceAdjustment).where(PriceAdjustment.order_id == order_id)))


async def lost_of_kept(
    db: Session, order: Order, lines: Sequence[OrderLine], reductions: Sequence[PriceAdjustment],
    kept: Mapping[UUID, int],
) -> dict[str, int]:  # fmt: skip
    """What kept pieces no longer earn of promotions with the rule RECHECK, by line id, in the channel's gross or net.

    The kept goods are priced with the promotions of the order's date, as the order was priced: at what they cost before
    any discount, for the customer's groups and coupons that counted then. Shipping keeps its own rule.
    """
    book = await loading.load_at(db, min(order.placed_at, order.created_at))
    codes = frozenset(row.code for row in reductions if row.promotion_id is not None)
    articles = await read_articles(db, {line.bundle_sku or line.sku for line in lines})
    channel = await db.get_one(SalesChannel, order.channel_id)
    basket = Basket(
        channel.code, order.currency, min(order.placed_at, order.created_at), _items(order, lines, kept, articles),
        groups=_groups(book, codes), coupons=codes, country=order.country, facts=order.facts,
    )  # fmt: skip
    staying = {row.code for row in reductions if row.return_rule is not ReturnRule.RECHECK}
    return no_longer_earned(basket, book, _shares(lines, reductions, kept), expressions.holds, staying=staying)


def _groups(book: Book, codes: frozenset[str]) -> frozenset[str]:
    """Groups the customer was in, as far as promotions were given for them."""
    given = [offer.conditions.groups or frozenset() for offer in book.offers if offer.code in codes]
    return frozenset[str]().union(*given)


def _shares(
    lines: Sequence[OrderLine], reductions: Sequence[PriceAdjustment], kept: Mapping[UUID, int]
) -> dict[str, int]:
    """What the kept pieces of each line bear of RECHECK promotions; the returned ones count as the first pieces."""
    frozen: dict[UUID, int] = {}
    for row in reductions:
        if row.return_rule is ReturnRule.RECHECK:
            frozen[row.order_line_id] = frozen.get(row.order_line_id, 0) + row.amount
    return {
        str(line.id): frozen[line.id] - of_units(frozen[line.id], line.ordered, line.ordered - kept[line.id])
        for line in lines
        if line.id in frozen
    }


def _items(
    order: Order, lines: Sequence[OrderLine], kept: Mapping[UUID, int], articles: Mapping[str, Article]
) -> tuple[Item, ...]:
    """The kept goods before discounts: a bundle counts as long as all of its components are kept."""
    groups: dict[str, list[OrderLine]] = {}
    for line in lines:
        groups.setdefault(str(line.id) if line.bundle_key is None else f"bundle-{line.bundle_key}", []).append(line)
    items = []
    for key, parts in groups.items():
        first = parts[0]
        whole = first.ordered if first.bundle_key is None else first.bundle_quantity or 1
        count = min(kept[line.id] * whole // line.ordered for line in parts)
        shown = sum((line.gross_total if order.gross else line.net_total) + line.discount_total for line in parts)
        sku = first.bundle_sku or first.sku
        names = articles[sku]
        if count > 0:
            amount = shown - of_units(shown, whole, whole - count)
            items.append(Item(key, sku, count, amount, names.product, names.category, names.brand))
    return tuple(items)


def _taxed(order: Order, worth: OrderLine | ShipmentLine, amount: int) -> dict[str, int]:
    """A share of a discount with its tax, by the rate of its goods, half up."""
    net, gross = (worth.net, worth.gross) if isinstance(worth, ShipmentLine) else (worth.net_total, worth.gross_total)
    if not order.gross and net:
        amount = (2 * amount * gross + net) // (2 * net)
    return {str(worth.tax_rate): amount}
