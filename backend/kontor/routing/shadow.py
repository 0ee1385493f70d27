"""Shadow prices: what a unit at a place is worth to the orders and walk-ins still to come, less its mark-down.

An order that takes the last unit of a shop may cost a sale there tomorrow; one that takes from plenty saves a
mark-down. The price of a unit says which, so that the router, which decides one order, decides for the season.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from kontor.routing.clearing import Market, Values, cleared
from kontor.routing.costs import freight_cents
from kontor.routing.forecasting import Forecast, counter_rates
from kontor.routing.sampling import Asked, Rates, Shapes, Turn, drawn
from kontor.routing.solver import UNLIMITED, libraries
from kontor.routing.values import Demand, DemandLine, Id, Network, Policy, Site

if TYPE_CHECKING:
    import numpy

    Array: TypeAlias = numpy.ndarray[Any, numpy.dtype[Any]]

Key: TypeAlias = tuple[Id, Id]
"""A place and a variant."""


@dataclass(frozen=True, slots=True)
class Assortment:
    """What is sold from where: a line of each article, mark-down cents per unit left over, daily units by place."""

    network: Network
    articles: Mapping[Id, DemandLine]
    markdown: Mapping[Key, int]
    units_per_day: Mapping[Id, int]
    policy: Policy


@dataclass(frozen=True, slots=True)
class Holdings:
    """Uncommitted units on hand, and those that come as (day, units), to be asked from `first` until before `end`.

    `capacity_left` are units a place can still send on a day where that is not all it sends in one. Orders may wait
    `wait` days for what comes. `known` are orders of `today` that want some of it; without a word today is `first`.
    `begun` is the part of the first day that is over.
    """

    first: int
    end: int
    on_hand: Mapping[Key, int]
    inbound: Mapping[Key, Sequence[tuple[int, int]]] = field(default_factory=dict)
    capacity_left: Mapping[tuple[Id, int], int] = field(default_factory=dict)
    wait: int = 0
    known: Sequence[Demand] = ()
    today: int | None = None
    begun: float = 0.0


class Prices(NamedTuple):
    """Cents per unit, as (day from which they hold, cents) by place and variant; cents per unit sent, by place."""

    units: Mapping[Key, tuple[tuple[int, float], ...]] = {}
    capacity: Mapping[Id, float] = {}

    def on(self, place: Id, variant: Id, day: int) -> float:
        """The price of a unit that leaves on the day; without one, none."""
        rows = self.units.get((place, variant), ())
        known = [cents for start, cents in rows if start <= day]
        return known[-1] if known else rows[0][1] if rows else 0.0


def shadow_prices(
    assortment: Assortment,
    holdings: Holdings,
    forecast: Forecast,
    *,
    shapes: Shapes | None = None,
    samples: int = 3,
    seed: int = 0,
    before: Prices | None = None,
) -> Prices:
    """The mean value of a unit over sampled demands, in cents: at most what a unit unsold costs, less mark-down.

    Expected demand alone would price the last unit like the tenth; what may come decides. The same seed draws the same
    demands, whatever the order of places and variants. `before` are prices to start the search from. Raises
    `OptimizerMissing`.
    """
    np, _ = libraries()
    if holdings.first >= holdings.end and not holdings.known:
        return Prices({key: ((holdings.first, -float(assortment.markdown.get(key, 0))),) for key in holdings.on_hand})
    grid = _Grid(assortment, holdings, forecast)
    market, known, rates = grid.market(), grid.known(), grid.rates()
    demands = [
        drawn(
            rates,
            shapes or Shapes(),
            np.random.default_rng([seed, holdings.first, sample]),
            Turn((seed, holdings.first), sample, samples),
        )
        for sample in range(samples)
    ]
    units, capacity = cleared(market, demands, grid.values_at(before), known=known, rounds=1 if before else 2)
    lowest = -market.markdown[:, :, None]
    return grid.prices(np.clip(units, lowest, market.lost[None, :, None]), np.maximum(capacity, 0))


class RunningPrices:
    """The mean of prices solved one after the other, of which old ones count less.

    Each price is the mean of what sampled demands say, and a few samples say little. An old sample still tells what a
    unit is worth, as far as the stock is what it was: the last unit of two is worth more than the second. So the
    weight of what was found before shrinks with the stock's relative change, and is bounded by `memory` samples.
    """

    def __init__(self, memory: float) -> None:
        self.memory, self.prices = memory, Prices()
        self._weights: dict[Key, float] = {}
        self._stock: dict[Key, int] = {}
        self._weight = 0.0

    def add(self, new: Prices, samples: int, stock: Mapping[Key, int]) -> None:
        """Take in prices that are the mean of some samples, for such a stock."""
        old, units = self.prices, {}
        for key, rows in new.units.items():
            there = stock.get(key, 0)
            before = self._stock.get(key, there)
            same = (min(there, before) + 1) / (max(there, before) + 1)
            weight = min(self._weights.get(key, 0.0) * same, self.memory)
            part = samples / (weight + samples)
            units[key] = tuple((day, part * cents + (1 - part) * old.on(*key, day)) for day, cents in rows)
            self._weights[key], self._stock[key] = weight + samples, there
        part = samples / (min(self._weight, self.memory) + samples)
        capacity = {p: part * cents + (1 - part) * old.capacity.get(p, 0.0) for p, cents in new.capacity.items()}
        self._weight, self.prices = self._weight + samples, Prices(units, capacity)


class _Grid:
    """Names to numbers, sorted, so that no order of the input matters."""

    def __init__(self, assortment: Assortment, holdings: Holdings, forecast: Forecast) -> None:
        self.np, _ = libraries()
        self.assortment, self.holdings, self.forecast = assortment, holdings, forecast
        self.places = sorted(assortment.network.sites, key=str)
        self.variants = sorted(assortment.articles, key=str)
        self.regions = sorted(forecast.regions)
        first, end = holdings.first, holdings.end
        self.today = first if holdings.today is None else holdings.today
        deliveries = {day for rows in holdings.inbound.values() for day, _ in rows if self.today < day < end}
        groups: list[list[int]] = []
        for day in sorted(deliveries):
            if groups and day - groups[-1][-1] <= 1:
                groups[-1].append(day)
            else:
                groups.append([day])
        # Deliveries of neighboring days count as one on the middle day, which keeps the program small.
        self.starts = [self.today, *(group[len(group) // 2] for group in groups)]
        self.shown = [self.today, *(group[0] for group in groups)]
        self.lengths = [
            max(0.0, b - max(a, first + holdings.begun))
            for a, b in zip(self.starts, [*self.starts[1:], end], strict=True)
        ]
        self.period = {day: number + 1 for number, group in enumerate(groups) for day in group}
        self.rank = {name: n for names in (self.places, self.variants) for n, name in enumerate(names)}
        carried: dict[Id, set[Id]] = {}
        for place, variant in {*holdings.on_hand, *holdings.inbound}:
            carried.setdefault(place, set()).add(variant)
        self.carried = {place: frozenset(kept) for place, kept in carried.items()}

    def _period_on(self, day: int) -> int:
        return sum(1 for start in self.starts if start <= day) - 1

    def market(self) -> Market:
        np, policy, network = self.np, self.assortment.policy, self.assortment.network
        articles = [self.assortment.articles[variant] for variant in self.variants]
        lost = [policy.shortage_cents if a.shortage_cents is None else a.shortage_cents for a in articles]
        markdown = [[self.assortment.markdown.get((p, v), 0) for v in self.variants] for p in self.places]
        shape = len(self.places), len(self.regions)
        parcel, days = np.full(shape, UNLIMITED), np.zeros(shape)
        unit = np.zeros((*shape, len(articles)))
        for at, place in enumerate(self.places):
            site = network.sites[place]
            for r, region in enumerate(self.regions):
                if site.active and site.accepting and site.ships and region in site.lanes:
                    lane = site.lanes[region]
                    parcel[at, r] = lane.parcel_cents + site.handling_parcel_cents
                    days[at, r] = site.lead_days + lane.transit_days
                    unit[at, r] = [self._unit_cost(site, region, article) for article in articles]
        return Market(
            parcel, unit, days, (float(policy.late_parcel_day_cents), float(policy.late_unit_day_cents)),
            float(policy.split_cents), np.array(lost, float), np.array(markdown, float), self._supply(),
            self._capacity(),
        )  # fmt: skip

    def _unit_cost(self, site: Site, region: str, article: DemandLine) -> float:
        if (article.hazmat and not site.hazmat) or (article.bulky and not site.bulky):
            return 1e7
        lane = site.lanes[region]
        bulky = (self.assortment.policy.bulky_unit_cents + lane.bulky_unit_cents) if article.bulky else 0
        return float(site.handling_unit_cents + freight_cents(lane, article.weight_g) + bulky)

    def _supply(self) -> Array:
        arrivals = self.np.zeros((len(self.places), len(self.variants), len(self.starts)))
        for (p, v), units in self.holdings.on_hand.items():
            arrivals[self.rank[p], self.rank[v], 0] = units
        for (p, v), rows in self.holdings.inbound.items():
            for day, units in rows:
                if day < self.holdings.end:
                    arrivals[self.rank[p], self.rank[v], self.period.get(day, 0)] += units
        return arrivals.cumsum(axis=2)  # type: ignore[no-any-return]

    def _capacity(self) -> Array:
        capacity = self.np.full((len(self.places), len(self.starts)), UNLIMITED)
        for number, place in enumerate(self.places):
            daily = self.assortment.units_per_day.get(place)
            ends = [*self.starts[1:], self.holdings.end]
            for period, (start, end) in enumerate(zip(self.starts, ends, strict=True)):
                if daily is not None:
                    left = [self.holdings.capacity_left.get((place, day), daily) for day in range(start, end)]
                    capacity[number, period] = sum(left)
        return capacity  # type: ignore[no-any-return]

    def rates(self) -> Rates:
        np, forecast, holdings = self.np, self.forecast, self.holdings
        days = range(holdings.first, holdings.end)
        last = holdings.end - 1
        variants = np.array([forecast.variants.get(variant, 0.0) for variant in self.variants])
        regions = np.array([forecast.regions[region] for region in self.regions])
        rates = counter_rates(forecast, self.carried)
        counter = np.array([[rates.get((p, v), 0.0) for v in self.variants] for p in self.places])
        return Rates(
            forecast.orders_per_day * max(0.0, len(days) - holdings.begun),
            forecast.units_per_order,
            regions / regions.sum(),
            variants,
            counter[:, :, None] * np.array(self.lengths, float),
            np.array([self._period_on(min(day + holdings.wait, last)) for day in days], int),
            holdings.begun,
        )

    def known(self) -> Asked:
        """The orders of today; they may wait for what comes as well."""
        np, demands = self.np, self.holdings.known
        width = max([len(demand.lines) for demand in demands], default=1)
        region = {name: n for n, name in enumerate(self.regions)}
        variant, units = np.full((len(demands), width), -1), np.zeros((len(demands), width))
        for n, demand in enumerate(demands):
            variant[n, : len(demand.lines)] = [self.rank[line.variant_id] for line in demand.lines]
            units[n, : len(demand.lines)] = [line.quantity for line in demand.lines]
        period = self._period_on(min(self.today + self.holdings.wait, self.holdings.end - 1))
        return Asked(
            np.array([region[demand.region] for demand in demands], int),
            np.full(len(demands), period),
            np.array([demand.promised_day - self.today for demand in demands], float),
            np.array([self.assortment.policy.factor(demand.priority) for demand in demands], float),
            variant,
            units,
            np.zeros(0),
        )

    def values_at(self, prices: Prices | None) -> Values:
        """Prices as values to start from; without any, a third of what a unit unsold costs."""
        np, market_lost = self.np, self.assortment.policy.shortage_cents
        capacity = np.zeros((len(self.places), len(self.starts)))
        if prices is None:
            owed = [self.assortment.articles[variant].shortage_cents for variant in self.variants]
            lost = np.array([market_lost if each is None else each for each in owed], float)
            return Values(np.tile(lost[None, :, None] / 3, (len(self.places), 1, len(self.starts))), capacity)
        units = np.array([[[prices.on(p, v, day) for day in self.shown] for v in self.variants] for p in self.places])
        capacity += np.array([[prices.capacity.get(place, 0.0)] for place in self.places])
        return Values(units, capacity)

    def prices(self, units: Array, capacity: Array) -> Prices:
        found = {
            (place, variant): tuple(zip(self.shown, units[n, s].tolist(), strict=True))
            for n, place in enumerate(self.places)
            for s, variant in enumerate(self.variants)
            if variant in self.carried.get(place, ())
        }
        daily = self.assortment.units_per_day
        return Prices(found, {p: float(row[0]) for p, row in zip(self.places, capacity, strict=True) if p in daily})
