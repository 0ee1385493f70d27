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
_LARGE = 200
_SWAPS = 8
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


class Turn(NamedTuple):
    """The place of a demand among `of` that belong together: what each of them is asked, they ask in turn.

    Each rate's range of chances is cut into `of` parts, and each demand takes another one, in an order of its own for
    each rate. So a few demands tell as much of what may come as many that are drawn without knowing of each other.
    """

    seed: tuple[int, ...]
    number: int
    of: int


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


def drawn(rates: Rates, shapes: Shapes, rng: Any, turn: Turn | None = None) -> Asked:
    """One demand; the same generator state and turn give the same one. Raises `OptimizerMissing`."""
    np, _ = libraries()
    promised = _spread(shapes.promises, [(days, 1) for days in _PROMISES])
    quantity = _spread(shapes.quantities, [1])
    most = min(_MOST_LINES, len(rates.variants))
    mean = max(1.0, rates.units_per_order / float(np.dot(quantity[0], quantity[1])))
    lines = rates.orders * mean if len(rates.periods) else 0.0
    shares = rates.variants / max(1e-12, rates.variants.sum())
    wanted = _poisson(np, lines * shares, _quantiles(np, turn, rng, shares.shape, 0), rng)
    picked = _dealt(np, wanted, rng, mean=mean, most=most)
    count = len(picked)
    kind = rng.choice(len(promised[0]), count, p=promised[1])
    promise, weight = (np.array([each[n] for each in promised[0]], float)[kind] for n in (0, 1))
    units = rng.choice(np.array(quantity[0]), picked.shape, p=quantity[1])
    return Asked(
        rng.choice(len(rates.regions), count, p=rates.regions),
        rates.periods[rng.uniform(rates.begun, max(1, len(rates.periods)), count).astype(int)],
        promise,
        weight,
        picked,
        np.where(picked >= 0, units, 0).astype(float),
        _walk_ins(np, rates.walk_ins, turn, rng),
    )


def _quantiles(np: Any, turn: Turn | None, rng: Any, shape: tuple[int, ...], kind: int) -> Array:
    """A number between 0 and 1 for each rate."""
    if turn is None:
        numbers: Array = rng.random(shape)
        return numbers
    shared = np.random.default_rng([*turn.seed, kind])  # the same for all demands that belong together
    part = np.argsort(shared.random((turn.of, *shape)), axis=0)[turn.number]
    return np.asarray((part + rng.random(shape)) / turn.of)  # type: ignore[no-any-return]


def _dealt(np: Any, wanted: Array, rng: Any, *, mean: float, most: int) -> Array:
    """Variants by order and line (-1: no such line): all that are wanted, dealt like a shuffled deck.

    The number of lines is geometric; what an order would get twice is swapped away, or left out at last.
    """
    deck = rng.permutation(np.repeat(np.arange(len(wanted)), wanted))
    lines = np.minimum(most, rng.geometric(1 / mean, len(deck)))
    order = np.repeat(np.arange(len(deck)), lines)[: len(deck)]
    for _ in range(_SWAPS):
        twice = _repeated(np, order, deck)
        other = rng.choice(len(deck), len(twice), replace=False) if len(twice) else twice
        for one, two in zip(twice.tolist(), other.tolist(), strict=True):
            deck[one], deck[two] = deck[two], deck[one]
    deck[_repeated(np, order, deck)] = -1
    count = int(order[-1]) + 1 if len(deck) else 0
    picked: Array = np.full((count, most), -1)
    picked[order, np.arange(len(deck)) - np.searchsorted(order, order)] = deck
    return picked


def _repeated(np: Any, order: Array, deck: Array) -> Array:
    """The cards whose order has the same before."""
    code = order * (deck.max(initial=0) + 2) + deck
    first = np.unique(code, return_index=True)[1]
    again: Array = np.setdiff1d(np.arange(len(deck)), first)
    return again


def _walk_ins(np: Any, rates: Array, turn: Turn | None, rng: Any) -> Array:
    """Units by place, variant and period: what is asked in all is spread over the periods."""
    total = rates.sum(axis=2)
    units = _poisson(np, total, _quantiles(np, turn, rng, total.shape, 1), rng)
    shares = np.where(total[:, :, None] > 0, rates / np.maximum(total, 1e-12)[:, :, None], 1 / rates.shape[2])
    found: Array = rng.multinomial(units, shares).astype(float)
    return found


def _poisson(np: Any, rates: Array, quantiles: Array, rng: Any) -> Array:
    """Poisson numbers of these means at these quantiles; large ones, which vary little, just drawn."""
    mean = np.minimum(rates, _LARGE)
    chance = np.exp(-mean)
    found, sum_ = np.zeros(mean.shape, int), chance.copy()
    for number in range(1, 4 * _LARGE):
        more = quantiles > sum_
        if not more.any():
            break
        found[more] = number
        chance = chance * mean / number
        sum_ = sum_ + chance
    units: Array = np.where(rates < _LARGE, found, rng.poisson(rates))
    return units


def _spread(seen: Mapping[Any, int], prior: Sequence[Any]) -> tuple[list[Any], list[float]]:
    """What was seen, with something else believed to be as likely as a few sightings."""
    counts = dict.fromkeys(prior, 1.0)
    for key, count in seen.items():
        counts[key] = counts.get(key, 0.0) + count
    keys = sorted(counts)
    total = sum(counts.values())
    return keys, [counts[key] / total for key in keys]
