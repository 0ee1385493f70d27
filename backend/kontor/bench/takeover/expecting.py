"""What recorded payments must come to, worked out from the data set alone. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from kontor.bench.replay.expecting import IN_ADVANCE
from kontor.bench.replay.plan import SENT, WENT_BACK, Ending, Story

CALLED_OFF = frozenset({Ending.CANCELED, Ending.UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class Expected:
    """One order at the end, minor units. `open` is what its customer owes or (negative) has with the seller."""

    captured: int
    refunded: int
    open: int
    kind: str


def expect(story: Story) -> Expected:
    """Where the money of a story has to end.

    What is sent is paid as it was promised: interest beyond the total is collected, what is missing stays owed. Money
    in advance of an order that is still to be sent is an advance; of one that was called off it went back.
    """
    total = story.order.goods + story.order.freight
    promised = sum(each.amount for each in story.payments)
    advance = sum(each.amount for each in story.payments if each.method in IN_ADVANCE)
    if story.ending in SENT:
        missing = total - promised
        if story.ending in WENT_BACK:  # what was never paid is credited and not paid back
            return Expected(promised, min(promised, total), min(0, missing), "OVERPAYMENT")
        return Expected(promised, 0, missing, "INVOICE" if missing > 0 else "OVERPAYMENT")
    if story.ending in CALLED_OFF:
        return Expected(advance, advance, 0, "")
    return Expected(advance, 0, -advance, "ADVANCE")


def documented(stories: Iterable[Story], *, beyond: int = 1) -> Counter[str]:
    """The orders whose payments differ from what they cost by more than `beyond` minor units, as the set counts them:
    over and under, of those the ones that were sent, and the ones of which no payment is recorded."""
    found: Counter[str] = Counter()
    for story in stories:
        if not story.order.payments:
            found["without payment"] += 1
            continue
        difference = sum(each.amount for each in story.order.payments) - story.order.goods - story.order.freight
        if abs(difference) > beyond:
            name = "over-paid" if difference > 0 else "under-paid"
            found[name] += 1
            found[f"{name}, sent"] += story.ending in SENT
    return found
