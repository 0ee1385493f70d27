"""The maps that `kontor bench geography` plays on: places, stock and orders, from recorded data or generated alike."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random

from kontor.bench.replay.dataset import DataSet, Recorded, load
from kontor.core.errors import InvalidInput
from kontor.locations.calendars import LocationCalendar, release_days, validate_opening_hours
from kontor.locations.distance import Coordinates, distance_km
from kontor.routing.values import Demand, DemandLine, Id, Lane, Network, Policy, Site, Stock

POLICY = Policy("reference", split_cents=50, late_parcel_day_cents=120, late_unit_day_cents=40, shortage_cents=10_000)
"""The cost model by which every way of routing is priced."""

HORIZON_DAYS = 4

_POPULAR, _HOLDERS, _PLENTY = 300, 5, 1.15
_ORDERS_PER_ARTICLE, _LISTED = 25, 60
_FIRST_DAY = date(2026, 3, 2)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An order at a moment."""

    at: datetime
    demand: Demand


@dataclass(frozen=True, slots=True)
class World:
    """A map with its first stock and its orders in time; `release_days` answers for a place and a moment."""

    name: str
    network: Network
    stock: Mapping[Id, Mapping[Id, Stock]]
    arrivals: Sequence[Arrival]
    release_days: Callable[[datetime, int], dict[Id, tuple[int, ...]]]
    policy: Policy = POLICY


@dataclass(frozen=True, slots=True)
class Freight:
    """What a parcel costs in cents: fixed, per kilometer, per kilogram; and how far it gets in a day."""

    fixed: float
    per_km: float
    per_kg: float
    km_a_day: int = 500

    def lane(self, km: int) -> Lane:
        """The lane over a distance."""
        return Lane(
            max(0, round(self.fixed + self.per_km * km)), max(0, round(self.per_kg)), 1 + km // self.km_a_day, km
        )


class Lanes(Mapping[str, Lane]):
    """The lanes from one place to every region, worked out when asked for."""

    def __init__(self, here: Coordinates, regions: Mapping[str, Coordinates], freight: Freight) -> None:
        self._regions, self._known = regions, lru_cache(maxsize=None)(lambda region: self._lane(here, region, freight))

    def _lane(self, here: Coordinates, region: str, freight: Freight) -> Lane:
        return freight.lane(distance_km(here, self._regions[region]))

    def __getitem__(self, region: str) -> Lane:
        return self._known(region)

    def __contains__(self, region: object) -> bool:
        return region in self._regions

    def __iter__(self) -> Iterator[str]:
        return iter(self._regions)

    def __len__(self) -> int:
        return len(self._regions)


def sellers(folder: Path | None, orders: int, *, seed: int = 1) -> World:
    """Sellers of a marketplace and its recorded orders of popular products, stock spread over several sellers."""
    recorded = _marketplace(folder / "olist") if folder else None
    if recorded is None:
        return _generated("sellers (generated)", orders, seed, places=60, hours=False)
    rng = Random(seed)
    sold = Counter[str]()
    for order in recorded.orders:
        for line in order.lines:
            sold[line.product_id] += line.quantity
    popular = {product for product, _ in sorted(sold.items(), key=lambda each: (-each[1], each[0]))[:_POPULAR]}
    wanted = [each for each in recorded.orders if any(line.product_id in popular for line in each.lines)]
    wanted = [each for each in wanted if each.place.latitude is not None][:orders]
    regions = {order.id: _point(order.place) for order in wanted}
    freight = fitted(recorded)
    known = sorted(each.id for each in recorded.sellers.values() if each.place.latitude is not None)
    homes = {each: _point(recorded.sellers[each].place) for each in known}
    sites = [
        Site(each, Lanes(homes[each], regions, freight), handling_parcel_cents=150, handling_unit_cents=20)
        for each in known
    ]
    pieces = Counter[str]()
    for order in wanted:
        for line in order.lines:
            if line.product_id in popular:
                pieces[line.product_id] += line.quantity
    stock: dict[Id, Mapping[Id, Stock]] = {
        product: _spread(rng, count, known) for product, count in sorted(pieces.items())
    }
    arrivals = [Arrival(order.purchased_at, _as_demand(order, recorded, popular)) for order in wanted]
    return World("sellers", Network(sites), stock, arrivals, lambda _now, _horizon: {})


def stores(folder: Path | None, orders: int, *, seed: int = 1) -> World:
    """Stores with opening hours that ship to the postal codes of their country, each article listed in some of them."""
    if folder is None:
        return _generated("stores (generated)", orders, seed, places=80, hours=True)
    rows = list(_csv(folder / "stores" / "supermarkets_de.csv.gz"))
    codes = {
        row["postal_code"]: Coordinates(float(row["lat"]), float(row["lng"]))
        for row in _csv(folder / "plz" / "postal_codes_dach.csv.gz")
        if row["country"] == "DE"
    }
    homes = {row["osm_id"]: Coordinates(float(row["lat"]), float(row["lon"])) for row in rows}
    hours = {row["osm_id"]: _hours(row["opening_hours"]) for row in rows}
    return _chain("stores", homes, hours, codes, orders, Random(seed))


def fitted(recorded: DataSet) -> Freight:
    """Freight by distance and weight, least squares over the recorded orders of one piece from a known place."""
    sums = [[0.0] * 4 for _ in range(3)]
    for order in recorded.orders:
        if len(order.lines) != 1 or order.lines[0].quantity != 1 or order.place.latitude is None:
            continue
        line = order.lines[0]
        home = recorded.sellers[line.seller_id].place
        if home.latitude is None:
            continue
        km = distance_km(_point(home), _point(order.place))
        row = (1.0, float(km), recorded.products[line.product_id].weight_g / 1000, float(line.freight))
        for i in range(3):
            for j in range(4):
                sums[i][j] += row[i] * row[j]
    fixed, per_km, per_kg = _solved(sums)
    return Freight(fixed, per_km, per_kg)


def _solved(rows: list[list[float]]) -> list[float]:
    """Three equations with three unknowns, by elimination."""
    for i in range(3):
        pivot = max(range(i, 3), key=lambda k: abs(rows[k][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for k in range(3):
            if k != i:
                rows[k] = [value - rows[k][i] * base for value, base in zip(rows[k], rows[i], strict=True)]
    return [row[3] for row in rows]


def _marketplace(folder: Path) -> DataSet | None:
    return load(folder) if folder.is_dir() else None


def _point(place: object) -> Coordinates:
    return Coordinates(place.latitude, place.longitude)  # type: ignore[attr-defined]


def _as_demand(order: Recorded, recorded: DataSet, popular: set[str]) -> Demand:
    lines = tuple(
        DemandLine(f"{n}", line.product_id, line.quantity, recorded.products[line.product_id].weight_g)
        for n, line in enumerate(order.lines)
        if line.product_id in popular
    )
    return Demand(lines, "marketplace", order.id, order.promised_on.toordinal())


def _spread(rng: Random, pieces: int, places: Sequence[str]) -> Mapping[Id, Stock]:
    """A little more than is wanted, in uneven parts over a few places."""
    holders = rng.sample(places, min(_HOLDERS, len(places)))
    weights = [rng.random() + 0.1 for _ in holders]
    total = sum(weights)
    return {
        place: Stock(max(1, round(_PLENTY * pieces * weight / total)))
        for place, weight in zip(holders, weights, strict=True)
    }


def _generated(name: str, orders: int, seed: int, *, places: int, hours: bool) -> World:
    """A country of about the size of a large European one, with places and customers at random."""
    rng = Random(seed)
    codes = {f"{n:05}": Coordinates(rng.uniform(47.5, 54.5), rng.uniform(6.5, 14.5)) for n in range(200)}
    homes = {f"place-{n:03}": Coordinates(rng.uniform(47.5, 54.5), rng.uniform(6.5, 14.5)) for n in range(places)}
    open_at = {each: rng.choice(("Mo-Sa 07:00-20:00", "Mo-Fr 09:00-18:00", "24/7")) for each in homes}
    return _chain(name, homes, open_at if hours else dict.fromkeys(homes, "24/7"), codes, orders, rng)


def _chain(
    name: str,
    homes: Mapping[str, Coordinates],
    hours: Mapping[str, str],
    codes: Mapping[str, Coordinates],
    orders: int,
    rng: Random,
) -> World:
    """Orders of one to four articles over a fortnight; some places have an article, one or two pieces each."""
    freight = Freight(390, 0.4, 15, 250)
    sites = [
        Site(
            each,
            Lanes(homes[each], codes, freight),
            handling_parcel_cents=rng.randint(60, 160),
            handling_unit_cents=rng.randint(10, 60),
        )
        for each in sorted(homes)
    ]
    names = sorted(homes)
    articles = [f"article-{n:03}" for n in range(max(8, orders // _ORDERS_PER_ARTICLE))]
    stock: dict[Id, Mapping[Id, Stock]] = {
        article: {place: Stock(rng.choice((1, 1, 2, 2))) for place in rng.sample(names, min(_LISTED, len(names)))}
        for article in articles
    }
    regions = sorted(codes)
    start = datetime(_FIRST_DAY.year, _FIRST_DAY.month, _FIRST_DAY.day, 6, tzinfo=UTC)
    arrivals = []
    for number in range(orders):
        at = start + timedelta(minutes=number * 14 * 24 * 60 / orders)
        picked = rng.sample(articles, rng.choice((1, 1, 2, 3, 4)))
        lines = tuple(
            DemandLine(f"{n}", article, rng.choice((1, 1, 1, 2)), rng.randint(100, 3000))
            for n, article in enumerate(picked)
        )
        arrivals.append(Arrival(at, Demand(lines, "shop", rng.choice(regions), at.date().toordinal() + 3)))
    calendars = {each: LocationCalendar("Europe/Berlin", text, country="DE") for each, text in hours.items()}
    return World(name, Network(sites), stock, arrivals, _Days(calendars))


class _Days:
    """Release days of the places that are not always open, remembered for an hour."""

    def __init__(self, calendars: Mapping[str, LocationCalendar]) -> None:
        self._calendars = {each: calendar for each, calendar in calendars.items() if calendar.opening_hours != "24/7"}
        self._known: tuple[datetime, dict[Id, tuple[int, ...]]] | None = None

    def __call__(self, now: datetime, horizon: int) -> dict[Id, tuple[int, ...]]:
        hour = now.replace(minute=0, second=0, microsecond=0)
        if self._known is None or self._known[0] != hour:
            days: dict[Id, tuple[int, ...]] = {
                each: tuple(day.toordinal() for day in release_days(calendar, hour, horizon))
                for each, calendar in self._calendars.items()
            }
            self._known = (hour, days)
        return self._known[1]


def _hours(text: str) -> str:
    """The opening hours of a store; the usual ones where none, or none that can be read, are recorded."""
    try:
        return validate_opening_hours(text, country="DE") if text else "Mo-Sa 07:00-20:00"
    except InvalidInput:
        return "Mo-Sa 07:00-20:00"


def _csv(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
