"""How much can still be promised, from the counters alone."""

from typing import NamedTuple


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
