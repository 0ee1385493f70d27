"""What shared goods and room are worth, and the bound that follows: no joint plan costs less.

Every shared limit becomes a row with a price. At any prices, what the orders would pay in all if each had everything to
itself, less what the limits are worth, is a lower bound. Rows of a shelf that keeps units for channels are three kinds:
all units, those of a channel beyond its reservation, and what all channels take beyond theirs.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from kontor.routing.seeking import Option, Prices, Seeker, seek
from kontor.routing.sharing import Draw, Ledger


class Link(NamedTuple):
    """A row of what the channels take beyond their reservations, and the rows of those channels."""

    free: int
    channels: tuple[int, ...]


class Rows:
    """The limits that orders contest, numbered; all that a ledger's slots and gates are to a linear program."""

    def __init__(self, ledger: Ledger, shelves: set[int], gates: set[int]) -> None:
        self.ledger = ledger
        self.limits: list[int] = []
        self.links: list[Link] = []
        self.of_slot: dict[int, tuple[int, ...]] = {}
        self.of_gate: dict[int, int] = {}
        for shelf in sorted(shelves):
            self._shelf(shelf)
        for gate in sorted(gates):
            self.of_gate[gate] = self._row(ledger.room[gate])

    def _row(self, limit: int) -> int:
        self.limits.append(limit)
        return len(self.limits) - 1

    def _shelf(self, number: int) -> None:
        shelf, slots = self.ledger.shelves[number], self.ledger.slots
        total = [self._row(units) for units in shelf.supply]
        beyond: dict[str, list[int]] = {}
        if shelf.kept:
            names = sorted({slots[each].channel or "" for each in shelf.slots})
            beyond = {name: [self._row(shelf.kept.get(name, 0)) for _ in total] for name in names}
            for segment, units in enumerate(shelf.free):
                self.links.append(Link(self._row(units), tuple(beyond[name][segment] for name in names)))
        for each in shelf.slots:
            slot = slots[each]
            channel = () if slot.channel is None else tuple(beyond[slot.channel][slot.segment :])
            self.of_slot[each] = (*total[slot.segment :], *channel)

    def entries(self, draw: Draw) -> dict[int, int]:
        """What a plan takes of each row."""
        found: dict[int, int] = {}
        for slot, units in draw.slots:
            for row in self.of_slot.get(slot, ()):
                found[row] = found.get(row, 0) + units
        for gate, count in draw.gates:
            if gate in self.of_gate:
                found[self.of_gate[gate]] = count
        return found

    def prices(self, duals: Sequence[int]) -> Prices:
        """Prices by slot and gate of prices by row."""
        slots, gates = [0] * len(self.ledger.slots), [0] * len(self.ledger.gates)
        for slot, rows in self.of_slot.items():
            slots[slot] = sum([duals[row] for row in rows])
        for gate, row in self.of_gate.items():
            gates[gate] = duals[row]
        return Prices(slots, gates)

    def proper(self, duals: Sequence[float]) -> list[int]:
        """Whole prices, none negative, such that what is free is worth at least what any channel pays for it."""
        whole = [max(0, round(dual)) for dual in duals]
        for link in self.links:
            whole[link.free] = max([whole[link.free], *[whole[row] for row in link.channels]])
        return whole

    def worth(self, duals: Sequence[int]) -> int:
        """What all limits are worth at these prices."""
        return sum(map(int.__mul__, duals, self.limits))


class Offers(NamedTuple):
    """What each order would take at some prices, what it would pay, and the bound on all of them together."""

    options: list[Option]
    paid: list[int]
    bound: int


def offers_at(
    seekers: Sequence[Seeker], rows: Rows, duals: Sequence[int], late: Callable[[], bool] = lambda: False
) -> Offers | None:
    """Each order alone at these prices, which must be `proper`; None when it gets late meanwhile."""
    prices = rows.prices(duals)
    found = []
    for seeker in seekers:
        found.append(seek(seeker, None, prices))
        if late():
            return None
    paid = [cost - gap for _, cost, gap in found]
    return Offers([option for option, _, _ in found], paid, sum(paid) - rows.worth(duals))
