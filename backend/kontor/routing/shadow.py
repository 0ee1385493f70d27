"""Shadow prices: what a unit at a place is worth to the orders and walk-ins still to come, less its mark-down.

An order that takes the last unit of a shop may cost a sale there tomorrow; one that takes from plenty saves a
mark-down. The price of a unit says which, so that the router, which decides one order, decides for the season.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from kontor.routing.costs import freight_cents
from kontor.routing.forecasting import Forecast, counter_rates
from kontor.routing.solver import UNLIMITED, libraries
from kontor.routing.transport import Market, value_units
from kontor.routing.values import DemandLine, Id, Network, Policy, Site

if TYPE_CHECKING:
    import numpy

    Array: TypeAlias = numpy.ndarray[Any, numpy.dtype[Any]]

Key: TypeAlias = tuple[Id, Id]
"""A place and a variant."""

# Parcels paid per unit in the program. More than are sent: units of one order that a price drives apart pay one each.
PARCELS_PER_UNIT = 1.2
# Days between order and promise that lateness is averaged over.
_PROMISES = (2, 3, 4)


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

    `capacity_left` are units a place can still send on a day where that is not all it sends in one.
    """

    first: int
    end: int
    on_hand: Mapping[Key, int]
    inbound: Mapping[Key, Sequence[tuple[int, int]]] = field(default_factory=dict)
    capacity_left: Mapping[tuple[Id, int], int] = field(default_factory=dict)


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
    assortment: Assortment, holdings: Holdings, forecast: Forecast, *, samples: int = 3, seed: int = 0
) -> Prices:
    """The mean value of a unit over sampled demands, in cents: at most what a unit unsold costs, less mark-down.

    Expected demand alone would price the last unit like the tenth; what may come decides. The same seed draws the same
    demands, whatever the order of places and variants. Raises `OptimizerMissing`.
    """
    np, _ = libraries()
    if holdings.first >= holdings.end:
        return Prices({key: ((holdings.first, -float(assortment.markdown.get(key, 0))),) for key in holdings.on_hand})
    grid = _Grid(assortment, holdings, forecast)
    market = grid.market()
    units, capacity = np.zeros(market.arrivals.shape), np.zeros(market.capacity.shape)
    for sample in range(samples):
        values = value_units(market, *grid.draw(np.random.default_rng([seed, holdings.first, sample])))
        units, capacity = units + values.units / samples, capacity + values.capacity / samples
    lowest = -market.markdown[:, :, None]
    return grid.prices(np.clip(units, lowest, market.lost[None, :, None]), np.maximum(capacity, 0))


def smoothed(new: Prices, old: Prices | None, keep: float) -> Prices:
    """New prices with the share `keep` of the old ones in them: yesterday's samples tell something about today."""
    if old is None:
        return new
    units = {
        (place, variant): tuple(
            (day, (1 - keep) * cents + keep * old.on(place, variant, day))
            if (place, variant) in old.units
            else (day, cents)
            for day, cents in rows
        )
        for (place, variant), rows in new.units.items()
    }
    capacity = {p: (1 - keep) * cents + keep * old.capacity.get(p, 0.0) for p, cents in new.capacity.items()}
    return Prices(units, capacity)


class _Grid:
    """Names to numbers, sorted, so that no order of the input matters."""

    def __init__(self, assortment: Assortment, holdings: Holdings, forecast: Forecast) -> None:
        self.np, _ = libraries()
        self.assortment, self.holdings, self.forecast = assortment, holdings, forecast
        self.places = sorted(assortment.network.sites, key=str)
        self.variants = sorted(assortment.articles, key=str)
        self.regions = sorted(forecast.regions)
        first, end = holdings.first, holdings.end
        deliveries = {day for rows in holdings.inbound.values() for day, _ in rows if first < day < end}
        groups: list[list[int]] = []
        for day in sorted(deliveries):
            if groups and day - groups[-1][-1] <= 1:
                groups[-1].append(day)
            else:
                groups.append([day])
        # Deliveries of neighboring days count as one on the middle day, which keeps the program small.
        self.starts = [first, *(group[len(group) // 2] for group in groups)]
        self.lengths = [b - a for a, b in zip(self.starts, [*self.starts[1:], end], strict=True)]
        self.period = {day: number + 1 for number, group in enumerate(groups) for day in group}
        carried: dict[Id, set[Id]] = {}
        for place, variant in {*holdings.on_hand, *holdings.inbound}:
            carried.setdefault(place, set()).add(variant)
        self.carried = {place: frozenset(kept) for place, kept in carried.items()}

    def market(self) -> Market:
        np, policy = self.np, self.assortment.policy
        articles = [self.assortment.articles[variant] for variant in self.variants]
        lost = [policy.shortage_cents if a.shortage_cents is None else a.shortage_cents for a in articles]
        markdown = [[self.assortment.markdown.get((p, v), 0) for v in self.variants] for p in self.places]
        return Market(
            self._costs(articles), np.array(lost, float), np.array(markdown, float), self._arrivals(), self._capacity()
        )

    def _costs(self, articles: list[DemandLine]) -> Array:
        cost = self.np.full((len(self.places), len(self.regions), len(articles)), UNLIMITED)
        for number, place in enumerate(self.places):
            site = self.assortment.network.sites[place]
            for region, name in enumerate(self.regions):
                if site.active and site.accepting and site.ships and name in site.lanes:
                    cost[number, region] = [self._unit_cost(site, name, article) for article in articles]
        return cost  # type: ignore[no-any-return]

    def _unit_cost(self, site: Site, region: str, article: DemandLine) -> float:
        """What sending a unit costs, with its share of a parcel."""
        if (article.hazmat and not site.hazmat) or (article.bulky and not site.bulky):
            return UNLIMITED
        policy, lane = self.assortment.policy, site.lanes[region]
        late = sum(max(0, site.lead_days + lane.transit_days - days) for days in _PROMISES) / len(_PROMISES)
        parcel = lane.parcel_cents + site.handling_parcel_cents + policy.split_cents
        unit = site.handling_unit_cents + freight_cents(lane, article.weight_g)
        unit += (policy.bulky_unit_cents + lane.bulky_unit_cents) if article.bulky else 0
        late_cents = late * (PARCELS_PER_UNIT * policy.late_parcel_day_cents + policy.late_unit_day_cents)
        return PARCELS_PER_UNIT * parcel + unit + late_cents

    def _arrivals(self) -> Array:
        place, variant = ({name: n for n, name in enumerate(names)} for names in (self.places, self.variants))
        arrivals = self.np.zeros((len(place), len(variant), len(self.starts)))
        for (p, v), units in self.holdings.on_hand.items():
            arrivals[place[p], variant[v], 0] = units
        for (p, v), rows in self.holdings.inbound.items():
            for day, units in rows:
                if day < self.holdings.end:
                    arrivals[place[p], variant[v], self.period.get(day, 0)] += units
        return arrivals  # type: ignore[no-any-return]

    def _capacity(self) -> Array:
        capacity = self.np.full((len(self.places), len(self.starts)), UNLIMITED)
        for number, place in enumerate(self.places):
            daily = self.assortment.units_per_day.get(place)
            for period, (start, length) in enumerate(zip(self.starts, self.lengths, strict=True)):
                if daily is not None:
                    days = range(start, start + length)
                    capacity[number, period] = sum(self.holdings.capacity_left.get((place, d), daily) for d in days)
        return capacity  # type: ignore[no-any-return]

    def draw(self, rng: Any) -> tuple[Array, Array]:
        """Units as they may be ordered [s, r, b], and asked for at the counter [l, s, b]."""
        np, forecast, lengths = self.np, self.forecast, self.np.array(self.lengths, float)
        share = [forecast.variants.get(variant, 0.0) for variant in self.variants]
        spread = np.outer(share, [forecast.regions[region] for region in self.regions])
        orders = rng.poisson(forecast.units_per_day * spread[:, :, None] * lengths).astype(float)
        rates = counter_rates(forecast, self.carried)
        counter = np.array([[rates.get((p, v), 0.0) for v in self.variants] for p in self.places])
        return orders, rng.poisson(counter[:, :, None] * lengths).astype(float)

    def prices(self, units: Array, capacity: Array) -> Prices:
        found = {
            (place, variant): tuple(zip(self.starts, units[n, s].tolist(), strict=True))
            for n, place in enumerate(self.places)
            for s, variant in enumerate(self.variants)
            if variant in self.carried.get(place, ())
        }
        daily = self.assortment.units_per_day
        return Prices(found, {p: float(row[0]) for p, row in zip(self.places, capacity, strict=True) if p in daily})
