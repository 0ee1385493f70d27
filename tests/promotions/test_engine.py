"""What each kind of promotion gives, what it tells and how promotions go together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from factories.promotions import AT, amount, basket, item, percent, priced
from kontor.promotions.engine import Outcome
from kontor.promotions.values import (
    AmountOff,
    BundlePrice,
    BuyGet,
    CheapestFree,
    Combination,
    Conditions,
    FreeShipping,
    Gift,
    Offer,
    Part,
    PercentOff,
    Reason,
    Scope,
    Tier,
    TierBasis,
    Used,
)

SHOES = Scope(categories=frozenset({"shoes"}))
A, B = Scope(skus=frozenset({"A"})), Scope(skus=frozenset({"B"}))


def reasons(outcome: Outcome) -> dict[str, Reason]:
    return {refusal.offer: refusal.reason for refusal in outcome.refusals}


def test_percent_off_a_category_leaves_the_rest_alone() -> None:
    boots, hat = item("A", 2, 9998, category="shoes"), item("B", 1, 2000)
    assert priced(basket(boots, hat), Offer("sale", percent(1000), SHOES)).discounts == {"A": 1000}


def test_amount_off_the_order_is_spread_by_the_largest_remainder() -> None:
    outcome = priced(basket(item("A", 1, 1000), item("B", 1, 1000), item("C", 1, 1000)), Offer("ten", amount(1000)))
    assert outcome.discounts == {"A": 334, "B": 333, "C": 333}


def test_amount_off_never_passes_the_goods() -> None:
    assert priced(basket(item("A", 1, 700)), Offer("ten", amount(1000))).discounts == {"A": 700}


def test_amount_off_each_unit_is_frozen_per_unit() -> None:
    outcome = priced(basket(item("A", 3, 3000)), Offer("each", amount(150, each_unit=True)))
    assert (outcome.total, outcome.of_units(item("A", 3, 3000))) == (450, [150, 150, 150])


def test_highest_tier_that_is_reached_counts() -> None:
    tiers = PercentOff((Tier(2, 500), Tier(4, 1000)))
    by_value = AmountOff((Tier(5000, 500), Tier(10_000, 1500)), TierBasis.VALUE)
    assert [priced(basket(item("A", n, n * 1000)), Offer("tier", tiers)).total for n in (1, 2, 3, 4)] == [
        0, 100, 150, 400,
    ]  # fmt: skip
    assert [priced(basket(item("A", 1, value)), Offer("tier", by_value)).total for value in (4999, 5000, 10_000)] == [
        0, 500, 1500,
    ]  # fmt: skip


def test_three_for_two_gives_the_cheapest_and_every_unit_bears_its_share() -> None:
    outcome = priced(basket(item("A", 2, 6000), item("B", 1, 1500)), Offer("3for2", CheapestFree(3)))
    assert outcome.discounts == {"A": 1200, "B": 300}


def test_two_bought_make_the_third_cheaper() -> None:
    offer = Offer("mouse", BuyGet(2, 1, B, 5000), A)
    assert priced(basket(item("A", 4, 8000), item("B", 3, 3000)), offer).discounts == {"B": 1000}
    assert reasons(priced(basket(item("A", 1), item("B", 1)), offer)) == {"mouse": Reason.NOT_ENOUGH_GOODS}


def test_a_unit_is_bought_or_rewarded_never_both() -> None:
    offer = Offer("2+1", BuyGet(2, 1, A), A)
    assert [priced(basket(item("A", n, n * 100)), offer).total for n in range(2, 8)] == [0, 100, 100, 100, 200, 200]


def test_bundle_costs_its_price_as_often_as_it_is_there() -> None:
    offer = Offer("set", BundlePrice((Part(A, 1), Part(B, 2)), 2500))
    outcome = priced(basket(item("A", 2, 4000), item("B", 5, 5000)), offer)
    assert (outcome.total, outcome.discounts) == (3000, {"A": 1500, "B": 1500})


def test_bundle_that_would_cost_more_gives_nothing() -> None:
    outcome = priced(basket(item("A")), Offer("set", BundlePrice((Part(A, 1),), 1200)))
    assert reasons(outcome) == {"set": Reason.NOT_ENOUGH_GOODS}


def test_free_shipping_waives_the_fee_up_to_a_limit() -> None:
    bought = basket(item("A"), shipping=690)
    assert priced(bought, Offer("ship", FreeShipping())).discounts == {"shipping": 690}
    assert priced(bought, Offer("ship", FreeShipping(500))).discounts == {"shipping": 500}
    assert reasons(priced(basket(item("A")), Offer("ship", FreeShipping()))) == {"ship": Reason.NO_SHIPPING_FEE}


def test_gift_costs_nothing_and_does_not_earn_itself() -> None:
    offer = Offer("gift", Gift(B), conditions=Conditions(minimum_value=5000))
    assert priced(basket(item("A", 1, 5000), item("B", 2, 3000)), offer).discounts == {"B": 1500}
    assert reasons(priced(basket(item("A", 1, 4000), item("B", 1, 1500)), offer)) == {"gift": Reason.MINIMUM_VALUE}
    due = priced(basket(item("A", 1, 5000)), offer, explain=True)
    assert [(each.reason, each.facts["choices"]) for each in due.refusals] == [(Reason.GIFT_NOT_IN_BASKET, ["B"])]


def test_stackable_promotions_count_what_is_left_by_priority() -> None:
    first = Offer("ten", amount(1000), priority=5)
    then = Offer("half", percent(5000))
    assert priced(basket(item("A", 1, 3000)), then, first).by_offer() == {"ten": 1000, "half": 1000}


def test_exclusive_promotion_wins_when_it_is_best_and_loses_when_not() -> None:
    bought = basket(item("A", 1, 10_000))
    alone = Offer("alone", percent(2000), combination=Combination.EXCLUSIVE)
    small, large = Offer("small", percent(1000)), Offer("large", percent(1500))
    won = priced(bought, alone, small)
    lost = priced(bought, alone, small, large)
    assert (won.by_offer(), reasons(won)) == ({"alone": 2000}, {"small": Reason.NOT_BEST})
    assert (sum(lost.by_offer().values()), reasons(lost)) == (2350, {"alone": Reason.NOT_BEST})
    assert lost.refusals[0].facts == {"by": ["large", "small"]}


def test_higher_priority_wins_even_when_it_gives_less() -> None:
    first = Offer("clearance", percent(500), SHOES, combination=Combination.EXCLUSIVE, priority=10)
    outcome = priced(basket(item("A", 1, 10_000, category="shoes")), first, Offer("half", percent(5000)))
    assert (outcome.by_offer(), reasons(outcome)) == ({"clearance": 500}, {"half": Reason.EXCLUDED})
    assert outcome.refusals[0].facts == {"by": ["clearance"]}


def test_of_rivals_each_line_gets_its_best() -> None:
    bought = basket(item("A", 1, 1000, category="shoes"), item("B", 1, 1000))
    rivals = [
        Offer("a", percent(1000), A, combination=Combination.BEST),
        Offer("shoes", percent(2000), SHOES, combination=Combination.BEST),
        Offer("b", percent(500), B, combination=Combination.BEST),
    ]
    assert priced(bought, *rivals).by_offer() == {"shoes": 200, "b": 50}


def test_exclusive_promotion_leaves_other_lines_to_others() -> None:
    bought = basket(item("A", 1, 1000), item("B", 1, 1000))
    alone = Offer("alone", percent(1000), A, combination=Combination.EXCLUSIVE)
    assert priced(bought, alone, Offer("b", percent(2000), B)).by_offer() == {"alone": 100, "b": 200}


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        (Conditions(channels=frozenset({"app"})), Reason.OTHER_CHANNEL),
        (Conditions(currency="CHF"), Reason.OTHER_CURRENCY),
        (Conditions(groups=frozenset({"vip"})), Reason.OTHER_CUSTOMERS),
        (Conditions(coupon=True), Reason.COUPON_MISSING),
        (Conditions(minimum_value=1001), Reason.MINIMUM_VALUE),
        (Conditions(minimum_quantity=2), Reason.MINIMUM_QUANTITY),
        (Conditions(expression="basket.country == 'FR'"), Reason.CONDITION),
        (Conditions(expression="facts.source == 'mail'"), Reason.CONDITION_FAILED),
    ],
)
def test_condition_that_is_not_met_is_told(conditions: Conditions, reason: Reason) -> None:
    outcome = priced(basket(item("A")), Offer("sale", percent(1000), conditions=conditions), explain=True)
    assert (outcome.total, reasons(outcome)) == (0, {"sale": reason})


def test_conditions_that_are_met_let_the_promotion_be_given() -> None:
    conditions = Conditions(
        channels=frozenset({"shop"}), groups=frozenset({"vip"}), currency="EUR", minimum_value=1000,
        minimum_quantity=1, expression="basket.value >= 1000 && facts.source == 'mail'", coupon=True,
    )  # fmt: skip
    bought = basket(item("A"), groups=frozenset({"vip"}), coupons=frozenset({"sale"}), facts={"source": "mail"})
    assert priced(bought, Offer("sale", percent(1000), conditions=conditions)).total == 100


def test_promotion_counts_from_its_start_to_before_its_end() -> None:
    offer = Offer("sale", percent(1000), valid_from=AT, valid_to=AT + timedelta(hours=1))
    minute = timedelta(minutes=1)
    told = [reasons(priced(basket(item("A"), at=at), offer)) for at in (AT - minute, AT, AT + 60 * minute)]
    assert told == [{"sale": Reason.NOT_YET_VALID}, {}, {"sale": Reason.ENDED}]


def test_budget_is_given_in_whole_or_not_at_all() -> None:
    offer = Offer("sale", percent(1000), most_given=5000, most_uses=10)
    bought = basket(item("A", 1, 1000))
    told = [reasons(priced(bought, offer, used={"sale": used})) for used in (Used(9, 4900), Used(1, 4901), Used(10, 0))]
    assert told == [{}, {"sale": Reason.BUDGET_SPENT}, {"sale": Reason.USES_SPENT}]
