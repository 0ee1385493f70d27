"""What a stock figure means for a level, and whose promises give way when there is less than was promised."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import NamedTuple


class Since(NamedTuple):
    """What Kontor itself booked on a level after the moment of a figure: pieces added on hand and promised."""

    on_hand: int = 0
    allocated: int = 0


NOTHING = Since()


@dataclass(slots=True)
class Level:
    """A level while figures are booked on it: `allocated` falls with what is not there any more."""

    on_hand: int
    allocated: int
    as_of: datetime
    was_on_hand: int
    was_allocated: int
    was_as_of: datetime

    @classmethod
    def read(cls, on_hand: int, allocated: int, as_of: datetime) -> "Level":
        """A level as the database has it."""
        return cls(on_hand, allocated, as_of, on_hand, allocated, as_of)

    @property
    def missing(self) -> int:
        """Promised pieces that are not there."""
        return self.was_allocated - self.allocated

    @property
    def changed(self) -> bool:
        return self.on_hand != self.was_on_hand or self.as_of != self.was_as_of

    def set(self, quantity: int, *, counts_free: bool, as_of: datetime, since: Since = NOTHING) -> int | None:
        """Take over a figure: the change of on hand in pieces, or None when a newer figure is known.

        A figure of free pieces leaves out what was promised to orders at its moment, so that comes on top. What left,
        came back or was promised `since` is not in it.
        """
        if as_of < self.as_of:
            return None
        self.as_of = as_of
        promised = self.allocated - since.allocated if counts_free else 0
        return self.move_to(max(0, quantity + promised + since.on_hand))

    def move_to(self, on_hand: int) -> int:
        """On hand is this now; promises it cannot keep are gone. The change in pieces."""
        change = on_hand - self.on_hand
        self.on_hand = on_hand
        self.allocated = min(self.allocated, on_hand)
        return change


class Stage(IntEnum):
    """How far the work on promised pieces has come."""

    PROMISED = 0
    GIVEN = 1
    PACKED = 2


class Promised(NamedTuple):
    """Pieces of one allocation, with what decides whether it gives way. A higher priority is more important."""

    quantity: int
    stage: Stage
    priority: int
    promised_on: date | None
    created_at: datetime


def give_way(promises: Sequence[Promised], missing: int) -> list[tuple[int, int]]:
    """Which promises are released for `missing` pieces: (position, pieces), first to go first.

    Work that is not begun goes before work that is, packed parcels last; then the lowest priority, the latest promised
    day (none at all is latest), the youngest.
    """
    released = []
    for index in sorted(range(len(promises)), key=lambda index: _rank(promises[index])):
        part = min(missing, promises[index].quantity)
        if part <= 0:
            break
        released.append((index, part))
        missing -= part
    return released


def _rank(each: Promised) -> tuple[int, int, int, float]:
    latest = date.max.toordinal() if each.promised_on is None else each.promised_on.toordinal()
    return (each.stage, each.priority, -latest, -each.created_at.timestamp())
