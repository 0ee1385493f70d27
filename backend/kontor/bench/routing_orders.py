"""Routing problems of a wanted size for the bench: one network and orders of so many lines, every rule on."""

from __future__ import annotations

from dataclasses import dataclass
from math import dist
from random import Random

from kontor.routing.values import Capacity, Demand, DemandLine, Id, Lane, Network, Policy, Site, Stock, Supply

POLICY = Policy(
    "bench",
    split_cents=60,
    late_parcel_day_cents=120,
    late_unit_day_cents=40,
    shortage_cents=2_500,
    bulky_unit_cents=1_500,
    priority_factors=(1, 2, 4),
)
HORIZON = 4
_ARTICLES, _REGIONS = 60, 30
# Up to so many kilometers: cents per parcel and kilogram, days.
_ZONES = ((40, 330, 12, 1), (150, 410, 16, 1), (350, 470, 22, 2), (2_000, 520, 30, 2))


@dataclass(frozen=True, slots=True)
class Kind:
    """Places of one kind: handling per parcel and unit, lead days, units a day at most (0 for no limit)."""

    name: str
    parcel_cents: int
    unit_cents: int
    lead_days: int
    most_units: int


_WAREHOUSE = Kind("warehouse", 110, 35, 0, 0)
_STORE = Kind("store", 190, 110, 0, 16)
_PARTNER = Kind("partner", 250, 90, 1, 8)


@dataclass(frozen=True, slots=True)
class Problems:
    """What all orders are served from, and the orders; each sees all of the stock."""

    supply: Supply
    demands: list[Demand]


def problems(*, lines: int, places: int, orders: int, seed: int = 1) -> Problems:
    """Orders of so many lines over so many places; the same arguments give the same problems."""
    rng = Random(f"{seed}/{lines}/{places}")
    regions = [(f"region-{n}", (rng.uniform(0, 640), rng.uniform(0, 870))) for n in range(_REGIONS)]
    kinds = [_kind_of(n, places) for n in range(places)]
    sites = [_site(rng, f"{kind.name}-{n}", kind, regions) for n, kind in enumerate(kinds)]
    articles = [_article(rng, f"article-{n}") for n in range(_ARTICLES)]
    stock: dict[Id, dict[Id, Stock]] = {line.variant_id: {} for line in articles}
    for site, kind in zip(sites, kinds, strict=True):
        for line in articles:
            if rng.random() < (0.9 if kind is _WAREHOUSE else 0.4):
                stock[line.variant_id][site.location_id] = _stock(rng, kind)
    capacity = {
        site.location_id: _capacity(rng, kind.most_units)
        for site, kind in zip(sites, kinds, strict=True)
        if kind.most_units
    }
    supply = Supply(Network(sites), stock, 0, HORIZON, capacity)
    return Problems(supply, [_demand(rng, articles, lines, regions) for _ in range(orders)])


def _kind_of(number: int, places: int) -> Kind:
    if number < max(1, places // 8):
        return _WAREHOUSE
    return _PARTNER if number % 6 == 0 else _STORE


def _site(rng: Random, name: str, kind: Kind, regions: list[tuple[str, tuple[float, float]]]) -> Site:
    spot = rng.uniform(0, 640), rng.uniform(0, 870)
    lanes = {}
    for region, center in regions:
        km = round(dist(spot, center))
        _, parcel_cents, cents_per_kg, days = next(zone for zone in _ZONES if km <= zone[0])
        if kind is not _PARTNER or km < 300:
            lanes[region] = Lane(parcel_cents, cents_per_kg, days, km)
    return Site(
        name,
        lanes,
        active=rng.random() > 0.04,
        channels=frozenset(("web",)) if kind is _PARTNER and rng.random() < 0.5 else None,
        hazmat=kind is _WAREHOUSE,
        bulky=kind is not _STORE,
        lead_days=kind.lead_days,
        handling_parcel_cents=kind.parcel_cents + rng.randint(-20, 20),
        handling_unit_cents=kind.unit_cents + rng.randint(-8, 8),
    )


def _article(rng: Random, name: str) -> DemandLine:
    return DemandLine(
        "",
        name,
        1,
        rng.choice((200, 350, 500, 900, 1_500, 3_000)),
        900 + int(rng.lognormvariate(8.1, 0.6)) * 2 // 5,
        hazmat=rng.random() < 0.05,
        bulky=rng.random() < 0.05,
    )


def _stock(rng: Random, kind: Kind) -> Stock:
    on_hand = rng.randint(0, 12 if kind is _WAREHOUSE else 4)
    return Stock(
        on_hand,
        1 if kind is _STORE and on_hand > 2 else 0,
        rng.choice((0, 0, 0, 40, 120, 300, -60, -150)),
        ((rng.randint(1, HORIZON - 1), rng.randint(1, 6)),) if rng.random() < 0.15 else (),
        {"market": rng.randint(1, on_hand - 1)} if kind is _WAREHOUSE and on_hand > 4 and rng.random() < 0.2 else None,
    )


def _capacity(rng: Random, most: int) -> Capacity:
    units = rng.randint(most // 3, most)
    return Capacity(
        (rng.randint(0, units), *[units] * (HORIZON - 1)),
        (max(1, units // 2),) * HORIZON if rng.random() < 0.3 else None,
        (rng.randint(0, 60),) if rng.random() < 0.3 else (),
    )


def _demand(
    rng: Random, articles: list[DemandLine], lines: int, regions: list[tuple[str, tuple[float, float]]]
) -> Demand:
    kit = lines > 1 and rng.random() < 0.15
    wanted = []
    for number, article in enumerate(rng.sample(articles, lines)):
        quantity = 1 if rng.random() < 0.6 else rng.randint(1, 3)
        wanted.append(
            DemandLine(
                str(number + 1),
                article.variant_id,
                quantity,
                article.weight_g,
                article.shortage_cents,
                "kit" if kit and number < 2 else None,
                quantity > 1 and rng.random() < 0.15,
                article.hazmat,
                article.bulky,
            )
        )
    return Demand(
        tuple(wanted),
        "market" if rng.random() < 0.2 else "web",
        rng.choice(regions)[0],
        rng.randint(1, HORIZON),
        rng.choices((0, 1, 2), (8, 1.5, 0.5))[0],
        rng.randint(1, 2) if rng.random() < 0.15 else None,
        rng.random() < 0.1,
    )
