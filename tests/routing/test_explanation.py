import json
from datetime import date

from kontor.routing.explanation import LANGUAGES, describe, explain, runner_up
from kontor.routing.planner import plan
from kontor.routing.values import Demand, DemandLine, Id, Lane, Network, Policy, Reason, Site, Stock, Supply
from routing.worlds import POLICY, world

RULES = Policy("standard/3", split_cents=60, shortage_cents=5000)
SITES = [
    Site("w", {"de": Lane(400)}, handling_parcel_cents=100),
    Site("s", {"de": Lane(450)}, handling_parcel_cents=190),
    Site("p", {"de": Lane(300)}, active=False),
]
STOCK: dict[Id, dict[Id, Stock]] = {
    "v0": {"w": Stock(5), "s": Stock(1), "p": Stock(9)},
    "v1": {"w": Stock(1, price_cents=30), "s": Stock(0)},
}
DEMAND = Demand((DemandLine("1", "v0", 1), DemandLine("2", "v1", 1)), "web", "de", 739_500)
SUPPLY = Supply(Network(SITES), STOCK, 739_448)
NAMES = {"w": "Lager Kassel", "s": "Filiale Ulm", "p": "Partner Nord"}
RECORD = explain(DEMAND, SUPPLY, RULES, plan(DEMAND, SUPPLY, RULES))


def test_record_names_every_candidate_and_why_it_lost() -> None:
    assert RECORD["candidates"] == [
        {
            "location": "w",
            "day": 739_448,
            "arrival": 739_448,
            "missing": 0,
            "cost": 530,
            "terms": {"shipping": 400, "handling": 100, "stock_price": 30},
        },
        {
            "location": "s",
            "day": 739_448,
            "arrival": 739_448,
            "missing": 1,
            "cost": 5640,
            "terms": {"shipping": 450, "handling": 190, "shortage": 5000},
        },
    ]
    assert RECORD["eliminated"] == [{"location": "p", "reason": Reason.INACTIVE.value}]
    assert (RECORD["policy"], RECORD["cost"], RECORD["true_cost"], RECORD["gap"]) == ("standard/3", 530, 500, 0)


def test_record_shows_the_plan_and_the_runner_up() -> None:
    assert [(p["location"], p["lines"], p["cost"]) for p in RECORD["parcels"]] == [("w", [["1", 1], ["2", 1]], 530)]
    second = RECORD["runner_up"]
    assert (second["cost"], second["difference"], second["unsent"]) == (5640, 5110, [["2", 1]])
    assert second["terms"] == {"shipping": 50, "handling": 90, "stock_price": -30, "shortage": 5000}


def test_record_is_json_and_its_terms_sum_to_the_cost() -> None:
    for seed in range(60):
        demand, supply = world(seed)
        chosen = plan(demand, supply, POLICY)
        record = explain(demand, supply, POLICY, chosen)
        assert json.loads(json.dumps(record)) == record
        assert sum(record["terms"].values()) == record["cost"] == chosen.cost_cents
        assert all(sum(row["terms"].values()) == row["cost"] for row in record["candidates"])
        for language in LANGUAGES:
            assert all(describe(record, language, names={}))


def test_runner_up_is_never_cheaper_than_the_plan() -> None:
    for seed in range(60):
        demand, supply = world(seed)
        chosen = plan(demand, supply, POLICY)
        second = runner_up(demand, supply, POLICY, chosen)
        assert (second is None) == (not chosen.parcels)
        assert second is None or second.cost_cents >= chosen.cost_cents


def test_long_candidate_lists_are_cut_and_counted() -> None:
    record = explain(DEMAND, SUPPLY, RULES, plan(DEMAND, SUPPLY, RULES), most_candidates=1)
    assert ([row["location"] for row in record["candidates"]], record["omitted"]) == (["w"], 1)


def test_german_text_reads_like_a_sentence() -> None:
    assert describe(RECORD, "de", names=NAMES, dates={739_448: date(2025, 7, 19)}) == [
        "Lager Kassel am 19.07.2025: 2 Stück für 5,30 EUR",
        "Summe 5,30 EUR (Versand 4,00 EUR, Bearbeitung 1,00 EUR, späterer Wert des Bestands 0,30 EUR), "
        "Regelwerk standard/3.",
        "Zweitbeste Lösung: Filiale Ulm, 51,10 EUR teurer (nicht versandt 50,00 EUR, Bearbeitung 0,90 EUR, "
        "Versand 0,50 EUR, späterer Wert des Bestands -0,30 EUR).",
        "Filiale Ulm allein: 6,40 EUR, und 1 Stück fehlen",
        "Partner Nord ist nicht aktiv.",
    ]


def test_english_text_is_the_default() -> None:
    lines = describe(RECORD, "fr", names=NAMES)
    assert lines[0] == f"Lager Kassel on {date.fromordinal(739_448).isoformat()}: 2 units for 5.30 EUR"
    assert lines[-1] == "Partner Nord is not active."
    assert lines == describe(RECORD, "en", names=NAMES)


def test_text_says_what_is_not_sent() -> None:
    demand = Demand((DemandLine("1", "nowhere", 3),), "web", "de", 739_500)
    record = explain(demand, SUPPLY, RULES, plan(demand, SUPPLY, RULES))
    assert describe(record, "en", names={}) == [
        "Nothing is sent.",
        "Not sent: 3, which costs 150.00 EUR.",
        "Total 150.00 EUR (not sent 150.00 EUR), policy standard/3.",
        "There was no other way.",
    ]


def test_a_parcel_tells_its_carrier() -> None:
    site = Site("hall", {"de": Lane(500, 0, 2, carrier="post", others=(Lane(700, 0, 0, carrier="night"),))})
    supply = Supply(Network([site]), {"v": {"hall": Stock(1)}}, 0)
    demand = Demand((DemandLine("l", "v", 1),), "web", "de", 1)
    policy = Policy("p", late_parcel_day_cents=300)
    chosen = plan(demand, supply, policy)
    record = explain(demand, supply, policy, chosen)
    assert (record["cost"], record["parcels"][0]["carrier"], record["parcels"][0]["arrival"]) == (700, "night", 0)
    assert record["candidates"][0]["cost"] == 700
    assert describe(record, "en", names={"hall": "Hall"})[0].endswith("1 unit for 7.00 EUR, by night")
