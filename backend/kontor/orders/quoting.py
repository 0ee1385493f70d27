"""What a basket would cost at any moment, past or planned: prices and promotions of that moment, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kontor.channels.models import SalesChannel
from kontor.core import expressions
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, KontorError, NotFound
from kontor.orders.bounds import MAX_AMOUNT, MAX_QUANTITY, bad
from kontor.orders.errors import UnknownSku
from kontor.orders.promoting import MOST_COUPONS
from kontor.orders.resolving import Article, read_articles, visible_channel
from kontor.pricing import loading as price_lists
from kontor.pricing.calculation import Buyer, Terms, price_for, ranking
from kontor.pricing.models import STANDARD
from kontor.pricing.queries import read_points
from kontor.promotions import loading
from kontor.promotions.book import Book
from kontor.promotions.coupons import coupons_by_code, normalized
from kontor.promotions.engine import Outcome, evaluate
from kontor.promotions.errors import CouponNotValid, CouponUnknown
from kontor.promotions.redeeming import read_used
from kontor.promotions.values import Basket, Fee, Item
from kontor.routing import masters

MOST_LINES = 200
SHIPPING_KEY = "shipping"


@dataclass(frozen=True, slots=True)
class BasketLine:
    """An article and how many pieces of it; a price of its own stands for Kontor's."""

    sku: str
    quantity: int = 1
    unit_price: int | None = None


@dataclass(frozen=True, slots=True)
class QuoteInput:
    """A basket as promotions see it. `groups` are tags of the customer, `shipping` is the fee in minor units.

    Without a country or a currency the channel's own one counts, for prices and for conditions.
    """

    channel: str
    lines: Sequence[BasketLine]
    shipping: int = 0
    coupons: Sequence[str] = ()
    groups: Sequence[str] = ()
    country: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A line at its price, with what promotions take off it and off each of its pieces.

    `price_list` is the code of the list that the price is from; None where the line brought it.
    """

    index: int
    sku: str
    quantity: int
    unit_price: int
    amount: int
    discount: int
    price_list: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """The answer; `refused` are coupons that cannot be used, by their position."""

    at: datetime
    currency: str
    lines: list[QuotedLine]
    shipping: int
    shipping_discount: int
    outcome: Outcome
    refused: list[tuple[int, KontorError]]

    @property
    def total(self) -> int:
        """What the basket costs, the shipping fee included."""
        return sum(line.amount - line.discount for line in self.lines) + self.shipping - self.shipping_discount


async def quote_basket(db: Session, asked: QuoteInput, at: datetime) -> Quote:
    """Price a basket; budgets are as they are now. Raises `NotFound`, `UnknownSku` or `InvalidInput` naming the field.

    Who sees a part of the company only is not told of promotions that do not concern the basket.
    """
    known = await masters.load(db)
    channel = visible_channel(asked.channel, db.principal, known)
    if channel is None:
        raise NotFound(f"There is no sales channel {asked.channel!r}.", code="CHANNEL_NOT_FOUND", path=("channel",))
    _check(asked)
    currency = asked.currency or channel.currency
    if not channel.sells_in(currency):
        raise bad("CURRENCY_NOT_SOLD", f"{channel.code} does not sell in {currency}.", ("currency",))
    articles = await read_articles(db, {line.sku for line in asked.lines})
    lists = (await price_lists.load(db, known.version)).get(channel.id, ())
    lines = await _lines(db, asked, articles, channel, lists=lists, at=at)
    book = await loading.load_at(db, at)
    coupons, refused = await _coupons(db, asked, book, at)
    outcome = evaluate(
        _basket(asked, lines, articles, channel, at=at, coupons=coupons),
        book,
        expressions.holds,
        used=await read_used(db, book.limited),
        explain=not db.principal.restricted,
    )
    shown = [
        QuotedLine(
            line.index, line.sku, line.quantity, line.unit_price, line.amount,
            outcome.discounts.get(str(line.index), 0), line.price_list,
        )
        for line in lines
    ]  # fmt: skip
    waived = outcome.discounts.get(SHIPPING_KEY, 0)
    return Quote(at, currency, shown, asked.shipping, waived, outcome, refused)


def _check(asked: QuoteInput) -> None:
    if not 1 <= len(asked.lines) <= MOST_LINES:
        raise InvalidInput(f"1 to {MOST_LINES} lines.", code="INVALID_LINES", path=("lines",), max=MOST_LINES)
    for index, line in enumerate(asked.lines):
        if not 1 <= line.quantity <= MAX_QUANTITY:
            raise InvalidInput(
                f"1 to {MAX_QUANTITY} pieces.", code="INVALID_QUANTITY", path=("lines", index, "quantity")
            )
        if line.unit_price is not None and not 0 <= line.unit_price <= MAX_AMOUNT // MAX_QUANTITY:
            raise InvalidInput("A price within bounds.", code="INVALID_AMOUNT", path=("lines", index, "unitPrice"))
    if not 0 <= asked.shipping <= MAX_AMOUNT:
        raise InvalidInput("An amount within bounds.", code="INVALID_AMOUNT", path=("shipping",))
    if len(asked.coupons) > MOST_COUPONS:
        raise InvalidInput(
            f"At most {MOST_COUPONS} coupons.", code="TOO_MANY_COUPONS", path=("coupons",), max=MOST_COUPONS
        )
    texts = [("coupons", asked.coupons), ("groups", asked.groups), ("country", [asked.country])]
    texts.append(("lines", [line.sku for line in asked.lines]))
    for name, values in texts:
        if len(values) > MOST_LINES or any(len(value) > 120 or "\x00" in value for value in values):
            raise InvalidInput("At most 120 characters, without NUL.", code="INVALID_TEXT", path=(name,))


async def _lines(
    db: Session, asked: QuoteInput, articles: Mapping[str, Article], channel: SalesChannel, *, lists: Sequence[Terms],
    at: datetime,
) -> list[QuotedLine]:  # fmt: skip
    for index, line in enumerate(asked.lines):
        if line.sku not in articles:
            raise UnknownSku(f"There is no article {line.sku!r}.", path=("lines", index, "sku"), sku=line.sku)
    buyer = Buyer(asked.country or channel.country, asked.currency or channel.currency, frozenset(asked.groups))
    ranked = ranking(lists, buyer, at, own=channel.currency)
    variants = {article.variant_id for article in articles.values()}
    prices = await read_points(db, [channel.id], variants, [each for each in ranked if each], first=at, last=at)
    names = {each.id: each.code for each in lists}
    found = []
    for index, line in enumerate(asked.lines):
        unit_price, price_list = line.unit_price, None
        if unit_price is None:
            points = prices.get((channel.id, articles[line.sku].variant_id), ())
            price = price_for(points, ranked, line.quantity, at)
            if price is None:
                raise InvalidInput(
                    f"There is no price of {line.sku} in {channel.code}.",
                    code="NO_PRICE",
                    path=("lines", index, "unitPrice"),
                )
            unit_price = price.amount
            price_list = STANDARD if price.price_list_id is None else names[price.price_list_id]
        amount = unit_price * line.quantity
        found.append(QuotedLine(index, line.sku, line.quantity, unit_price, amount, 0, price_list))
    return found


async def _coupons(
    db: Session, asked: QuoteInput, book: Book, at: datetime
) -> tuple[set[str], list[tuple[int, KontorError]]]:
    """The promotions that good coupons are for, and the refusals of the others."""
    known = await coupons_by_code(db, {normalized(code) for code in asked.coupons}) if asked.coupons else {}
    valid = {offer.code for offer in book.offers}
    good: set[str] = set()
    refused: list[tuple[int, KontorError]] = []
    for index, given in enumerate(asked.coupons):
        code = normalized(given)
        try:
            if code not in known:
                raise CouponUnknown(f"There is no coupon {code}.", coupon=code)
            known[code].check(at)
            if known[code].promotion_code not in valid:
                raise CouponNotValid(f"What the coupon {code} is for is not valid.", coupon=code, reason="ENDED")
            good.add(known[code].promotion_code)
        except KontorError as problem:
            refused.append((index, problem))
    return good, refused


def _basket(
    asked: QuoteInput, lines: Sequence[QuotedLine], articles: Mapping[str, Article], channel: SalesChannel, *,
    at: datetime, coupons: set[str],
) -> Basket:  # fmt: skip
    items = []
    for line in lines:
        article = articles[line.sku]
        items.append(
            Item(
                str(line.index), line.sku, line.quantity, line.amount, article.product, article.category, article.brand
            )
        )
    fees = (Fee(SHIPPING_KEY, asked.shipping),) if asked.shipping else ()
    return Basket(
        channel.code, asked.currency or channel.currency, at, tuple(items), fees, frozenset(asked.groups),
        frozenset(coupons), asked.country or channel.country, asked.facts,
    )  # fmt: skip
