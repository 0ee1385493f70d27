"""Where every order has to stand at the end, worked out from the data set alone. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from kontor.bench.replay.plan import SENT, WENT_BACK, Ending, Story

# Methods whose money is there before the goods leave: the channel takes wallets at once.
IN_ADVANCE = frozenset({"PREPAYMENT", "WALLET"})

# Ending -> state of the order, fulfillment status, return status.
STATES: dict[Ending, tuple[str, str, str]] = {
    Ending.DELIVERED: ("COMPLETED", "DELIVERED", "NONE"),
    Ending.RETURNED: ("COMPLETED", "DELIVERED", "RETURNED"),
    Ending.RETURNED_IN_PART: ("COMPLETED", "DELIVERED", "PARTIALLY_RETURNED"),
    Ending.GIVEN_BACK: ("COMPLETED", "DELIVERED", "RETURNED"),
    Ending.SHIPPED: ("IN_FULFILLMENT", "FULFILLED", "NONE"),
    Ending.RECALLED: ("IN_FULFILLMENT", "FULFILLED", "RETURNED"),
    Ending.ACCEPTED: ("IN_FULFILLMENT", "UNFULFILLED", "NONE"),
    Ending.OPEN: ("IN_FULFILLMENT", "UNFULFILLED", "NONE"),
    Ending.CANCELED: ("CANCELED", "CANCELED", "NONE"),
    Ending.UNAVAILABLE: ("CANCELED", "CANCELED", "NONE"),
}


@dataclass(frozen=True, slots=True)
class Expected:
    """One order at the end; amounts in centavos. `returned` is the value of what came back, freight included."""

    state: str
    fulfillment: str
    return_status: str
    goods: int
    freight: int
    promised: tuple[tuple[str, int], ...]
    captured: int
    refunded: int
    shipments: int
    invoiced: int
    credited: int


def expect(story: Story) -> Expected:
    """Where the story has to end."""
    order = story.order
    state, fulfillment, return_status = STATES[story.ending]
    if story.ending is Ending.RETURNED_IN_PART and sum(line.quantity for line in order.lines) == 1:
        return_status = "RETURNED"
    total = order.goods + order.freight
    promised = tuple((payment.method, payment.amount) for payment in story.payments) or (("ON_ACCOUNT", total),)
    sent = story.ending in SENT
    captured = _captured(promised, total if sent else 0)
    credited = _worth_of_returns(story)
    refunded = min(credited, captured) if sent else captured if fulfillment == "CANCELED" else 0
    return Expected(
        state, fulfillment, return_status, order.goods, order.freight, promised, captured, refunded,
        order.sellers if sent else 0, total if sent else 0, credited,
    )  # fmt: skip


def _captured(promised: Iterable[tuple[str, int]], shipped: int) -> int:
    """Money in advance comes in whole; the rest is captured up to what is shipped and not paid yet."""
    advance = sum(amount for method, amount in promised if method in IN_ADVANCE)
    later = sum(amount for method, amount in promised if method not in IN_ADVANCE and method != "ON_ACCOUNT")
    return advance + min(later, max(0, shipped - advance))


def _worth_of_returns(story: Story) -> int:
    order = story.order
    if story.ending in WENT_BACK:
        return order.goods + order.freight
    if story.ending is Ending.RETURNED_IN_PART:
        only = sum(line.quantity for line in order.lines) == 1
        return order.lines[0].price + (order.freight if only else 0)
    return 0


def totals_by_method(expected: Iterable[Expected]) -> tuple[dict[str, int], dict[str, int]]:
    """Number and sum of the promised payments by method."""
    counts: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    for each in expected:
        for method, amount in each.promised:
            counts[method] += 1
            sums[method] += amount
    return dict(sorted(counts.items())), dict(sorted(sums.items()))
