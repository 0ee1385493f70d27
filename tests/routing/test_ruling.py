"""Rules change what places offer; the plan stays the cheapest, and what rules did is a term of its own."""

from dataclasses import replace
from random import Random

import pytest

from kontor.core import expressions
from kontor.routing.batch import optimize
from kontor.routing.explanation import describe, explain
from kontor.routing.planner import plan
from kontor.routing.ruling import Per, Rule, RuleBook, RuleKind, only, reads, ruled
from kontor.routing.values import Demand, DemandLine, Id, Lane, Network, Offer, Policy, Site, Stock, Supply
from routing.worlds import POLICY, cheapest_by_solver, world


def policy_with(*rules: Rule) -> Policy:
    return replace(POLICY, rules=RuleBook(rules, expressions.evaluate))


def keep_out(when: str) -> Rule:
    return Rule("closed to us", RuleKind.KEEP_OUT, when)


SITES = [
    Site("berlin", {"DE|525|134": Lane(450, 20, 1, 30)}, facts={"kind": "WAREHOUSE", "country": "DE", "located": True}),
    Site("wien", {"DE|525|134": Lane(900, 0, 2, 520)}, 1, handling_unit_cents=10,
         facts={"kind": "STORE", "country": "AT", "tags": ("outlet",), "located": True}),
    Site("graz", {"DE|525|134": Lane(950, 0, 2, 690)}, 2, facts={"kind": "STORE", "country": "AT"}),
]  # fmt: skip


def small(stock: dict[Id, dict[Id, Stock]] | None = None, quantity: int = 1) -> tuple[Demand, Supply]:
    demand = Demand((DemandLine("l", "v", quantity, 500),), "web", "DE|525|134", 3)
    there: dict[Id, dict[Id, Stock]] = {"v": {"berlin": Stock(2), "wien": Stock(5), "graz": Stock(1)}}
    return demand, Supply(Network(SITES), stock or there, 0)


def places_of(policy: Policy, **more: object) -> list[Id]:
    demand, supply = small(**more)  # type: ignore[arg-type]
    return [parcel.location_id for parcel in plan(demand, supply, policy).parcels]


@pytest.mark.parametrize(
    ("rules", "place"),
    [
        ((), "berlin"),
        ((keep_out('place.kind == "WAREHOUSE"'),), "wien"),
        ((keep_out('place.country == "DE" || "outlet" in place.tags'),), "graz"),
        ((keep_out('order.country == "AT"'),), "berlin"),
        ((Rule("far is better", RuleKind.PREFER, "place.distance_km > 500", 500),), "wien"),
        ((Rule("dear work", RuleKind.WEIGH, 'place.code == "berlin"', 600, Per.UNIT),), "wien"),
        ((Rule("dear line", RuleKind.WEIGH, 'place.code == "berlin"', 500, Per.LINE),), "wien"),
        ((Rule("triple", RuleKind.WEIGH, 'place.kind == "WAREHOUSE"', 200, Per.PERCENT),), "wien"),
        ((Rule("by distance", RuleKind.WEIGH, "true", -100, Per.PERCENT),
          Rule("km", RuleKind.WEIGH, "true", 1, Per.UNIT, "1000 - place.distance_km")), "graz"),
        ((Rule("later", RuleKind.FALL_BACK, 'place.code == "berlin"', 2000),
          Rule("much later", RuleKind.FALL_BACK, 'place.country == "AT"', 2200)), "berlin"),
        ((Rule("last units", RuleKind.KEEP_OUT, "place.stock - goods.wanted < 2"),), "wien"),
        ((Rule("more is better", RuleKind.WEIGH, "true", 300, Per.UNIT, "9 - place.stock"),), "wien"),
    ],
)  # fmt: skip
def test_rules_decide_who_serves(rules: tuple[Rule, ...], place: str) -> None:
    assert places_of(policy_with(*rules)) == [place]


def test_bonus_never_makes_a_parcel_cheaper_than_nothing() -> None:
    demand, supply = small()
    chosen = plan(demand, supply, policy_with(Rule("ours", RuleKind.PREFER, "true", 5000)))
    assert (chosen.cost_cents, chosen.terms.shipping, chosen.terms.rule) == (10 + 2, 460, -450)
    assert chosen.true_cost_cents == 450 + 10 + 2


def test_fall_back_serves_only_what_others_cannot() -> None:
    rule = Rule("outlets last", RuleKind.FALL_BACK, "place.code != 'wien'", 2000)
    demand, supply = small(quantity=6)
    chosen = plan(demand, supply, replace(policy_with(rule), shortage_cents=10_000))
    assert {parcel.location_id: parcel.lines for parcel in chosen.parcels} == {
        "berlin": (("l", 1),),
        "wien": (("l", 5),),
    }
    assert chosen.terms.fall_back == 2000
    assert chosen.terms.rule == 0


def test_rules_are_shown_with_their_names_and_terms() -> None:
    demand, supply = small()
    policy = policy_with(
        keep_out('place.kind == "WAREHOUSE"'),
        Rule("last units", RuleKind.KEEP_OUT, "place.stock < 2"),
        Rule("outlet work", RuleKind.WEIGH, '"outlet" in place.tags', 40, Per.UNIT),
    )
    record = explain(demand, supply, policy, plan(demand, supply, policy))
    assert record["eliminated"] == [
        {"location": "berlin", "reason": "RULED_OUT", "rule": "closed to us"},
        {"location": "graz", "reason": "RULED_OUT", "rule": "last units"},
    ]
    assert record["parcels"][0]["rules"] == ["outlet work"]
    assert record["terms"]["rule"] == 40
    assert sum(record["terms"].values()) == record["cost"]
    english, german = describe(record, "en", names={}), describe(record, "de", names={})
    assert "berlin is kept out by the rule “closed to us”." in english
    assert "berlin ist durch die Regel „closed to us“ ausgeschlossen." in german
    assert english[0].endswith("Rules: outlet work.")


def test_rule_without_a_result_does_nothing_and_says_so() -> None:
    demand, supply = small()
    policy = policy_with(Rule("divides", RuleKind.KEEP_OUT, "1 / (place.priority - place.priority) > 0"))
    record = explain(demand, supply, policy, plan(demand, supply, policy))
    assert record["parcels"][0]["location"] == "berlin"
    assert record["failed_rules"] == ["divides"]
    assert describe(record, "de", names={})[-1] == "Regeln ohne Ergebnis, die nichts bewirkten: divides."


def test_reads_ignores_texts_and_finds_whole_subjects() -> None:
    assert reads('place.code == "order.kind" && order . units > 1 && size(goods) > 0') == [
        ("place", "code"), ("order", "units"), ("goods", ""),
    ]  # fmt: skip


def test_without_rules_supply_is_left_alone() -> None:
    demand, supply = small()
    assert ruled(demand, supply, POLICY) is supply


def test_what_an_order_holds_is_ruled_as_all_there_is() -> None:
    demand, supply = small()
    policy = policy_with(
        Rule("last units", RuleKind.KEEP_OUT, "place.stock < 5"),
        Rule("more is better", RuleKind.WEIGH, "true", 10, Per.UNIT, "9 - place.stock"),
    )
    held: dict[Id, dict[Id, Stock]] = {"v": {"wien": Stock(1), "berlin": Stock(1)}}
    chosen = plan(demand, only(held, ruled(demand, supply, policy)), policy)
    assert [parcel.location_id for parcel in chosen.parcels] == ["wien"]
    assert chosen.terms.rule == 40
    assert only(held, supply).stock == held


RULES = (
    Rule("one place", RuleKind.KEEP_OUT, 'place.code == "place-1"'),
    Rule("near", RuleKind.PREFER, "place.distance_km < 200", 70),
    Rule("market parcels", RuleKind.WEIGH, 'order.channel == "market" && place.hazmat', 35, Per.PARCEL),
    Rule("lines", RuleKind.WEIGH, "place.priority == 1", 11, Per.LINE),
    Rule("units", RuleKind.WEIGH, "place.bulky", 9, Per.UNIT, "place.priority + 1"),
    Rule("own costs", RuleKind.WEIGH, "place.hands_over", 25, Per.PERCENT),
    Rule("cheaper", RuleKind.WEIGH, "place.priority == 2", -40, Per.PERCENT),
    Rule("last", RuleKind.FALL_BACK, 'place.code == "place-2"', 800),
    Rule("kept units", RuleKind.KEEP_OUT, "place.stock > 3 && goods.hazmat"),
    Rule("scarce", RuleKind.WEIGH, "place.stock < 2", 45, Per.UNIT),
)


def under(demand: Demand, supply: Supply, policy: Policy) -> Supply:
    """The supply with the rules written into plain sites, for a solver that knows no rules."""
    there = ruled(demand, supply, policy)
    sites = []
    for site in there.network.sites.values():
        if demand.pickup_location_id is not None or demand.region not in site.lanes:
            lane = Lane()
        else:
            lane = site.lanes[demand.region]
        assert there.network.rule is not None
        offer = there.network.rule(Offer(0, site, lane, 0, 0, None))
        counter = demand.pickup_location_id is not None
        lanes = site.lanes if counter else {**site.lanes, demand.region: offer.lane}
        if demand.region not in site.lanes and not counter:
            lanes = site.lanes
        moved = replace(offer.site, lanes=lanes, active=site.active and offer.reason is None, ruled=None)
        sites.append(moved)
    return Supply(Network(sites), there.stock, 0, 4, supply.capacity, supply.release_days)


@pytest.mark.parametrize("seed", range(120))
def test_plan_under_rules_is_the_solver_s_optimum(seed: int) -> None:
    demand, supply = world(seed)
    rng = Random(seed)
    policy = policy_with(*rng.sample(RULES, rng.randint(1, 6)))
    chosen = plan(demand, supply, policy)
    assert chosen.gap_cents == 0
    assert chosen.cost_cents == sum(chosen.terms) == cheapest_by_solver(demand, under(demand, supply, policy), POLICY)
    money = sum(parcel.terms.rule + parcel.terms.fall_back for parcel in chosen.parcels)
    assert money == chosen.terms.rule + chosen.terms.fall_back


@pytest.mark.parametrize("seed", range(12))
def test_joint_plan_of_one_order_is_its_plan_under_rules(seed: int) -> None:
    demand, supply = world(seed)
    policy = policy_with(*RULES)
    alone = plan(demand, supply, policy)
    together = optimize({"o": demand}, supply, policy, seconds=5.0, rounds=3)
    assert together.cost_cents == alone.cost_cents
    assert sum(together.plans["o"].terms) == alone.cost_cents
    assert together.plans["o"].true_cost_cents == sum(
        cents for name, cents in together.plans["o"].terms._asdict().items()
        if name not in ("capacity_price", "stock_price", "rule", "fall_back")
    )  # fmt: skip
