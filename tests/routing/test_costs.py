import pytest

from kontor.routing.costs import (
    freight_cents,
    late_days,
    parcel_terms,
    price_on,
    shortage_cents,
    total_terms,
    weight_step_cents,
)
from kontor.routing.values import Capacity, Demand, DemandLine, Id, Lane, Network, Offer, Site, Stock, Supply, Terms
from routing.worlds import POLICY

STEPS = ((1000, 0), (5000, 150), (31_500, 900))


@pytest.mark.parametrize(
    ("grams", "cents"),
    [(0, 0), (1000, 0), (1001, 150), (5000, 150), (31_500, 900), (31_501, 900), (33_000, 1050), (63_000, 1800)],
)
def test_weight_step_counts_heavy_parcels_as_several(grams: int, cents: int) -> None:
    assert weight_step_cents(STEPS, grams) == cents


def test_tariff_without_steps_adds_nothing() -> None:
    assert weight_step_cents((), 99_999) == 0


@pytest.mark.parametrize(("per_kg", "grams", "cents"), [(12, 900, 11), (30, 50, 2), (30, 49, 1), (0, 900, 0)])
def test_weight_charge_rounds_half_up(per_kg: int, grams: int, cents: int) -> None:
    assert freight_cents(Lane(0, per_kg), grams) == cents


def test_shortage_takes_the_line_or_the_policy_and_the_priority() -> None:
    line, other = DemandLine("1", "v", 1, shortage_cents=300), DemandLine("2", "v", 1)
    assert [shortage_cents(Demand((line,), "web", "de", 0, priority), line, POLICY) for priority in (-1, 0, 1, 9)] == [
        300,
        300,
        600,
        1200,
    ]
    assert shortage_cents(Demand((other,), "web", "de", 0), other, POLICY) == 2500


def test_price_of_a_day_not_listed_is_zero() -> None:
    assert [price_on((7, 8), offset) for offset in (-1, 0, 1, 2)] == [0, 7, 8, 0]


def test_early_arrival_is_not_late() -> None:
    site = Site("a", {}, lead_days=1)
    offer = Offer(0, site, Lane(0, 0, 2), 0, 3, None)
    demand = Demand((), "web", "de", 5)
    assert [late_days(demand, offer, day) for day in (0, 2, 3, 6)] == [0, 0, 1, 4]


def test_each_criterion_of_a_parcel_is_its_own_term() -> None:
    lane = Lane(450, 20, 2, 250, STEPS, 80)
    site = Site(
        "a", {"de": lane}, lead_days=1, handling_parcel_cents=110, handling_line_cents=9, handling_unit_cents=35
    )
    lines = (DemandLine("1", "heavy", 2, 900, bulky=True), DemandLine("2", "light", 3, 40))
    demand = Demand(lines, "web", "de", 2, priority=1)
    stock: dict[Id, dict[Id, Stock]] = {
        "heavy": {"a": Stock(5, price_cents=-60)},
        "light": {"a": Stock(5, price_cents=200)},
    }
    supply = Supply(Network([site]), stock, 0, capacity={"a": Capacity(unit_price=(5, 6), parcel_price=(0, 70))})
    terms = parcel_terms(
        demand, supply, POLICY, offer=Offer(0, site, lane, 560, 3, None), day=1, quantities={0: 2, 1: 3}
    )
    assert terms == Terms(
        shipping=450 + 150 + 2 * 18 + 3 * 1,
        handling=110 + 2 * 9 + 5 * 35,
        distance=22,
        bulky=2 * (700 + 80),
        late=2 * 2 * (120 + 5 * 40),
        capacity_price=70 + 5 * 6,
        stock_price=2 * -60 + 3 * 200,
    )
    assert terms.steering == 100 + 480


def test_total_adds_split_per_further_parcel_and_shortage() -> None:
    parcels = [Terms(shipping=400, late=5), Terms(shipping=300, handling=7), Terms(shipping=1)]
    assert total_terms(parcels, split_cents=60, shortage=900) == Terms(701, 7, late=5, split=120, shortage=900)
    assert total_terms([], split_cents=60, shortage=900) == Terms(shortage=900)
    assert total_terms(parcels[:1], split_cents=60, shortage=0) == parcels[0]
