"""A season is answered message by message: exactly, feasibly, and clearly refused when a message is wrong."""

from __future__ import annotations

import json
import sys
from collections import Counter
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from typer.testing import CliRunner

from kontor.routing.instances import InvalidInstance, articles_of, demand_of, network_of, policy_of
from kontor.routing.instances import Row as Fields
from kontor.routing.planner import plan
from kontor.routing.season import Pricing, SeasonRouter
from kontor.routing.season_cli import app
from kontor.routing.solver import OptimizerMissing
from kontor.routing.values import Capacity, Stock, Supply

Message = dict[str, Any]

START: Message = {
    "type": "start", "days": 3, "wait_days": 1, "tariff": {"bulky_unit_cents": 0},
    "policy": {"split_cents": 60, "late_parcel_day_cents": 120, "late_unit_day_cents": 40, "priority_factor": {"0": 1}},
    "skus": [{"id": "lamp", "weight_g": 1000, "shortage_cents": 3000},
             {"id": "bulb", "weight_g": 100, "shortage_cents": 900}],
    "locations": [
        {"id": "hall", "handling_parcel_cents": 100, "handling_unit_cents": 10, "units_per_day": None},
        {"id": "shop", "handling_parcel_cents": 50, "handling_unit_cents": 20, "units_per_day": 2},
    ],
    "lanes": {"hall": {"north": [200, 450, 20, 1]}, "shop": {"north": [10, 350, 10, 1]}},
    "stock": [
        {"location": "hall", "sku": "lamp", "on_hand": 9, "markdown_cents": 100},
        {"location": "shop", "sku": "lamp", "on_hand": 1, "markdown_cents": 0},
        {"location": "shop", "sku": "bulb", "on_hand": 0, "markdown_cents": 0},
    ],
    "inbound": [{"location": "shop", "sku": "bulb", "day": 1, "qty": 1}],
    "forecast": {"orders_per_day": 1, "units_per_order": 1, "region_share": {"north": 1},
                 "sku_share": {"lamp": 0.8, "bulb": 0.2}, "walkin_per_day": {"shop": 2}},
}  # fmt: skip
DAY: Message = {
    "type": "day", "day": 0,
    "stock": [{"location": "hall", "sku": "lamp", "units": 9}, {"location": "shop", "sku": "lamp", "units": 1},
              {"location": "shop", "sku": "bulb", "units": 0}],
}  # fmt: skip


def order(name: str, promised: int, **quantities: int) -> Message:
    lines = [{"id": sku, "sku": sku, "qty": units} for sku, units in quantities.items()]
    return {"id": name, "channel": "web", "region": "north", "priority": 0, "promised_day": promised, "lines": lines}


AVAILABLE = [["hall", "lamp", 0, 9], ["shop", "lamp", 0, 1], ["shop", "lamp", 1, 1],
             ["shop", "bulb", 0, 0], ["shop", "bulb", 1, 1]]  # fmt: skip
LEFT = [["shop", 0, 2], ["shop", 1, 2]]
ASK: Message = {
    "type": "order",
    "day": 0,
    "order": order("O1", 2, lamp=1),
    "available": AVAILABLE,
    "capacity_left": LEFT,
}


def parcel(place: str, day: int, **units: int) -> Message:
    return {"location": place, "day": day, "lines": [{"line": sku, "qty": count} for sku, count in units.items()]}


def router(policy: str) -> SeasonRouter:
    begun = SeasonRouter(policy, Pricing(samples=6))
    assert begun.answer(START) == {}
    assert begun.answer(DAY) == {}
    return begun


def test_the_cheapest_takes_the_last_lamp_of_the_shop() -> None:
    assert router("cheapest").answer(ASK) == {"parcels": [parcel("shop", 0, lamp=1)]}


def test_prices_keep_it_for_who_comes_to_the_shop() -> None:
    assert router("online").answer(ASK) == {"parcels": [parcel("hall", 0, lamp=1)]}


def test_an_order_waits_for_goods_that_come() -> None:
    asked = {**ASK, "order": order("O1", 2, lamp=1, bulb=1)}
    assert router("cheapest").answer(asked) == {"parcels": [parcel("shop", 1, lamp=1, bulb=1)]}


def test_the_evening_settles_the_orders_of_the_day_together() -> None:
    chosen = router("evening")
    assert chosen.answer(ASK) == {"defer": True}
    first, second = order("O1", 2, lamp=1), order("O2", 2, lamp=1, bulb=1)
    assert chosen.answer({**ASK, "order": second}) == {"defer": True}
    evening = {"type": "evening", "day": 0, "orders": [first, second], "available": AVAILABLE, "capacity_left": LEFT}
    answer = chosen.answer(evening)
    assert [row["id"] for row in answer["orders"]] == ["O1", "O2"]
    assert answer["orders"][0]["parcels"] == [parcel("hall", 0, lamp=1)]
    assert {row["day"] for row in answer["orders"][1]["parcels"]} <= {0, 1}


def test_what_is_missing_in_the_morning_was_sold_at_the_counter() -> None:
    chosen = router("online")
    chosen.answer(ASK)
    tomorrow = deepcopy(DAY)
    tomorrow["day"] = 1
    for row, units in zip(tomorrow["stock"], (8, 0, 1), strict=True):
        row["units"] = units
    chosen.answer(tomorrow)
    season = chosen._season
    assert season is not None
    assert +season.walk_ins == Counter({("shop", "lamp"): 1})
    assert season.units == Counter({"lamp": 1})
    # The lamps of the shop ran out at some time of the day, those of the hall did not; bulbs there were none.
    assert season.open_days == {("shop", "lamp"): 0.5, ("hall", "lamp"): 1.0}


def test_prices_are_found_again_as_the_orders_of_a_day_come() -> None:
    start = deepcopy(START)
    start["forecast"]["orders_per_day"] = 6
    chosen = SeasonRouter("online", Pricing(samples=3))
    chosen.answer(start)
    chosen.answer(DAY)
    season = chosen._season
    assert season is not None
    turns = []
    for _ in range(8):
        chosen.answer({**ASK, "available": [["hall", "lamp", 0, 9]]})
        turns.append(season.turn)
    assert turns == [0, 0, 1, 1, 2, 2, 2, 2]


def test_walk_ins_of_the_day_are_heard_of_while_it_lasts() -> None:
    chosen = router("online")
    season = chosen._season
    assert season is not None
    chosen.answer({**ASK, "available": [["hall", "lamp", 0, 9], ["shop", "lamp", 0, 0]]})
    assert season.sold_today == {("hall", "lamp"): 0, ("shop", "lamp"): 1}


def test_cheapest_is_the_plan_of_each_order() -> None:
    rng = Random(5)
    for number in range(40):
        begun = SeasonRouter("cheapest")
        begun.answer(START)
        begun.answer(DAY)
        levels = {key: rng.randint(0, 3) for key in (("hall", "lamp"), ("shop", "lamp"), ("shop", "bulb"))}
        asked = order("O", rng.randint(0, 3), lamp=rng.randint(1, 3), bulb=rng.randint(1, 2))
        available = [[*key, 0, units] for key, units in levels.items()]
        answer = begun.answer(
            {**ASK, "order": asked, "available": available, "capacity_left": [["shop", 0, number % 4]]}
        )
        assert answer["parcels"] == expected(asked, levels, number % 4)


def expected(asked: Message, levels: dict[tuple[str, str], int], roof: int) -> list[Message]:
    root = Fields(START, ())
    stock: dict[Any, dict[Any, Stock]] = {}
    for (place, sku), units in levels.items():
        stock.setdefault(sku, {})[place] = Stock(units)
    supply = Supply(network_of(root), stock, 0, 1, {"shop": Capacity((roof,))})
    demand = demand_of(Fields(asked, ()), articles_of(root))
    parcels = plan(demand, supply, policy_of(root)).parcels
    return [parcel(str(each.location_id), each.day, **{str(k): n for k, n in each.lines}) for each in parcels]


@pytest.mark.parametrize("policy", ["cheapest", "online", "evening"])
def test_no_answer_takes_what_is_not_there(policy: str) -> None:
    for seed in range(4):
        World(seed).run(SeasonRouter(policy, Pricing(samples=1)))


def test_the_same_messages_get_the_same_answers() -> None:
    for policy in ("online", "evening"):
        first, second = (World(9).run(SeasonRouter(policy, Pricing(samples=2))) for _ in range(2))
        assert first == second


class World:
    """A small random season that checks each answer."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.start = deepcopy(START)
        self.start["days"] = 4
        self.levels: dict[tuple[str, str], list[int]] = {}
        for row in self.start["stock"]:
            row["on_hand"] = self.rng.randint(0, 5)
            self.levels[row["location"], row["sku"]] = [row["on_hand"]] * 4
        coming = [(sku, day) for sku in ("lamp", "bulb") for day in (1, 3)]
        self.inbound: list[Message] = [{"location": "shop", "sku": sku, "day": day, "qty": 2} for sku, day in coming]
        self.start["inbound"] = self.inbound
        for row in self.inbound:
            for day in range(row["day"], 4):
                self.levels[row["location"], row["sku"]][day] += row["qty"]
        self.used: Counter[tuple[str, int]] = Counter()

    def run(self, chosen: SeasonRouter) -> list[Any]:
        answers = [chosen.answer(self.start)]
        for self.today in range(4):
            stock = [{"location": p, "sku": s, "units": rows[self.today]} for (p, s), rows in self.levels.items()]
            answers.append(chosen.answer({"type": "day", "day": self.today, "stock": stock}))
            waiting = {}
            for number in range(4):
                picked = {sku: self.rng.randint(1, 2) for sku in ("lamp", "bulb") if self.rng.random() < 0.7} or {
                    "lamp": 1
                }
                asked = order(f"O{self.today}-{number}", self.today + 2, **picked)
                answers.append(chosen.answer({"type": "order", "order": asked, **self.state()}))
                if answers[-1].get("defer"):
                    waiting[asked["id"]] = asked
                else:
                    self.book(asked, answers[-1]["parcels"])
                self.walk()
            if waiting:
                answers.append(chosen.answer({"type": "evening", "orders": list(waiting.values()), **self.state()}))
                assert [row["id"] for row in answers[-1]["orders"]] == list(waiting)
                for row in answers[-1]["orders"]:
                    self.book(waiting[row["id"]], row["parcels"])
        return answers

    def days(self, place: str, skus: list[str]) -> list[int]:
        coming = {row["day"] for row in self.inbound if row["location"] == place and row["sku"] in skus}
        return sorted({self.today} | {day for day in coming if self.today < day <= self.today + 1})

    def state(self) -> Message:
        available = [
            [place, sku, day, min(rows[day:])]
            for (place, sku), rows in self.levels.items()
            for day in self.days(place, ["lamp", "bulb"])
        ]
        left = [["shop", day, 2 - self.used["shop", day]] for day in self.days("shop", ["lamp", "bulb"])]
        return {"day": self.today, "available": available, "capacity_left": left}

    def walk(self) -> None:
        rows = self.levels["shop", "lamp"]
        if self.rng.random() < 0.3 and min(rows[self.today :]) > 0:
            rows[self.today :] = [units - 1 for units in rows[self.today :]]

    def book(self, asked: Message, parcels: list[Message]) -> None:
        wanted = Counter({line["id"]: line["qty"] for line in asked["lines"]})
        assert len({(row["location"], row["day"]) for row in parcels}) == len(parcels)
        for row in parcels:
            place, day = row["location"], row["day"]
            assert day in self.days(place, list(wanted))
            for line in row["lines"]:
                rows = self.levels[place, line["line"]]
                assert 0 < line["qty"] <= min(rows[day:])
                rows[day:] = [units - line["qty"] for units in rows[day:]]
                wanted[line["line"]] -= line["qty"]
                self.used[place, day] += line["qty"]
            assert place == "hall" or self.used[place, day] <= 2
        assert min(wanted.values()) >= 0


def test_orders_of_a_day_share_what_is_short() -> None:
    chosen = router("evening")
    rows = [order("A", 2, bulb=1), order("B", 2, bulb=1, lamp=1)]
    for row in rows:
        assert chosen.answer({**ASK, "order": row}) == {"defer": True}
    state = {"available": [["shop", "bulb", 0, 1], ["shop", "lamp", 0, 1]], "capacity_left": LEFT}
    answer = chosen.answer({"type": "evening", "day": 0, "orders": rows, **state})
    assert answer["orders"] == [
        {"id": "A", "parcels": []},
        {"id": "B", "parcels": [parcel("shop", 0, bulb=1, lamp=1)]},
    ]


WRONG: list[tuple[Any, tuple[str | int, ...]]] = [
    ([], ()),
    ({"type": "night"}, ("type",)),
    ({**DAY, "day": 0}, ("day",)),
    ({**ASK, "day": 2}, ("day",)),
    ({**ASK, "available": [["hall", "lamp", 0]]}, ("available",)),
    ({**ASK, "capacity_left": None}, ("capacity_left",)),
    ({**ASK, "order": {}}, ("order", "lines")),
]


@pytest.mark.parametrize(("message", "path"), WRONG)
def test_a_wrong_message_is_refused(message: Any, path: tuple[str | int, ...]) -> None:
    with pytest.raises(InvalidInstance) as refused:
        router("cheapest").answer(message)
    assert refused.value.path == path


def test_a_season_begins_with_its_start() -> None:
    with pytest.raises(InvalidInstance):
        SeasonRouter("cheapest").answer(DAY)


def test_without_the_solver_only_the_cheapest_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "highspy", None)
    assert router("cheapest").answer(ASK) == {"parcels": [parcel("shop", 0, lamp=1)]}
    with pytest.raises(OptimizerMissing):
        router("online")


def test_the_command_answers_line_by_line() -> None:
    lines = "".join(json.dumps(each) + "\n" for each in (START, DAY, ASK))
    done = CliRunner().invoke(app, ["--policy", "cheapest"], input=lines)
    assert done.exit_code == 0
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers == [{}, {}, {"parcels": [parcel("shop", 0, lamp=1)]}]


@pytest.mark.parametrize(
    ("line", "told"),
    [("{", "Message 1: this is no JSON"), ('{"type": "day"}', "Message 1: INVALID_INSTANCE type: A season begins")],
)
def test_the_command_says_which_message_is_wrong(line: str, told: str) -> None:
    done = CliRunner().invoke(app, [], input=line + "\n")
    assert done.exit_code == 2
    assert done.stderr.startswith(told)


def test_the_command_knows_its_policies() -> None:
    assert CliRunner().invoke(app, ["--policy", "nearest"]).exit_code == 2
