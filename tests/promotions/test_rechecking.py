"""What kept goods no longer earn: never more than they bear, nothing when all or nothing is kept."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from factories.promotions import basket, baskets, item, offers, percent, priced
from kontor.core import expressions
from kontor.core.money import of_units
from kontor.promotions.book import Book
from kontor.promotions.rechecking import no_longer_earned, still_to_keep, sums
from kontor.promotions.values import Basket, Combination, Conditions, Offer, PercentOff, ReturnRule, Tier

CASES = settings(max_examples=80, deadline=None)


def lost_with(bought: Basket, promotions: list[Offer], kept: dict[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """What is lost, and what the kept pieces bear, when so many pieces of each line are kept."""
    outcome = priced(bought, *promotions)
    codes = {offer.code for offer in promotions if offer.return_rule is ReturnRule.RECHECK}
    shares, items = {}, []
    for each in bought.items:
        count = kept.get(each.key, each.quantity)
        frozen = sum(grant.amount for grant in outcome.grants if grant.key == each.key and grant.offer in codes)
        shares[each.key] = frozen - of_units(frozen, each.quantity, each.quantity - count)
        if count:
            amount = each.amount - of_units(each.amount, each.quantity, each.quantity - count)
            items.append(replace(each, quantity=count, amount=amount))
    rest = replace(bought, items=tuple(items), fees=())
    staying = {grant.offer for grant in outcome.grants} - codes
    return no_longer_earned(rest, Book(promotions), shares, expressions.holds, staying=staying), shares


def rechecked(promotions: list[Offer]) -> list[Offer]:
    return [replace(each, return_rule=ReturnRule.RECHECK) for each in promotions]


@CASES
@given(baskets(), offers(), st.data())
def test_kept_goods_never_lose_more_than_they_bear(
    bought: Basket, promotions: list[Offer], data: st.DataObject
) -> None:
    kept = {each.key: data.draw(st.integers(0, each.quantity)) for each in bought.items}
    lost, shares = lost_with(bought, rechecked(promotions), kept)
    assert all(0 < amount <= shares[key] for key, amount in lost.items())


@CASES
@given(baskets(), offers())
def test_nothing_is_lost_when_all_or_nothing_is_kept(bought: Basket, promotions: list[Offer]) -> None:
    plain = replace(bought, fees=())
    assert lost_with(plain, rechecked(promotions), {})[0] == {}
    assert lost_with(plain, rechecked(promotions), {each.key: 0 for each in plain.items})[0] == {}


@CASES
@given(baskets(), offers(), st.data())
def test_units_keep_their_share_without_the_rule(bought: Basket, promotions: list[Offer], data: st.DataObject) -> None:
    kept = {each.key: data.draw(st.integers(0, each.quantity)) for each in bought.items}
    assert lost_with(bought, promotions, kept)[0] == {}


_amounts = st.dictionaries(st.sampled_from(["7", "19"]), st.integers(0, 900))


@CASES
@given(st.lists(st.tuples(_amounts, st.integers(0, 1200)), max_size=5), st.integers(0, 500))
def test_refunds_in_a_row_keep_what_is_lost_in_the_end_or_what_they_could(
    steps: list[tuple[dict[str, int], int]], room: int
) -> None:
    taken: dict[str, int] = {}
    for target, most in steps:
        step = still_to_keep(target, taken, most)
        assert sum(step.values()) <= most
        taken = sums([taken, step])
    last = still_to_keep({}, taken, room)
    assert sum(sums([taken, last]).values()) == 0  # all came back: nothing is kept in the end


def test_tier_that_is_no_longer_reached_falls_back() -> None:
    tiers = Offer("tiers", PercentOff((Tier(2, 1000), Tier(4, 2000))), return_rule=ReturnRule.RECHECK)
    bought = basket(item("A", 4, 4000))
    assert [lost_with(bought, [tiers], {"A": count})[0] for count in (4, 3, 2, 1, 0)] == [
        {}, {"A": 300}, {"A": 200}, {"A": 200}, {},
    ]  # fmt: skip


def test_another_promotion_that_the_kept_goods_earn_counts() -> None:
    every = Offer("every", percent(500), return_rule=ReturnRule.RECHECK)
    assert lost_with(basket(item("A", 2, 2000)), [every], {"A": 1})[0] == {}


def test_promotion_that_was_beaten_counts_when_the_kept_goods_earn_it_instead() -> None:
    """Whatever its own return rule is: the kept goods would have cost just that much."""
    best = Conditions(minimum_value=3000)
    big = Offer("big", percent(2000), conditions=best, return_rule=ReturnRule.RECHECK, combination=Combination.BEST)
    small = Offer("small", percent(1000), combination=Combination.BEST)
    bought = basket(item("A", 4, 4000))
    assert lost_with(bought, [big, small], {"A": 2}) == ({"A": 200}, {"A": 400})


def test_share_that_stays_is_not_earned_once_more() -> None:
    big = Offer("big", percent(2000), conditions=Conditions(minimum_value=3000), return_rule=ReturnRule.RECHECK)
    small = Offer("small", percent(1000))
    bought = basket(item("A", 4, 4000))
    lost, shares = lost_with(bought, [big, small], {"A": 2})
    assert lost == shares
