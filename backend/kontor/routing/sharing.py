"""What several orders share: units on shelves and room on release days. Taking and giving back are exact inverses.

A shelf is one variant at one location. Its units are counted cumulatively by day: what leaves on a day is missing on
every later one. A day's segment is the number of deliveries that have come in by then, so most shelves have one.
Who may take what: a channel uses its own reservation first and then what nobody reserved.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kontor.routing.values import Id, Stock, Supply

NOWHERE = -1
"""No slot: the location has no such goods. No gate: the location has no such limit."""


class Slot(NamedTuple):
    """Where a unit comes from: shelf, segment of its day, and the channel where the shelf keeps units for channels."""

    shelf: int
    segment: int
    channel: str | None


class Gate(NamedTuple):
    """What leaves a location on one day, in units or in parcels."""

    location_id: Id
    day: int
    parcels: bool


class Draw(NamedTuple):
    """What a plan takes: (slot, units) and (gate, units or parcels), each slot and gate once."""

    slots: tuple[tuple[int, int], ...]
    gates: tuple[tuple[int, int], ...]


class Shelf:
    """Units of one variant at one location; `supply` by segment, `kept` by channel, `free` is what nobody reserved."""

    __slots__ = ("days", "free", "kept", "slots", "supply", "taken", "used")

    def __init__(self, stock: Stock, today: int, horizon_days: int) -> None:
        end = today + horizon_days
        self.days = sorted({day for day, _ in stock.inbound if today < day < end})
        moments = [today, *self.days]
        there = [stock.on_hand - stock.safety + sum(n for eta, n in stock.inbound if eta <= day) for day in moments]
        self.supply = [max(0, units) for units in there]
        self.kept = {channel: units for channel, units in (stock.reserved or {}).items() if units}
        self.free = [max(0, units - sum(self.kept.values())) for units in there]
        self.used = [0] * len(moments)
        self.taken: dict[str, list[int]] = {}
        self.slots: list[int] = []

    def units(self, segment: int, channel: str | None) -> int:
        """What may still leave on a day of the segment, and be missing from then on."""
        if channel is None:
            return min([there - used for there, used in zip(self.supply[segment:], self.used[segment:], strict=True)])
        return min([self._room(later, channel) for later in range(segment, len(self.used))])

    def _room(self, segment: int, channel: str) -> int:
        over = sum([max(0, row[segment] - self.kept.get(name, 0)) for name, row in self.taken.items()])
        own = self.kept.get(channel, 0) - (self.taken[channel][segment] if channel in self.taken else 0)
        return min(self.supply[segment] - self.used[segment], max(0, own) + self.free[segment] - over)

    def take(self, segment: int, channel: str | None, units: int) -> None:
        """Take units away, or with a negative number give them back."""
        for later in range(segment, len(self.used)):
            self.used[later] += units
        if channel is not None:
            row = self.taken.setdefault(channel, [0] * len(self.used))
            for later in range(segment, len(row)):
                row[later] += units


class Ledger:
    """What is left of a supply. Slots and gates are numbered when first asked for; `units` and `room` are by number."""

    def __init__(self, supply: Supply) -> None:
        self.supply = supply
        self.shelves: list[Shelf] = []
        self.slots: list[Slot] = []
        self.units: list[int] = []
        self.gates: list[Gate] = []
        self.room: list[int] = []
        self._shelves: dict[tuple[Id, Id], int] = {}
        self._slots: dict[Slot, int] = {}
        self._gates: dict[Gate, int] = {}

    def slot(self, variant_id: Id, location_id: Id, day: int, channel: str) -> int:
        """The number of the slot from which a channel takes units that leave on this day."""
        number = self._shelves.get((variant_id, location_id))
        if number is None:
            stock = self.supply.stock.get(variant_id, {}).get(location_id)
            if stock is None:
                return NOWHERE
            number = self._shelves[variant_id, location_id] = len(self.shelves)
            self.shelves.append(Shelf(stock, self.supply.today, self.supply.horizon_days))
        shelf = self.shelves[number]
        slot = Slot(number, bisect_right(shelf.days, day), channel if shelf.kept else None)
        found = self._slots.get(slot)
        if found is None:
            found = self._slots[slot] = len(self.slots)
            shelf.slots.append(found)
            self.slots.append(slot)
            self.units.append(shelf.units(slot.segment, slot.channel))
        return found

    def gate(self, location_id: Id, day: int, *, parcels: bool) -> int:
        """The number of a location's limit on a day; NOWHERE when it has none."""
        capacity = self.supply.capacity.get(location_id)
        limits = None if capacity is None else capacity.parcels if parcels else capacity.units
        if limits is None:
            return NOWHERE
        gate = Gate(location_id, day, parcels)
        found = self._gates.get(gate)
        if found is None:
            found = self._gates[gate] = len(self.gates)
            offset = day - self.supply.today
            self.gates.append(gate)
            self.room.append(limits[offset] if 0 <= offset < len(limits) else 0)
        return found

    def take(self, draw: Draw) -> None:
        """Take what a plan needs; the caller has seen that it is there."""
        self._move(draw, 1)

    def give(self, draw: Draw) -> None:
        """Give back what a plan had taken."""
        self._move(draw, -1)

    def _move(self, draw: Draw, sign: int) -> None:
        for number, units in draw.slots:
            slot = self.slots[number]
            shelf = self.shelves[slot.shelf]
            shelf.take(slot.segment, slot.channel, sign * units)
            for each in shelf.slots:
                self.units[each] = shelf.units(self.slots[each].segment, self.slots[each].channel)
        for gate, count in draw.gates:
            self.room[gate] -= sign * count

    def fits(self, draw: Draw) -> bool:
        """Whether a plan can still be taken."""
        if any(self.room[gate] < count for gate, count in draw.gates):
            return False
        if any(self.units[slot] < units for slot, units in draw.slots):
            return False
        if len({self.slots[slot].shelf for slot, _ in draw.slots}) == len(draw.slots):
            return True
        self.take(draw)
        fine = min([self.units[slot] for slot, _ in draw.slots]) >= 0
        self.give(draw)
        return fine

    def left(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Units by slot and room by gate, to compare two states."""
        return tuple(self.units), tuple(self.room)


def draw_of(slots: Iterable[tuple[int, int]], gates: Iterable[tuple[int, int]]) -> Draw:
    """What is taken in all, each slot and gate once."""
    return Draw(_summed(slots), _summed(gates))


def _summed(pairs: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    total: dict[int, int] = {}
    for number, count in pairs:
        if number != NOWHERE and count:
            total[number] = total.get(number, 0) + count
    return tuple(sorted(total.items()))


def contested(ledger: Ledger, wishes: Sequence[Draw]) -> tuple[set[int], set[int]]:
    """Shelves and gates of a full ledger of which the orders together could want more than there is.

    A wish says the most that one order could take: of each shelf by any one of its slots, and of each gate.
    """
    wanted: dict[int, int] = {}
    pressed: dict[int, int] = {}
    for wish in wishes:
        for slot, units in wish.slots:
            shelf = ledger.slots[slot].shelf
            wanted[shelf] = wanted.get(shelf, 0) + units
        for gate, count in wish.gates:
            pressed[gate] = pressed.get(gate, 0) + count
    shelves = {each for each, units in wanted.items() if units > min(_least(ledger, each))}
    return shelves, {each for each, count in pressed.items() if count > ledger.room[each]}


def _least(ledger: Ledger, shelf: int) -> list[int]:
    return [ledger.units[slot] for slot in ledger.shelves[shelf].slots]
