"""Demands as they may come: whole orders with the shapes of those seen so far, and units asked for at counters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from kontor.routing.solver import libraries

if TYPE_CHECKING:
    import numpy

    Array: TypeAlias = numpy.ndarray[Any, numpy.dtype[Any]]

_MOST_LINES = 6
# Days between order and promise before orders have said more.
_PROMISES = (2, 3, 4)


class Asked(NamedTuple):
    """Orders o with lines k, and walk-ins, as numbers of regions r, variants s, places l and periods b.

    `period[o]` is the last from which the order may be served, `promise[o]` the days it may travel, `weight[o]` what
    its delay and shortage count; `variant[o, k]` is -1 where the order has no such line. `walk_ins[l, s, b]` are units.
    """

    region: Array
    period: Array
    promise: Array
    weight: Array
    variant: Array
    units: Array
    walk_ins: Array


@dataclass(frozen=True, slots=True)
class Shapes:
    """What orders look like: (days until promised, weight) and units of a line, each with how often it was seen."""

    promises: Mapping[tuple[int, int], int] = field(default_factory=dict)
    quantities: Mapping[int, int] = field(default_factory=dict)


class Rates(NamedTuple):
    """The rates behind a sample: orders in all, shares by region and variant, walk-ins [l, s, b]."""

    orders: float
    units_per_order: float
    regions: Array
    variants: Array
    walk_ins: Array
    periods: Array
    """The period of each day on which orders come, each as likely."""
    begun: float = 0.0
    """The part of the first of these days that is over."""


def drawn(rates: Rates, shapes: Shapes, rng: Any) -> Asked:
    """One demand; the same generator state gives the same one. Raises `OptimizerMissing`."""
    np, _ = libraries()
    count = int(rng.poisson(rates.orders)) if len(rates.periods) else 0
    promised = _spread(shapes.promises, [(days, 1) for days in _PROMISES])
    quantity = _spread(shapes.quantities, [1])
    kind = rng.choice(len(promised[0]), count, p=promised[1])
    promise, weight = (np.array([each[n] for each in promised[0]], float)[kind] for n in (0, 1))
    most = min(_MOST_LINES, len(rates.variants))
    mean = max(1.0, rates.units_per_order / float(np.dot(quantity[0], quantity[1])))
    lines = np.minimum(most, rng.geometric(1 / mean, count))
    # The largest of shares with Gumbel noise are a draw without repetition.
    keys = np.log(np.maximum(rates.variants, 1e-12)) + rng.gumbel(size=(count, len(rates.variants)))
    picked = np.argsort(-keys, axis=1)[:, :most]
    there = np.arange(most) < lines[:, None]
    units = rng.choice(np.array(quantity[0]), (count, most), p=quantity[1])
    return Asked(
        rng.choice(len(rates.regions), count, p=rates.regions),
        rates.periods[rng.uniform(rates.begun, max(1, len(rates.periods)), count).astype(int)],
        promise,
        weight,
        np.where(there, picked, -1),
        np.where(there, units, 0).astype(float),
        rng.poisson(rates.walk_ins).astype(float),
    )


def _spread(seen: Mapping[Any, int], prior: Sequence[Any]) -> tuple[list[Any], list[float]]:
    """What was seen, with something else believed to be as likely as a few sightings."""
    counts = dict.fromkeys(prior, 1.0)
    for key, count in seen.items():
        counts[key] = counts.get(key, 0.0) + count
    keys = sorted(counts)
    total = sum(counts.values())
    return keys, [counts[key] / total for key in keys]


def together(known: Asked, sampled: Asked) -> Asked:
    """Known orders before those of a sample; walk-ins are the sample's."""
    np, _ = libraries()
    if not len(known.region):
        return sampled
    width = max(known.variant.shape[1], sampled.variant.shape[1])
    joined: list[Array] = [np.concatenate(pair) for pair in zip(known[:4], sampled[:4], strict=True)]
    for n, nothing in ((4, -1), (5, 0)):
        wide = [np.pad(a[n], ((0, 0), (0, width - a[n].shape[1])), constant_values=nothing) for a in (known, sampled)]
        joined.append(np.concatenate(wide))
    return sampled._replace(**dict(zip(Asked._fields[:6], joined, strict=True)))
