"""What holds for every basket and every set of promotions."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from factories.promotions import basket, baskets, item, offers, percent, priced
from kontor.core.money import of_units
from kontor.promotions.benefits import Line, Shares, give
from kontor.promotions.combining import Candidate, apply, choose, clash
from kontor.promotions.values import Basket, BundlePrice, BuyGet, Combination, Offer, Part, Scope

MANY = settings(max_examples=100, deadline=None)


@MANY
@given(baskets(), offers())
def test_units_add_up_and_nothing_is_negative_or_more_than_its_line(bought: Basket, given_offers: list[Offer]) -> None:
    outcome = priced(bought, *given_offers)
    assert all(grant.amount > 0 for grant in outcome.grants)
    assert sum(outcome.discounts.values()) == outcome.total == sum(outcome.by_offer().values())
    for each in bought.items:
        off = outcome.discounts.get(each.key, 0)
        units = outcome.of_units(each)
        assert 0 <= off <= each.amount
        assert sum(units) == off
        assert [sum(units[:count]) for count in range(each.quantity + 1)] == [
            of_units(off, each.quantity, count) for count in range(each.quantity + 1)
        ]
    for fee in bought.fees:
        assert 0 <= outcome.discounts.get(fee.key, 0) <= fee.amount


@MANY
@given(baskets(), offers(), st.randoms(use_true_random=False))
def test_order_of_lines_and_promotions_changes_nothing(
    bought: Basket, given_offers: list[Offer], random: Random
) -> None:
    first = priced(bought, *given_offers)
    items, shuffled = list(bought.items), list(given_offers)
    random.shuffle(items)
    random.shuffle(shuffled)
    second = priced(replace(bought, items=tuple(items)), *shuffled)
    assert (second.grants, second.refusals) == (first.grants, first.refusals)


@MANY
@given(baskets(), offers(6))
def test_every_promotion_gives_or_says_why_not(bought: Basket, given_offers: list[Offer]) -> None:
    outcome = priced(bought, *given_offers, explain=True)
    told = [offer.code for offer in outcome.given] + [refusal.offer for refusal in outcome.refusals]
    assert sorted(told) == sorted(offer.code for offer in given_offers)
    assert {grant.offer for grant in outcome.grants} == {offer.code for offer in outcome.given}


@MANY
@given(baskets(), offers(8))
def test_index_gives_what_a_look_at_all_promotions_gives(bought: Basket, given_offers: list[Offer]) -> None:
    quick, slow = priced(bought, *given_offers), priced(bought, *given_offers, explain=True)
    assert quick.grants == slow.grants
    assert [each for each in slow.refusals if each in quick.refusals] == list(quick.refusals)


def _candidates(bought: Basket, given_offers: list[Offer]) -> tuple[list[Candidate], list[Line]]:
    """Candidates over whole lines, as the engine makes them."""
    lines = [Line(each, each.amount) for each in bought.items]
    found = []
    for offer in given_offers:
        goods = [line for line in lines if offer.scope.covers(line.item)]
        shares = give(offer.benefit, goods, lines, [])
        meets = sum({1 << position for position, line in enumerate(lines) if any(line is one for one in goods)})
        if shares:
            found.append(Candidate(offer, goods, meets, sum(amount for _, amount, _ in shares)))
    return found, lines


def _taken_off(chosen: list[Candidate], lines: list[Line]) -> int:
    for line in lines:
        line.left = line.item.amount
    return sum(amount for _, shares in apply(chosen, lines, []) for _, amount, _ in shares)


@settings(max_examples=60, deadline=None)
@given(baskets(4), offers(7))
def test_chosen_combination_is_the_best_of_all_that_are_allowed(bought: Basket, given_offers: list[Offer]) -> None:
    """All subsets are tried: those without a clash to which no other promotion could be added are allowed."""
    equal = [replace(offer, priority=0) for offer in given_offers]
    found, lines = _candidates(bought, equal)
    allowed = [
        list(part)
        for size in range(len(found) + 1)
        for part in combinations(found, size)
        if not any(clash(a, b) for a, b in combinations(part, 2))
        and all(any(clash(each, one) for one in part) for each in found if each not in part)
    ]
    most = max(_taken_off(part, lines) for part in allowed)
    for line in lines:
        line.left = line.item.amount
    choice = choose(found, lines, [])
    assert choice.proven
    assert list(choice.chosen) in [sorted(part, key=lambda each: each.order) for part in allowed]
    assert _taken_off(list(choice.chosen), lines) == most


def _units(line: Line) -> list[int]:
    return sorted(of_units(line.left, line.item.quantity, n + 1) - of_units(line.left, line.item.quantity, n)
                  for n in range(line.item.quantity))  # fmt: skip


def _total(shares: Shares) -> int:
    return sum(amount for _, amount, _ in shares)


_small = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 2), st.integers(0, 30)), min_size=1, max_size=3)
_sets = st.frozensets(st.sampled_from("ABC"), min_size=1, max_size=2).map(lambda skus: Scope(skus=skus))


@settings(max_examples=60, deadline=None)
@given(_small, st.lists(st.builds(Part, _sets, st.integers(1, 2)), min_size=1, max_size=2), st.integers(0, 40))
def test_bundle_takes_the_units_by_which_the_customer_gains_most(
    rows: list[tuple[str, int, int]], parts: list[Part], price: int
) -> None:
    """Every way to hand units to parts of bundles is tried."""
    lines = [Line(item(sku, quantity, amount, key=str(i)), amount) for i, (sku, quantity, amount) in enumerate(rows)]
    units = [(line.item, value) for line in lines for value in _units(line)]
    best = 0
    for assigned in product(range(-1, len(parts)), repeat=len(units)):
        pairs = [(unit, part) for unit, part in zip(units, assigned, strict=True) if part >= 0]
        if not all(parts[part].scope.covers(unit[0]) for unit, part in pairs):
            continue
        counts = [sum(part == index for _, part in pairs) for index in range(len(parts))]
        times = counts[0] // parts[0].quantity
        if counts == [times * part.quantity for part in parts]:
            best = max(best, sum(unit[1] for unit, _ in pairs) - times * price)
    assert _total(give(BundlePrice(tuple(parts), price), [], lines, [])) == best


@settings(max_examples=60, deadline=None)
@given(_small, st.integers(1, 2), st.integers(1, 2), _sets, _sets)
def test_rewarded_units_are_as_many_as_can_be_and_the_cheapest_of_them(
    rows: list[tuple[str, int, int]], buy: int, get: int, bought: Scope, rewarded: Scope
) -> None:
    """Every way to call units bought, rewarded or neither is tried."""
    lines = [Line(item(sku, quantity, amount, key=str(i)), amount) for i, (sku, quantity, amount) in enumerate(rows)]
    units = [(line.item, value) for line in lines for value in _units(line)]
    best = (0, 0)
    for roles in product("-br", repeat=len(units)):
        ok = all(
            role == "-" or (bought if role == "b" else rewarded).covers(unit[0])
            for unit, role in zip(units, roles, strict=True)
        )
        free = [unit[1] for unit, role in zip(units, roles, strict=True) if role == "r"]
        if ok and roles.count("b") % buy == 0 and len(free) <= roles.count("b") // buy * get:
            best = max(best, (len(free), -sum(free)))
    goods = [line for line in lines if bought.covers(line.item)]
    shares = give(BuyGet(buy, get, rewarded), goods, lines, [])
    assert _total(shares) == -best[1]
    assert sum(count for _, amount, count in shares if amount) <= best[0]


def test_more_combinations_than_are_tried_are_told() -> None:
    bought = basket(*(item(f"S{n}", amount=1000 + n) for n in range(10)))
    rivals = [
        Offer(f"{n}-{off}", percent(off), Scope(skus=frozenset({f"S{n}"})), combination=Combination.BEST)
        for n in range(10)
        for off in (1000, 2000)
    ]
    everywhere = Offer("all", percent(500))
    apart, joined = priced(bought, *rivals), priced(bought, *rivals, everywhere)
    assert (apart.proven, joined.proven) == (True, False)
    assert {offer.code for offer in joined.given} == {*(f"{n}-2000" for n in range(10)), "all"}
