"""A basket as promotions see it, and what it would cost, with what was given and why not."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from kontor.api.graphql.errors import plain, text_of
from kontor.api.graphql.scalars import Long, Money
from kontor.core import money
from kontor.orders.quoting import Quote
from kontor.promotions.texts import grant_text, reason_text
from kontor.promotions.values import Reason, ReturnRule


@strawberry.input(description="Without a price of its own a line costs Kontor's price of that moment.")
class PromotionBasketLineInput:
    sku: str
    quantity: int = 1
    unit_price: Long | None = None


@strawberry.input(
    description="A basket as an order would bring it; `groups` are tags of the customer. `shopper` is who asks, as the "
    "shop tells its visitors apart (customer number, session, address): unknown coupons are counted for each."
)
class PromotionBasketInput:
    channel: str
    lines: list[PromotionBasketLineInput]
    shipping: Long = Long(0)
    coupons: list[str] = strawberry.field(default_factory=list)
    groups: list[str] = strawberry.field(default_factory=list)
    country: str = ""
    facts: JSON | None = None
    currency: str | None = None
    shopper: str = ""


@strawberry.type(description="What a promotion takes off a line of the basket; off the shipping fee without an index.")
class PromotionGrant:
    promotion_id: UUID | None
    promotion_code: str
    index: int | None
    amount: Money
    units: int
    return_rule: ReturnRule
    text: str


@strawberry.type(description="Why a promotion gave nothing.")
class PromotionRefusal:
    promotion_code: str
    reason: Reason
    details: JSON
    text: str


@strawberry.type(description="A coupon that cannot be used.")
class CouponRefusal:
    index: int
    code: str
    message: str


@strawberry.type(description="`unitDiscounts` is what each piece gives up, equal ones together.")
class PromotionPreviewLine:
    index: int
    sku: str
    quantity: int
    unit_price: Money
    price_list: str | None = strawberry.field(
        description="The list that Kontor's price is from; STANDARD for the channel's own prices."
    )
    amount: Money
    discount: Money
    unit_discounts: list[PromotionUnits]


@strawberry.type(description="So many pieces give up so much each.")
class PromotionUnits:
    count: int
    discount: Money


@strawberry.type(description="What a basket costs at a moment; `proven` says that nothing allowed is better for it.")
class PromotionPreview:
    at: datetime
    lines: list[PromotionPreviewLine]
    shipping: Money
    shipping_discount: Money
    total: Money
    grants: list[PromotionGrant]
    refusals: list[PromotionRefusal]
    refused_coupons: list[CouponRefusal]
    proven: bool

    @classmethod
    def of(cls, quote: Quote, language: str) -> PromotionPreview:
        """As the API shows it, in the language of the caller."""

        def amount(value: int) -> Money:
            return Money.of(money.Money(value, quote.currency))

        offers = {offer.code: offer for offer in quote.outcome.given}
        return cls(
            at=quote.at,
            lines=[
                PromotionPreviewLine(
                    index=line.index, sku=line.sku, quantity=line.quantity, unit_price=amount(line.unit_price),
                    price_list=line.price_list, amount=amount(line.amount), discount=amount(line.discount),
                    unit_discounts=[
                        PromotionUnits(count=count, discount=amount(each))
                        for each, count in _runs(line.discount, line.quantity)
                    ],
                )
                for line in quote.lines
            ],
            shipping=amount(quote.shipping),
            shipping_discount=amount(quote.shipping_discount),
            total=amount(quote.total),
            grants=[
                PromotionGrant(
                    promotion_id=offers[grant.offer].id, promotion_code=grant.offer,
                    index=int(grant.key) if grant.key.isdecimal() else None, amount=amount(grant.amount),
                    units=grant.units, return_rule=offers[grant.offer].return_rule,
                    text=grant_text(grant, offers[grant.offer].name, language, quote.currency),
                )
                for grant in quote.outcome.grants
            ],
            refusals=[
                PromotionRefusal(
                    promotion_code=each.offer, reason=each.reason, details=plain(dict(each.facts)),
                    text=reason_text(each, language, quote.currency),
                )
                for each in quote.outcome.refusals
            ],
            refused_coupons=[
                CouponRefusal(index=index, code=problem.code, message=text_of(problem, language))
                for index, problem in quote.refused
            ],
            proven=quote.outcome.proven,
        )  # fmt: skip


def _runs(discount: int, quantity: int) -> list[tuple[int, int]]:
    """What a piece gives up and how many do, as `core.money.of_units` divides it."""
    base, extra = divmod(discount, quantity)
    return [run for run in ((base + 1, extra), (base, quantity - extra)) if run[1]]
