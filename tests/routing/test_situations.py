"""A packed situation is decided as the one it was made of."""

from dataclasses import replace
from uuid import NAMESPACE_OID, UUID, uuid5

import pytest

from kontor.core import expressions
from kontor.routing.planner import plan
from kontor.routing.presets import PRESETS, Preset
from kontor.routing.ruling import RuleBook
from kontor.routing.situations import pack, unpack
from kontor.routing.values import Demand, Id, Network, Stock, Supply
from routing.worlds import POLICY, world


def uuid_of(name: Id) -> UUID:
    return uuid5(NAMESPACE_OID, str(name))


def with_uuids(demand: Demand, supply: Supply) -> tuple[Demand, Supply]:
    lines = tuple(
        replace(line, line_id=uuid_of(line.line_id), variant_id=uuid_of(line.variant_id)) for line in demand.lines
    )
    pickup = demand.pickup_location_id
    demand = replace(
        demand, lines=lines, pickup_location_id=None if pickup is None else uuid_of(pickup),
        excluded=frozenset(map(uuid_of, demand.excluded)),
    )  # fmt: skip
    sites = [replace(site, location_id=uuid_of(key)) for key, site in supply.network.sites.items()]
    stock: dict[Id, dict[Id, Stock]] = {
        uuid_of(variant): {uuid_of(key): row for key, row in rows.items()} for variant, rows in supply.stock.items()
    }
    return demand, replace(
        supply, network=Network(sites), stock=stock,
        capacity={uuid_of(key): row for key, row in supply.capacity.items()},
        release_days={uuid_of(key): days for key, days in supply.release_days.items()},
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(150))
def test_opened_situation_has_the_same_plan(seed: int) -> None:
    demand, supply = with_uuids(*world(seed))
    opened = unpack(pack(demand, supply), supply.network)
    assert replace(opened[0], excluded=demand.excluded) == demand
    for preset in (None, Preset.HIGH_STOCK, Preset.RULE_CHAIN):
        policy = POLICY
        if preset is not None:
            weights, rules = PRESETS[preset]()
            policy = replace(weights, rules=RuleBook(rules, expressions.evaluate))
        before, after = plan(demand, supply, policy), plan(*opened, policy)
        assert (after.cost_cents, after.terms, after.parcels) == (before.cost_cents, before.terms, before.parcels)


def test_place_that_is_gone_has_nothing() -> None:
    demand, supply = with_uuids(*world(3))
    _, opened = unpack(pack(demand, supply), Network([]))
    assert not any(opened.stock.values())


@pytest.mark.parametrize("packed", [b"", b"x", pack(*with_uuids(*world(1)))[:-3]])
def test_other_bytes_are_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match="no situation"):
        unpack(packed, Network([]))
