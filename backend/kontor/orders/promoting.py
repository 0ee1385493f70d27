"""Kontor's own promotions on orders that Kontor prices: what they give is frozen on the lines when the order is taken.

An order is priced by Kontor when none of its lines brings a price. What a channel or marketplace has priced stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kontor.channels.models import SalesChannel
from kontor.core import expressions
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, KontorError
from kontor.core.money import spread
from kontor.customers.recognizing import Wanted, tags_of
from kontor.orders.intake import OrderInput
from kontor.orders.totals import Earned, PricedLine
from kontor.promotions import loading
from kontor.promotions.book import Book
from kontor.promotions.coupons import CouponFacts, coupons_by_code, normalized
from kontor.promotions.engine import Outcome, evaluate
from kontor.promotions.errors import CouponNotApplicable, CouponTwice, CouponUnknown, CouponUsed
from kontor.promotions.redeeming import Tally, lock_coupons, lock_uses, read_used
from kontor.promotions.values import Basket, Fee, Item, Offer, Reason
from kontor.routing.masters import Masters

MOST_COUPONS = 20
SHIPPING = "SHIPPING"
"""The kind of charge that a promotion may waive."""
_BETTER = frozenset({Reason.NOT_BEST, Reason.EXCLUDED, Reason.NOTHING_TO_GIVE})
"""Nothing of these costs the customer anything: something better is given, and the coupon is not used."""
_SPENT = frozenset({Reason.USES_SPENT, Reason.BUDGET_SPENT})
OrderKey = tuple[str, str]


class ArticleNames(Protocol):
    """By what an article is named in promotions."""

    @property
    def product(self) -> str: ...

    @property
    def category(self) -> str | None: ...

    @property
    def brand(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class EarnedByOrder:
    """What a promotion gives a whole order, and by which coupon."""

    offer: Offer
    amount: int
    coupon_id: UUID | None = None


@dataclass(slots=True)
class Promoting:
    """What a batch of orders needs of promotions: what there is, coupons they name, what is used, customers' groups."""

    book: Book = field(default_factory=lambda: Book(()))
    coupons: dict[str, CouponFacts] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    groups: dict[OrderKey, frozenset[str]] = field(default_factory=dict)

    def groups_of(self, order: OrderInput) -> frozenset[str]:
        """The groups of the order's customer, as far as they make a difference."""
        return self.groups.get((order.channel, order.external_id), frozenset())


def is_priced_by_kontor(order: OrderInput) -> bool:
    """Whether no line brings a price of its own."""
    return all(line.unit_price is None for line in order.lines)


async def read_promoting(
    db: Session, masters: Masters, orders: Sequence[OrderInput], *, lock: bool, grouped: Collection[UUID] = ()
) -> Promoting:
    """Read for all orders at once; nothing when none of them is priced by Kontor.

    `grouped` are the channels in which groups of customers have prices of their own: there the groups are read also for
    orders of which a single line asks for a price.
    """
    priced = [order for order in orders if is_priced_by_kontor(order)]
    asking = _asking(masters, orders, grouped) if grouped else []
    if not priced:
        return Promoting(groups=await _groups(db, masters, asking))
    book = await loading.load(db, masters.version)
    codes = {normalized(code) for order in priced for code in order.coupons[:MOST_COUPONS]}
    coupons = await coupons_by_code(db, codes) if codes else {}
    if lock and coupons:
        await lock_coupons(db, [each.id for each in coupons.values()])
        coupons = await coupons_by_code(db, codes)
    if lock and book.offers:  # all that `redeem` may count: locks taken later would be out of order
        await lock_uses(db, {offer.code for offer in book.offers})
    tally = Tally(await read_used(db, book.limited))
    return Promoting(book, coupons, tally, await _groups(db, masters, [*asking, *(priced if book.for_groups else ())]))


def _asking(masters: Masters, orders: Sequence[OrderInput], grouped: Collection[UUID]) -> list[OrderInput]:
    channels = {code for code, channel in masters.channels.items() if channel.id in grouped}
    return [
        order for order in orders if order.channel in channels and any(line.unit_price is None for line in order.lines)
    ]


async def _groups(db: Session, masters: Masters, orders: Sequence[OrderInput]) -> dict[OrderKey, frozenset[str]]:
    wanted: dict[OrderKey, Wanted] = {}
    for order in orders:
        channel, who = masters.channels.get(order.channel), order.customer
        if channel is not None:
            wanted[order.channel, order.external_id] = Wanted(
                channel.id, who.name, who.external_id, who.email, who.phone, who.company, who.vat_id
            )
    return dict(zip(wanted, await tags_of(db, list(wanted.values())), strict=True)) if wanted else {}


def promote(
    order: OrderInput, lines: Sequence[PricedLine], articles: Mapping[str, ArticleNames], promoting: Promoting,
    channel: SalesChannel, *, country: str, at: datetime,
) -> tuple[list[EarnedByOrder], dict[int, int]]:  # fmt: skip
    """Freeze on the lines what promotions give; what each gave the order, and what is waived of which charge.

    Raises `CouponUnknown`, `CouponNotValid`, `CouponUsed`, `CouponTwice` or `CouponNotApplicable` naming the coupon.
    """
    if not is_priced_by_kontor(order):
        if order.coupons:
            raise _not_applicable(order.coupons[0], 0, "PRICED_BY_CHANNEL")
        return [], {}
    coupons = _checked(order, promoting, at)
    if not promoting.book.offers and not coupons:
        return [], {}
    outcome = evaluate(
        replace(
            _basket(order, lines, articles, promoting, channel, country=country, at=at), coupons=frozenset(coupons)
        ),
        promoting.book,
        expressions.holds,
        used=promoting.tally.used,
    )
    _check_earned(order, coupons, outcome)
    _freeze(lines, outcome)
    waived = {int(key.removeprefix("fee-")): off for key, off in outcome.discounts.items() if key.startswith("fee-")}
    given = outcome.by_offer()
    earned = []
    for offer in outcome.given:
        found = coupons.get(offer.code)
        earned.append(EarnedByOrder(offer, given[offer.code], found[1].id if found else None))
    return earned, waived


def _not_applicable(code: str, index: int, reason: str) -> CouponNotApplicable:
    return CouponNotApplicable(
        f"The order does not earn what the coupon {code} is for.", path=("coupons", index), coupon=code, reason=reason
    )


def _checked(order: OrderInput, promoting: Promoting, at: datetime) -> dict[str, tuple[int, CouponFacts]]:
    """The order's coupons by the promotion they are for, with their position."""
    if len(order.coupons) > MOST_COUPONS:
        raise InvalidInput(
            f"At most {MOST_COUPONS} coupons.", code="TOO_MANY_COUPONS", path=("coupons",), max=MOST_COUPONS
        )
    found: dict[str, tuple[int, CouponFacts]] = {}
    for index, given in enumerate(order.coupons):
        code = normalized(given)
        coupon = promoting.coupons.get(code)
        if coupon is None:
            raise CouponUnknown(f"There is no coupon {code}.", path=("coupons", index), coupon=code)
        try:
            coupon.check(at, taken=promoting.tally.coupons.get(coupon.id, 0))
        except KontorError as problem:
            raise problem.within("coupons", index) from None
        if coupon.promotion_code in found:
            raise CouponTwice(f"{code} is for what another coupon is for.", path=("coupons", index), coupon=code)
        found[coupon.promotion_code] = index, coupon
    return found


def _basket(
    order: OrderInput, lines: Sequence[PricedLine], articles: Mapping[str, ArticleNames], promoting: Promoting,
    channel: SalesChannel, *, country: str, at: datetime,
) -> Basket:  # fmt: skip
    """The order as promotions see it: a bundle is one thing, as the shop shows it."""
    amounts: dict[int, int] = {}
    for line in lines:
        amounts[line.input_index] = amounts.get(line.input_index, 0) + line.before_order
    items = []
    for index, amount in amounts.items():
        given = order.lines[index]
        names = articles[given.sku]
        items.append(Item(str(index), given.sku, given.quantity, amount, names.product, names.category, names.brand))
    fees = [
        Fee(f"fee-{index}", charge.amount)
        for index, charge in enumerate(order.charges)
        if charge.kind.upper() == SHIPPING
    ]  # fmt: skip
    return Basket(
        channel.code, order.currency or channel.currency, at, tuple(items), tuple(fees), promoting.groups_of(order),
        frozenset(), country, order.facts,
    )  # fmt: skip


def _freeze(lines: Sequence[PricedLine], outcome: Outcome) -> None:
    """Divide what each line of the order got among its components by what they still cost."""
    parts: dict[str, list[PricedLine]] = {}
    for line in lines:
        parts.setdefault(str(line.input_index), []).append(line)
    offers = {offer.code: offer for offer in outcome.given}
    for grant in outcome.grants:
        own = parts.get(grant.key, [])
        for line, share in zip(own, spread(grant.amount, [line.before_order for line in own]), strict=True):
            if share:
                line.earned.append(Earned(offers[grant.offer], share))


def _check_earned(order: OrderInput, coupons: Mapping[str, tuple[int, CouponFacts]], outcome: Outcome) -> None:
    """A coupon that earns nothing is refused, unless something better is given instead of it."""
    given = {offer.code for offer in outcome.given}
    for code, (index, coupon) in coupons.items():
        if code not in given:
            told = [refusal.reason for refusal in outcome.refusals if refusal.offer == code]
            # Of several versions the one that is valid now says more than the others.
            told.sort(key=lambda reason: reason in (Reason.NOT_YET_VALID, Reason.ENDED))
            reason = told[0] if told else Reason.ENDED
            if reason not in _BETTER:
                raise _not_applicable(coupon.code, index, reason)


def is_spent(problem: KontorError) -> bool:
    """Whether an order was refused because coupons or budgets were used up."""
    return isinstance(problem, CouponUsed) or (
        isinstance(problem, CouponNotApplicable) and problem.params.get("reason") in _SPENT
    )
