"""A season, message by message: stock moves, orders are answered, and shadow prices follow what is left and sold.

Three policies: `cheapest` answers each order by its own cheapest plan; `online` does so at shadow prices, solved again
each morning; `evening` holds the orders of a day and plans them jointly at the prices of that evening.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from kontor.routing.batch import optimize
from kontor.routing.forecasting import Forecast, Sold, learned
from kontor.routing.instances import InvalidInstance, Row, articles_of, demand_of, network_of, policy_of
from kontor.routing.planner import plan
from kontor.routing.sampling import Shapes
from kontor.routing.shadow import Assortment, Holdings, Key, Prices, RunningPrices, shadow_prices
from kontor.routing.values import Capacity, Demand, DemandLine, FulfillmentPlan, Id, Stock, Supply

Message: TypeAlias = Mapping[str, Any]
Sent: TypeAlias = Mapping[tuple[Id, int], Mapping[Id, int]]
"""Units by line, by the place and day of a parcel."""

# The rounds decide; the clock only guards against a stuck solver, as what depends on it could not be repeated.
_SECONDS = 60.0
POLICIES = ("cheapest", "online", "evening")


@dataclass(frozen=True, slots=True)
class Pricing:
    """How shadow prices are made.

    `samples` demands are drawn a day: all at once in the evening, or one after the other while orders come. What was
    found earlier counts as `memory` samples at most; in the evening only as a day's, as much of it was due to orders
    that are served by now. `rounds` is how long an evening's orders are planned jointly.
    """

    samples: int = 5
    memory: float = 12
    seed: int = 0
    rounds: int = 12


class SeasonRouter:
    """Answers the messages of one season in turn: `start`, then `day`, `order` and `evening`.

    Raises `InvalidInstance` for a message that is none or comes out of turn, `OptimizerMissing` without a solver.
    """

    def __init__(self, policy: str, pricing: Pricing | None = None) -> None:
        self.policy, self.pricing = policy, pricing or Pricing()
        self._season: _Season | None = None
        self._handlers = {"day": self._day, "order": self._order, "evening": self._evening}

    def answer(self, message: Any) -> dict[str, Any]:
        """The answer to one message."""
        row = Row(message, ())
        kind = row.text("type")
        if kind == "start":
            how = self.pricing
            self._season = _Season(row, how, how.samples if self.policy == "evening" else how.memory)
            return {}
        if kind not in self._handlers:
            raise row.wrong("type", "A message is start, day, order or evening.")
        if self._season is None:
            raise row.wrong("type", "A season begins with start.")
        if kind != "day" and row.whole("day") != self._season.today:
            raise row.wrong("day", "This day has not begun.")
        return self._handlers[kind](self._season, row)

    def _day(self, season: _Season, row: Row) -> dict[str, Any]:
        season.morning(row)
        if self.policy == "online":
            season.price_from(season.today, samples=1 if season.is_priced else self.pricing.samples)
        return {}

    def _order(self, season: _Season, row: Row) -> dict[str, Any]:
        _, demand = season.read(row.row("order"))
        season.note(demand)
        if self.policy == "evening":
            return {"defer": True}
        if self.policy == "online":
            season.hear(row)
            season.look_again()
        sent = _sent(plan(season.wanted(demand), season.supply(row), season.policy))
        season.book(demand, sent)
        return {"parcels": _parcels(sent)}

    def _evening(self, season: _Season, row: Row) -> dict[str, Any]:
        demands = dict(season.read(each) for each in row.rows("orders"))
        season.hear(row)
        season.price_from(season.today + 1, list(demands.values()), samples=self.pricing.samples)
        supply = season.supply(row)
        asked: dict[Id, Demand] = {name: season.wanted(demand) for name, demand in demands.items()}
        how = self.pricing
        seen = replace(supply, days_for=season.days)
        batch = optimize(asked, seen, season.policy, seconds=_SECONDS, rounds=how.rounds, seed=how.seed)
        settled = {name: _sent(batch.plans[name]) for name in demands}
        for name, sent in settled.items():
            season.book(demands[name], sent)
        return {"orders": [{"id": name, "parcels": _parcels(sent)} for name, sent in settled.items()]}


def _sent(chosen: FulfillmentPlan) -> Sent:
    return {(parcel.location_id, parcel.day): dict(parcel.lines) for parcel in chosen.parcels}


def _parcels(sent: Sent) -> list[dict[str, Any]]:
    return [
        {"location": place, "day": day, "lines": [{"line": line, "qty": units} for line, units in lines.items()]}
        for (place, day), lines in sorted(sent.items(), key=lambda each: (each[0][1], str(each[0][0])))
    ]


class _Season:
    """What is known of the season so far. `stock` is what should be there now, were it not for walk-ins."""

    def __init__(self, root: Row, pricing: Pricing, memory: float) -> None:
        self.pricing, self.today = pricing, -1
        self.end, self.wait = root.whole("days", least=1), root.whole("wait_days", least=0)
        self.lines = articles_of(root)
        self.articles: dict[Id, DemandLine] = dict(self.lines.items())
        self.network, self.policy = network_of(root), replace(policy_of(root), version="season/1")
        self.stock: dict[Key, int] = {}
        markdown: dict[Key, int] = {}
        for row in root.rows("stock"):
            key = self._key(row)
            self.stock[key], markdown[key] = row.whole("on_hand"), row.whole("markdown_cents", usual=0)
        self.deliveries: dict[Key, Counter[int]] = {}
        for row in root.rows("inbound", needed=False):
            self.deliveries.setdefault(self._key(row), Counter())[row.whole("day")] += row.whole("qty")
        self.daily: dict[Id, int] = {
            row.text("id"): row.whole("units_per_day")
            for row in root.rows("locations")
            if row.value.get("units_per_day") is not None
        }
        self.assortment = Assortment(self.network, self.articles, markdown, self.daily, self.policy)
        self.forecast = _forecast_of(root.row("forecast"))
        carried: dict[Id, set[Id]] = {}
        for place, variant in {*self.stock, *self.deliveries}:
            carried.setdefault(place, set()).add(variant)
        self.carried = {place: frozenset(kept) for place, kept in carried.items()}
        self.promised: dict[Key, Counter[int]] = {}
        self.used: Counter[tuple[Id, int]] = Counter()
        self.orders = 0
        self.promises: Counter[tuple[int, int]] = Counter()
        self.quantities: Counter[int] = Counter()
        self.units: Counter[Id] = Counter()
        self.regions: Counter[str] = Counter()
        self.walk_ins: Counter[Key] = Counter()
        self.open_days: dict[Key, float] = {}
        self.opened: frozenset[Key] = frozenset()
        self.running = RunningPrices(memory)
        self.sold_today: dict[Key, int] = {}
        self.turn = self.asked_today = 0

    @property
    def prices(self) -> Prices:
        return self.running.prices

    @property
    def is_priced(self) -> bool:
        return bool(self.prices.units)

    def _key(self, row: Row) -> Key:
        place, variant = row.text("location"), row.text("sku")
        if place not in self.network.sites:
            raise row.wrong("location", "There is no such place.")
        if variant not in self.articles:
            raise row.wrong("sku", "There is no such article.")
        return place, variant

    def morning(self, row: Row) -> None:
        """A day: what is missing of what should be there was sold over the counter."""
        day = row.whole("day", least=0)
        if day <= self.today:
            raise row.wrong("day", "Days follow each other.")
        told = {self._key(each): each.whole("units") for each in row.rows("stock")}
        for key, units in told.items() if self.today >= 0 else ():
            should = self.stock.get(key, 0)
            for each in range(self.today + 1, day + 1):
                should += self.deliveries.get(key, Counter())[each] - self.promised.get(key, Counter())[each]
            self.walk_ins[key] += max(0, should - units)
            if key in self.opened:
                # What ran out did so at some time of the day.
                self.open_days[key] = self.open_days.get(key, 0.0) + (1.0 if self._kept(key, day, units) else 0.5)
        self.opened = frozenset(key for key, units in told.items() if units > 0)
        self.today, self.stock = day, told
        self.sold_today, self.turn, self.asked_today = {}, 0, 0

    def _kept(self, key: Key, day: int, units: int) -> bool:
        """Whether anything was left overnight, before the delivery of the day."""
        return units > self.deliveries.get(key, Counter())[day]

    def read(self, row: Row) -> tuple[str, Demand]:
        demand = demand_of(row, self.lines)
        return row.text("id"), demand

    def note(self, demand: Demand) -> None:
        """Remember what was asked for, whether or not it could be sent."""
        self.orders += 1
        self.asked_today += 1
        self.promises[demand.promised_day - self.today, self.policy.factor(demand.priority)] += 1
        self.quantities.update(line.quantity for line in demand.lines)
        self.regions[demand.region] += 1
        for line in demand.lines:
            self.units[line.variant_id] += line.quantity

    def wanted(self, demand: Demand) -> Demand:
        """The order with what it is owed raised by the dearest price: a price says where from, never whether."""
        lines = []
        for line in demand.lines:
            prices = [self.prices.on(place, line.variant_id, self.today) for place in self.network.sites]
            owed = self.policy.shortage_cents if line.shortage_cents is None else line.shortage_cents
            lines.append(replace(line, shortage_cents=owed + max(0, round(max(prices, default=0)))))
        return replace(demand, lines=tuple(lines))

    def days(self, demand: Demand) -> dict[Id, tuple[int, ...]]:
        """By place: today, and when it gets any of the goods of the order, as far as one may wait."""
        last, found = min(self.today + self.wait, self.end - 1), {}
        for place in self.network.sites:
            coming = {day for line in demand.lines for day in self.deliveries.get((place, line.variant_id), ())}
            found[place] = tuple(sorted({self.today} | {day for day in coming if self.today < day <= last}))
        return found

    def supply(self, row: Row) -> Supply:
        """What may be promised now, at the present prices."""
        rows: dict[Key, dict[int, int]] = {}
        listed: dict[Id, set[int]] = {}
        for place, variant, day, units in _table(row, "available", 4):
            rows.setdefault((place, variant), {})[day] = units
            listed.setdefault(place, set()).add(day)
        roofs: dict[Id, dict[int, int]] = {}
        for place, day, units in _table(row, "capacity_left", 3):
            roofs.setdefault(place, {})[day] = units
        stock: dict[Id, dict[Id, Stock]] = {}
        for (place, variant), levels in rows.items():
            stock.setdefault(variant, {})[place] = self._stock(place, variant, levels)
        span = range(self.today, self.today + self.wait + 1)
        capacity = {
            place: Capacity(
                tuple(days.get(day, 0) for day in span), unit_price=(round(self.prices.capacity.get(place, 0)),)
            )
            for place, days in roofs.items()
        }
        release = {place: tuple(sorted(days)) for place, days in listed.items()}
        return Supply(self.network, stock, self.today, self.wait + 1, capacity, release)

    def _stock(self, place: Id, variant: Id, levels: Mapping[int, int]) -> Stock:
        on_hand = last = levels.get(self.today, 0)
        inbound: list[tuple[int, int]] = []
        for day in sorted(levels):
            if day > self.today and levels[day] > last:
                inbound.append((day, levels[day] - last))
                last = levels[day]
        days = range(self.today, self.today + self.wait + 1 if inbound else self.today + 1)
        price, *later = [round(self.prices.on(place, variant, day)) for day in days]
        return Stock(on_hand, 0, price, tuple(inbound), None, tuple(later))

    def book(self, demand: Demand, sent: Sent) -> None:
        variants = {line.line_id: line.variant_id for line in demand.lines}
        for (place, day), lines in sent.items():
            self.used[place, day] += sum(lines.values())
            for line, units in lines.items():
                key = place, variants[line]
                if day == self.today:
                    self.stock[key] -= units
                else:
                    self.promised.setdefault(key, Counter())[day] += units

    def hear(self, row: Row) -> None:
        """Walk-ins of the day, as far as what is available now tells of them."""
        for place, variant, day, units in _table(row, "available", 4):
            if day == self.today and (place, variant) in self.stock:
                self.sold_today[place, variant] = self._outlook(place, variant, self.stock)[0] - units

    def look_again(self) -> None:
        """Solve the prices again each time that the next part of a usual day's orders has come.

        A day's samples tell more when each knows what was taken since the last: goods get scarce within hours.
        """
        usual, samples = max(1.0, self.forecast.orders_per_day), self.pricing.samples
        if self.turn + 1 < samples and self.asked_today * samples > (self.turn + 1) * usual:
            self.turn += 1
            self.price_from(self.today, begun=min(1.0, self.asked_today / usual))

    def _outlook(self, place: Id, variant: Id, stock: Mapping[Key, int]) -> tuple[int, list[tuple[int, int]]]:
        """Units that may be promised now, and more of them by day: promises of later days bind what is there."""
        changes = Counter(self.deliveries.get((place, variant), Counter()))
        changes.subtract(self.promised.get((place, variant), Counter()))
        days = sorted(day for day in changes if day > self.today)
        levels = [stock.get((place, variant), 0)]
        for day in days:
            levels.append(levels[-1] + changes[day])
        for n in range(len(levels) - 2, -1, -1):
            levels[n] = min(levels[n], levels[n + 1])
        rises = zip(days, levels, levels[1:], strict=False)
        return levels[0], [(day, after - before) for day, before, after in rises if after > before]

    def price_from(self, first: int, known: Sequence[Demand] = (), *, samples: int = 1, begun: float = 0.0) -> None:
        """Solve the prices again for what is asked from a day on, of which a part has `begun`."""
        stock = {key: units - self.sold_today.get(key, 0) for key, units in self.stock.items()}
        sold = Sold(first + begun, self.orders, self.units, self.regions, self.walk_ins, self.open_days)
        forecast = learned(self.forecast, sold, self.carried)
        outlook = {key: self._outlook(*key, stock) for key in sorted({*stock, *self.deliveries}, key=str)}
        left = {
            (place, day): self.daily[place] - units for (place, day), units in self.used.items() if place in self.daily
        }
        holdings = Holdings(
            first, self.end, {key: max(0, each[0]) for key, each in outlook.items()},
            {key: each[1] for key, each in outlook.items()}, left, self.wait, known, self.today, begun,
        )  # fmt: skip
        new = shadow_prices(
            self.assortment, holdings, forecast, shapes=Shapes(self.promises, self.quantities), samples=samples,
            seed=self.pricing.seed * 1000 + self.turn, before=self.prices if self.is_priced else None,
        )  # fmt: skip
        self.running.add(new, samples, holdings.on_hand)


def _table(row: Row, name: str, width: int) -> Iterable[Any]:
    """Rows of names followed by whole numbers."""
    rows = row.value.get(name)
    if not isinstance(rows, list) or not all(isinstance(each, list) and len(each) == width for each in rows):
        raise row.wrong(name, f"A list of rows of {width} is expected.")
    for each in rows:
        if not isinstance(each[0], str) or not all(isinstance(value, int) for value in each[-2:]):
            raise row.wrong(name, "Names and whole numbers are expected.")
    return rows


def _forecast_of(row: Row) -> Forecast:
    return Forecast(
        _number(row, "orders_per_day"),
        _number(row, "units_per_order"),
        _numbers(row, "region_share"),
        _numbers(row, "sku_share"),
        _numbers(row, "walkin_per_day"),
    )


def _number(row: Row, name: str) -> float:
    value = row.value.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise row.wrong(name, "A number of at least 0 is expected.")
    return float(value)


def _numbers(row: Row, name: str) -> dict[Any, float]:
    inner = row.row(name)
    return {each: _number(inner, each) for each in inner.value}


__all__ = ["POLICIES", "InvalidInstance", "Pricing", "SeasonRouter"]
