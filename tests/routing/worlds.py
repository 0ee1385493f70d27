"""Random routing problems with every rule on, and an independent answer to them by a mixed integer program."""

from dataclasses import dataclass, field, replace
from random import Random

import highspy
import numpy as np

from kontor.routing.values import Capacity, Demand, DemandLine, Id, Lane, Network, Policy, Site, Stock, Supply

CHANNELS, REGIONS = ("web", "market"), ("north", "south")
POLICY = Policy(
    "test-1",
    split_cents=60,
    late_parcel_day_cents=120,
    late_unit_day_cents=40,
    shortage_cents=2500,
    bulky_unit_cents=700,
    distance_cents_per_100km=9,
    rejection_cents=500,
    priority_factors=(1, 2, 4),
)


def world(seed: int, *, places: int | None = None) -> tuple[Demand, Supply]:
    """One random order with the supply for it, from a few places or so many."""
    rng = Random(seed)
    sites = [_site(rng, number) for number in range(places or rng.randint(2, 10))]
    variants = [f"v{number}" for number in range(rng.randint(1, 5))]
    density = rng.choice((0.3, 0.5, 0.9))
    stock: dict[Id, dict[Id, Stock]] = {
        variant: {site.location_id: _stock(rng) for site in sites if rng.random() < density} for variant in variants
    }
    capacity = {site.location_id: _capacity(rng) for site in sites if rng.random() < 0.35}
    days = {s.location_id: tuple(d for d in range(4) if rng.random() < 0.7) for s in sites if rng.random() < 0.25}
    supply = Supply(Network(sites), stock, 0, 4, capacity, days)
    return _demand(rng, variants, [str(site.location_id) for site in sites]), supply


def wide_world(seed: int) -> tuple[Demand, Supply]:
    """The same over so many places that they are sifted, which prices below nothing would forbid."""
    demand, supply = world(seed, places=14 + seed % 30)
    capacity = {
        place: each._replace(parcel_price=tuple(max(0, cents) for cents in each.parcel_price))
        for place, each in supply.capacity.items()
    }
    return demand, replace(supply, capacity=capacity)


def with_carriers(seed: int, demand: Demand, supply: Supply) -> tuple[Demand, Supply]:
    """The same with up to two more carriers at each place, some of which often refuse."""
    rng = Random(seed)
    sites = []
    for site in supply.network.sites.values():
        lanes = {
            region: lane._replace(carrier="post", others=tuple(_other(rng, lane, n) for n in range(rng.randint(0, 2))))
            for region, lane in site.lanes.items()
        }
        sites.append(replace(site, lanes=lanes, rejection_permille=rng.choice((0, 0, 300))))
    return demand, replace(supply, network=Network(sites))


def _other(rng: Random, lane: Lane, number: int) -> Lane:
    steps = ((1500, 0), (20_000, 200)) if rng.random() < 0.2 else ()
    cents, days = rng.randint(200, 700), rng.randint(0, 3)
    return Lane(cents, rng.choice((0, 12, 30)), days, lane.distance_km, steps, 50, f"other {number}")


def large_world(seed: int) -> tuple[Demand, Supply]:
    """An order of many lines of several pieces each, scarce in every place: no places are plain."""
    rng = Random(1000 + seed)
    sites = [replace(_site(rng, number), active=True, accepting=True, ships=True) for number in range(5)]
    flat = {region: Lane(rng.randint(300, 600), 30, 1) for region in REGIONS}
    sites = [replace(site, lanes=flat, handling_line_cents=0, channels=None) for site in sites]
    variants = [f"v{number}" for number in range(10)]
    stock: dict[Id, dict[Id, Stock]] = {
        variant: {site.location_id: Stock(rng.randint(0, 2), inbound=((2, 1),)) for site in sites if rng.random() < 0.7}
        for variant in variants
    }
    capacity = {site.location_id: Capacity((6, 6, 6, 6)) for site in sites[:3]}
    lines = tuple(
        DemandLine(f"l{n}", variant, rng.choice((1, 1, 2, 3)), rng.choice((200, 900)), rng.choice((900, 2500)))
        for n, variant in enumerate(variants)
    )
    kit = tuple(replace(line, group="kit") if n < 2 else line for n, line in enumerate(lines))
    return Demand(kit, "web", "north", 2, rng.choice((0, 1))), Supply(Network(sites), stock, 0, 4, capacity)


def _site(rng: Random, number: int) -> Site:
    steps = ((1000, 0), (3000, 150), (100_000, 400)) if rng.random() < 0.2 else ()
    lane = Lane(rng.randint(300, 600), rng.choice((0, 12, 30)), rng.randint(0, 3), rng.randint(1, 600), steps, 90)
    return Site(
        f"place-{number}",
        {region: lane for region in REGIONS if rng.random() < 0.9},
        priority=rng.randint(0, 2),
        active=rng.random() > 0.05,
        accepting=rng.random() > 0.05,
        ships=rng.random() > 0.05,
        hands_over=rng.random() < 0.7,
        channels=frozenset(("web",)) if rng.random() < 0.15 else None,
        hazmat=rng.random() < 0.7,
        bulky=rng.random() < 0.7,
        lead_days=rng.randint(0, 1),
        handling_parcel_cents=rng.randint(0, 200),
        handling_line_cents=rng.choice((0, 0, 25)),
        handling_unit_cents=rng.randint(0, 100),
    )


def _stock(rng: Random) -> Stock:
    on_hand = rng.randint(-1, 4)
    return Stock(
        on_hand,
        1 if on_hand > 2 else 0,
        rng.choice((0, 0, 0, 40, 300, -60)),
        tuple((rng.randint(1, 3), rng.randint(1, 3)) for _ in range(rng.choice((0, 0, 0, 1, 2)))),
        {"market": 1} if rng.random() < 0.15 else None,
        (rng.randint(-60, 200), rng.randint(-60, 200)) if rng.random() < 0.2 else (),
    )


def _capacity(rng: Random) -> Capacity:
    units = tuple(rng.randint(0, 4) for _ in range(4)) if rng.random() < 0.6 else None
    parcels = tuple(rng.randint(0, 2) for _ in range(4)) if rng.random() < 0.3 else None
    price = (rng.randint(0, 60), 10) if rng.random() < 0.4 else ()
    return Capacity(units, parcels, price, (rng.randint(-20, 80),) if rng.random() < 0.3 else ())


def _demand(rng: Random, variants: list[str], places: list[str]) -> Demand:
    count = rng.randint(1, len(variants))
    chosen = [rng.choice(variants) for _ in range(count)] if rng.random() < 0.2 else rng.sample(variants, count)
    kit = rng.random() < 0.25
    lines = tuple(
        DemandLine(
            f"l{number}",
            variant,
            1 if rng.random() < 0.55 else rng.randint(2, 4),
            rng.choice((200, 900, 3000)),
            rng.choice((None, 900, 6000)),
            "kit" if kit and number < 2 else None,
            rng.random() < 0.15,
            rng.random() < 0.1,
            rng.random() < 0.1,
        )
        for number, variant in enumerate(chosen)
    )
    return Demand(
        lines,
        rng.choice(CHANNELS),
        rng.choice(REGIONS),
        rng.randint(0, 4),
        rng.choice((0, 0, 0, 1, 2)),
        rng.randint(1, 3) if rng.random() < 0.25 else None,
        rng.random() < 0.15,
        rng.choice(places) if rng.random() < 0.05 else None,
        frozenset(rng.sample(places, 1)) if rng.random() < 0.1 else frozenset(),
    )


_LANES = 4  # more than a place has carriers: days and carriers share one number


@dataclass
class _Model:
    """Columns and rows for the solver."""

    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    rows: list[tuple[float, float, dict[int, float]]] = field(default_factory=list)

    def column(self, cost: float, upper: float = 1.0) -> int:
        self.cost.append(cost)
        self.upper.append(upper)
        return len(self.cost) - 1

    def row(self, low: float, high: float, terms: dict[int, float]) -> None:
        self.rows.append((low, high, terms))

    def solve(self) -> int:
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.cost), len(self.rows)
        lp.col_cost_ = np.array(self.cost, float)
        lp.col_lower_, lp.col_upper_ = np.zeros(len(self.cost)), np.array(self.upper, float)
        lp.row_lower_ = np.array([low for low, _, _ in self.rows], float)
        lp.row_upper_ = np.array([high for _, high, _ in self.rows], float)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.array([0, *np.cumsum([len(terms) for _, _, terms in self.rows])], np.int32)
        lp.a_matrix_.index_ = np.array([c for _, _, terms in self.rows for c in terms], np.int32)
        lp.a_matrix_.value_ = np.array([v for _, _, terms in self.rows for v in terms.values()], float)
        lp.integrality_ = [highspy.HighsVarType.kInteger] * len(self.cost)
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.4)):
            solver.setOptionValue(option, value)
        solver.passModel(lp)
        solver.run()
        assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return round(solver.getInfo().objective_function_value)


def cheapest_by_solver(demand: Demand, supply: Supply, policy: Policy) -> int:
    """The optimum in cents, written down from the rules alone."""
    model, inf = _Model(), float("inf")
    weight = policy.priority_factors[demand.priority]
    owed = [
        model.column(weight * (policy.shortage_cents if n.shortage_cents is None else n.shortage_cents), n.quantity)
        for n in demand.lines
    ]
    sent: dict[tuple[object, int, int], int] = {}
    parcels = {}
    for place, site in supply.network.sites.items():
        if not _may_serve(site, demand):
            continue
        lane = Lane() if demand.pickup_location_id is not None else site.lanes[demand.region]
        for day in supply.release_days.get(place, range(4)):
            for number, each in enumerate((lane, *lane.others)):
                slot = day * _LANES + number
                parcels[place, slot] = _parcel(model, site, slot, sent, (demand, supply, policy, weight, each))
            _capacity_rows(model, supply.capacity.get(place, Capacity()), day, _of_day(sent, parcels, place, day))
    any_parcel = model.column(-policy.split_cents)
    model.row(-inf, 0, {any_parcel: 1, **dict.fromkeys(parcels.values(), -1)})
    if demand.max_parcels is not None:
        model.row(-inf, demand.max_parcels, dict.fromkeys(parcels.values(), 1))
    for index, line in enumerate(demand.lines):
        columns = {c: 1.0 for (_, _, i), c in sent.items() if i == index}
        model.row(line.quantity, line.quantity, {owed[index]: 1, **columns})
    if demand.ship_complete:
        none = model.column(0)
        for index, line in enumerate(demand.lines):
            model.row(0, 0, {owed[index]: 1, none: -line.quantity})
    _whole(model, demand, sent, list(parcels))
    _stock_rows(model, demand, supply, sent)
    return model.solve()


def _may_serve(site: Site, demand: Demand) -> bool:
    if not (site.active and site.accepting) or site.location_id in demand.excluded:
        return False
    if site.channels is not None and demand.channel not in site.channels:
        return False
    if demand.pickup_location_id is not None:
        return site.location_id == demand.pickup_location_id and site.hands_over
    return site.ships and demand.region in site.lanes


def _parcel(
    model: _Model,
    site: Site,
    slot: int,
    sent: dict[tuple[object, int, int], int],
    given: tuple[Demand, Supply, Policy, int, Lane],
) -> int:
    demand, supply, policy, weight, lane = given
    place, inf, day = site.location_id, float("inf"), slot // _LANES
    capacity = supply.capacity.get(place, Capacity())
    late = weight * max(0, day + site.lead_days + lane.transit_days - demand.promised_day)
    parcel_price = capacity.parcel_price[day] if day < len(capacity.parcel_price) else 0
    unit_price = capacity.unit_price[day] if day < len(capacity.unit_price) else 0
    fixed = lane.parcel_cents + site.handling_parcel_cents + lane.distance_km * policy.distance_cents_per_100km // 100
    fixed += late * policy.late_parcel_day_cents + parcel_price + policy.split_cents
    fixed += site.rejection_permille * policy.rejection_cents // 1000
    parcel = model.column(fixed)
    total: dict[int, float] = {}
    grams: dict[int, float] = {}
    for index, line in enumerate(demand.lines):
        stock = supply.stock[line.variant_id].get(place)
        if stock is None or (line.hazmat and not site.hazmat) or (line.bulky and not site.bulky):
            continue
        price = stock.later_prices[min(day, 2) - 1] if day and stock.later_prices else stock.price_cents
        cents = (lane.cents_per_kg * line.weight_g + 500) // 1000 + site.handling_unit_cents + price
        cents += unit_price + late * policy.late_unit_day_cents
        cents += (policy.bulky_unit_cents + lane.bulky_unit_cents) if line.bulky else 0
        units = sent[place, slot, index] = model.column(cents, line.quantity)
        model.row(-inf, 0, {units: 1, model.column(site.handling_line_cents): -line.quantity})
        model.row(-inf, 0, {units: 1, parcel: -line.quantity})
        total[units], grams[units] = 1, line.weight_g
    if total:
        model.row(-inf, 0, {parcel: 1, **dict.fromkeys(total, -1)})
    if lane.weight_steps:
        steps = {model.column(cents): limit for limit, cents in lane.weight_steps}
        model.row(0, 0, {parcel: -1, **dict.fromkeys(steps, 1)})
        model.row(-inf, 0, {**grams, **{column: -limit for column, limit in steps.items()}})
    if not total:
        model.upper[parcel] = 0
    return parcel


def _of_day(
    sent: dict[tuple[object, int, int], int], parcels: dict[tuple[Id, int], int], place: Id, day: int
) -> tuple[dict[int, float], dict[int, float]]:
    """The units and the parcels that leave the place on the day, by all carriers."""
    units = {column: 1.0 for (where, slot, _), column in sent.items() if (where, slot // _LANES) == (place, day)}
    return units, {column: 1.0 for (where, slot), column in parcels.items() if (where, slot // _LANES) == (place, day)}


def _capacity_rows(
    model: _Model, capacity: Capacity, day: int, columns: tuple[dict[int, float], dict[int, float]]
) -> None:
    units, parcels = columns
    if capacity.units is not None:
        model.row(-float("inf"), capacity.units[day], units)
    if capacity.parcels is not None:
        model.row(-float("inf"), capacity.parcels[day], parcels)


def _whole(
    model: _Model, demand: Demand, sent: dict[tuple[object, int, int], int], parcels: list[tuple[object, int]]
) -> None:
    names = {line.group or f"line {i}" for i, line in enumerate(demand.lines) if line.group or line.no_split}
    for name in sorted(names):
        members = [i for i, line in enumerate(demand.lines) if name in (line.group, f"line {i}")]
        picks: dict[int, float] = {}
        for place, day in parcels:
            columns = [sent.get((place, day, i)) for i in members]
            usable = all(column is not None for column in columns)
            pick = model.column(0, 1 if usable else 0)
            picks[pick] = 1
            for i, column in zip(members, columns, strict=True):
                if column is not None:
                    model.row(0, 0, {column: 1, pick: -demand.lines[i].quantity})
        model.row(0, 1, picks)


def _stock_rows(model: _Model, demand: Demand, supply: Supply, sent: dict[tuple[object, int, int], int]) -> None:
    for place in supply.network.sites:
        for variant in {line.variant_id for line in demand.lines}:
            stock = supply.stock[variant].get(place)
            for day in range(4) if stock else ():
                assert stock is not None
                there = stock.on_hand - stock.safety + sum(n for eta, n in stock.inbound if eta <= day)
                kept = stock.reserved or {}
                usable = min(there, kept.get(demand.channel, 0) + max(0, there - sum(kept.values())))
                columns = {
                    c: 1.0
                    for (p, d, i), c in sent.items()
                    if p == place and d // _LANES <= day and demand.lines[i].variant_id == variant
                }
                model.row(-float("inf"), max(0, usable), columns)
