"""How much of an article, and when: sums over places and over the components of a bundle."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

K = TypeVar("K")


def bundles_of(contents: Mapping[K, int], pieces: Mapping[K, int]) -> int:
    """How many bundles the pieces of its components make up."""
    return min((pieces.get(part, 0) // count for part, count in contents.items()), default=0)


def latest(days: Iterable[int | None]) -> int | None:
    """The day on which everything is there; None when something never is."""
    known = list(days)
    return None if not known or None in known else max(day for day in known if day is not None)


def earliest_day(options: Iterable[tuple[int, int]], quantity: int) -> int | None:
    """The first day by which so many pieces can be there, of (day, pieces) options; None when that never is.

    >>> earliest_day([(12, 1), (10, 2)], 3)
    12
    """
    for day, pieces in sorted(options):
        quantity -= pieces
        if quantity <= 0:
            return day
    return None
