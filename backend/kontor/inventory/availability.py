"""How much can still be promised, from the counters alone."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

K = TypeVar("K")


class Counters(NamedTuple):
    """Pieces of one variant at one place; `kept` of the reserved ones are the asker's own."""

    on_hand: int
    allocated: int = 0
    reserved: int = 0
    safety: int = 0
    kept: int = 0
    inbound: int = 0


def available_to_promise(counters: Counters) -> int:
    """ATP in pieces: on hand, less what is allocated, reserved for others and kept for safety, plus sellable inbound.

    What is reserved for the asker is his own before the free rest; neither is ever less than nothing.
    """
    units = counters.on_hand - counters.allocated - counters.safety + counters.inbound
    free = max(0, units - counters.reserved)
    return max(0, min(units, free + counters.kept))


def bundles_of(contents: Mapping[K, int], pieces: Mapping[K, int]) -> int:
    """How many bundles the pieces of its components make up."""
    return min((pieces.get(part, 0) // count for part, count in contents.items()), default=0)


def latest(days: Iterable[int | None]) -> int | None:
    """The day on which everything is there; None when something never is."""
    known = list(days)
    return None if not known or None in known else max(day for day in known if day is not None)
