"""What will be asked: a forecast, what sales say against it, and demands drawn from it.

A forecast is believed until sales contradict it more than chance would. How wrong it is, is estimated from the
spread of what was sold around what was forecast; a forecast that proves right is hardly changed by some days of luck.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kontor.routing.values import Id

# The squared error a forecast is given before anything was sold, and how many observations that belief is worth.
_FIRST_VARIANCE, _FIRST_WEIGHT = 0.02, 6.0
_LEAST_VARIANCE = 1e-4
# The orders that the forecast number of units per order is worth.
_UNITS_WEIGHT = 30


@dataclass(frozen=True, slots=True)
class Forecast:
    """Orders per day, units in each, and how they spread: shares by region and variant that sum to 1.

    `walk_ins` are units a day that people take at the counter of a place, of any variant it carries, in the same
    shares.
    """

    orders_per_day: float
    units_per_order: float
    regions: Mapping[str, float]
    variants: Mapping[Id, float]
    walk_ins: Mapping[Id, float] = field(default_factory=dict)

    @property
    def units_per_day(self) -> float:
        return self.orders_per_day * self.units_per_order


@dataclass(frozen=True, slots=True)
class Sold:
    """What was asked for in some days: units by variant and region, walk-in units by place and by place and variant.

    `open_days` are the days on which a place had a variant to sell over the counter: what cannot be sold says nothing.
    """

    days: float = 0
    orders: int = 0
    units: Mapping[Id, int] = field(default_factory=dict)
    regions: Mapping[str, int] = field(default_factory=dict)
    walk_ins: Mapping[tuple[Id, Id], int] = field(default_factory=dict)
    open_days: Mapping[tuple[Id, Id], float] = field(default_factory=dict)


def counter_rates(forecast: Forecast, carried: Mapping[Id, frozenset[Id]]) -> dict[tuple[Id, Id], float]:
    """Walk-in units per day by place and variant: who comes takes something of what the place carries."""
    rates: dict[tuple[Id, Id], float] = {}
    for place, rate in forecast.walk_ins.items():
        kept = sorted(carried.get(place, frozenset()), key=str)
        total = sum(forecast.variants.get(variant, 0.0) for variant in kept)
        for variant in kept:
            if total > 0:
                rates[place, variant] = rate * forecast.variants.get(variant, 0.0) / total
    return rates


def learned(forecast: Forecast, sold: Sold, carried: Mapping[Id, frozenset[Id]]) -> Forecast:
    """The forecast after what was sold: each of its rates moves towards what was seen, as far as that is no chance."""
    if not sold.days:
        return forecast
    units = sum(sold.units.values())
    should = forecast.orders_per_day * sold.days
    volume = _factors({"": sold.orders}, {"": should})[""]
    regions = _factors(
        {region: sold.regions.get(region, 0) for region in forecast.regions},
        {region: share * sold.orders for region, share in forecast.regions.items()},
    )
    counters = _counter_factors(forecast, sold, carried)
    variants = _variant_factors(forecast, sold, carried, counters)
    return Forecast(
        orders_per_day=forecast.orders_per_day * volume,
        units_per_order=(_UNITS_WEIGHT * forecast.units_per_order + units) / (_UNITS_WEIGHT + sold.orders),
        regions=_shares({region: share * regions[region] for region, share in forecast.regions.items()}),
        variants=_shares({variant: share * variants[variant] for variant, share in forecast.variants.items()}),
        walk_ins={place: rate * counters.get(place, 1.0) for place, rate in forecast.walk_ins.items()},
    )


def _counter_factors(forecast: Forecast, sold: Sold, carried: Mapping[Id, frozenset[Id]]) -> dict[Id, float]:
    """By how much each place's walk-in demand differs from its forecast."""
    seen: dict[Id, float] = {}
    expected: dict[Id, float] = {}
    for (place, variant), rate in counter_rates(forecast, carried).items():
        seen[place] = seen.get(place, 0) + sold.walk_ins.get((place, variant), 0)
        expected[place] = expected.get(place, 0) + rate * sold.open_days.get((place, variant), 0)
    return _factors(seen, expected)


def _variant_factors(
    forecast: Forecast, sold: Sold, carried: Mapping[Id, frozenset[Id]], counters: Mapping[Id, float]
) -> dict[Id, float]:
    """By how much each variant's share differs from its forecast, in orders and at the counters together."""
    units = sum(sold.units.values())
    seen = {variant: float(sold.units.get(variant, 0)) for variant in forecast.variants}
    expected = {variant: share * units for variant, share in forecast.variants.items()}
    for (place, variant), rate in counter_rates(forecast, carried).items():
        seen[variant] += sold.walk_ins.get((place, variant), 0)
        expected[variant] += rate * counters[place] * sold.open_days.get((place, variant), 0)
    return _factors(seen, expected)


def _factors(seen: Mapping[Any, float], expected: Mapping[Any, float]) -> dict[Any, float]:
    """By how much each count differs from what was expected, less what chance explains (Gamma-Poisson)."""
    spread = max(_LEAST_VARIANCE, _mean_square(seen, expected))
    return {key: (1 / spread + seen[key]) / (1 / spread + expected[key]) for key in seen}


def _mean_square(seen: Mapping[Any, float], expected: Mapping[Any, float]) -> float:
    """The squared relative error, each count weighed by how much it can tell, with the first belief mixed in."""
    total, weights = _FIRST_VARIANCE * _FIRST_WEIGHT, _FIRST_WEIGHT
    for key, mean in expected.items():
        if mean <= 0:
            continue
        # A count of mean m tells the spread with a deviation of about (1/m + spread) * sqrt 2.
        trust = (_FIRST_VARIANCE / (1 / mean + _FIRST_VARIANCE)) ** 2 * 4
        total += trust * ((seen[key] - mean) ** 2 - mean) / mean**2
        weights += trust
    return total / weights


def _shares(parts: Mapping[Any, float]) -> dict[Any, float]:
    total = sum(parts.values())
    return {key: value / total for key, value in parts.items()} if total > 0 else dict(parts)
