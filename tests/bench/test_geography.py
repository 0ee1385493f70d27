"""The maps on which the rules of others are priced."""

import pytest

from kontor.bench import geography
from kontor.bench.geography import measure, play, routers
from kontor.bench.geography_worlds import World, sellers, stores
from kontor.routing.presets import Preset

ORDERS = 30


@pytest.fixture(scope="module", params=[sellers, stores], ids=["sellers", "stores"])
def world(request: pytest.FixtureRequest) -> World:
    found: World = request.param(None, ORDERS)
    return found


def test_every_way_serves_the_same_orders(world: World) -> None:
    wanted = sum(line.quantity for arrival in world.arrivals for line in arrival.demand.lines)
    names = []
    for name, router in routers(world):
        played = play(world, router)
        names.append(name)
        assert (played.orders, played.unsent <= wanted) == (ORDERS, True)
        assert played.cost_cents == sum(played.terms)
    assert names == ["exact", *[preset.value for preset in Preset if preset is not Preset.COST]]


def test_the_first_order_is_never_cheaper_by_a_rule(world: World) -> None:
    first = World(world.name, world.network, world.stock, world.arrivals[:1], world.release_days)
    costs = [play(first, router).cost_cents for _, router in routers(first)]
    assert min(costs) == costs[0]


def test_the_map_is_the_same_every_time() -> None:
    one, other = stores(None, ORDERS), stores(None, ORDERS)
    assert (one.arrivals, one.stock) == (other.arrivals, other.stock)


def test_without_recorded_data_the_figures_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KONTOR_TESTDATA", raising=False)
    monkeypatch.setattr(geography, "routers", lambda world: routers(world)[:1])
    section = measure(orders=5)
    assert [(figure.name, figure.ratio) for figure in section.figures] == [
        ("sellers (generated): exact", 1.0), ("stores (generated): exact", 1.0),
    ]  # fmt: skip
