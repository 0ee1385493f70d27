"""Which pieces of a fulfillment order a step is about. Pure.

A step over some of the pieces splits the rest off, so the question is always: how many of each line stay here.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from kontor.core.errors import Path
from kontor.fulfillment.errors import FulfillmentLineNotFound, InvalidQuantity
from kontor.fulfillment.values import Pieces

Counts = dict[UUID, int]
"""Pieces by fulfillment line id."""


class WorkLine(Protocol):
    """A line of a fulfillment order."""

    @property
    def id(self) -> UUID: ...
    @property
    def quantity(self) -> int: ...


def counts_of(lines: Sequence[WorkLine], pieces: Sequence[Pieces] | None, *path: str | int) -> Counts:
    """Pieces by line; None means all. Raises `FulfillmentLineNotFound` or `InvalidQuantity`, naming the input.

    A line named twice is summed up. At least one piece has to be named.
    """
    there = {line.id: line.quantity for line in lines}
    if pieces is None:
        return {line_id: quantity for line_id, quantity in there.items() if quantity}
    counts: Counts = {}
    where: Path = path or ("lines",)
    if not pieces:
        raise InvalidQuantity("Name at least one piece.", path=where)
    for index, wish in enumerate(pieces):
        if wish.line_id not in there:
            raise FulfillmentLineNotFound(
                "The fulfillment order has no such line.", path=(*where, index, "lineId"), line_id=str(wish.line_id)
            )
        counts[wish.line_id] = counts.get(wish.line_id, 0) + wish.quantity
        if wish.quantity < 1 or counts[wish.line_id] > there[wish.line_id]:
            raise InvalidQuantity(
                f"1 to {there[wish.line_id]} pieces.",
                path=(*where, index, "quantity"),
                quantity=wish.quantity,
                max=there[wish.line_id],
            )
    return counts


def is_all(lines: Sequence[WorkLine], counts: Mapping[UUID, int]) -> bool:
    """Whether nothing is left over."""
    return all(counts.get(line.id, 0) == line.quantity for line in lines)


def rest_of(lines: Sequence[WorkLine], counts: Mapping[UUID, int]) -> Counts:
    """What is left over, by line."""
    left = {line.id: line.quantity - counts.get(line.id, 0) for line in lines}
    return {line_id: quantity for line_id, quantity in left.items() if quantity}
