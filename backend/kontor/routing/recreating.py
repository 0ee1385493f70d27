"""Joint plans by insertion: orders one by one on what is left, then again and again a few taken out and put back.

Whoever cannot have what would be cheapest is taken out with some of those who hold it, and all are put back in another
sequence, each exactly. Worse answers are kept within a margin, so that the search does not end in the first valley.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from kontor.routing.seeking import Option, Prices, Seeker, seek
from kontor.routing.sharing import Ledger

if TYPE_CHECKING:
    from random import Random

MOST_RIVALS = 5

# Resources by kind and number: a shelf, or a gate.
Resource = tuple[bool, int]


class Joint:
    """A feasible plan of every order of a batch, and who holds what."""

    def __init__(self, seekers: Sequence[Seeker], ledger: Ledger, nothing: Sequence[Option]) -> None:
        self.seekers, self.ledger = seekers, ledger
        self.chosen: list[Option] = list(nothing)
        self.cost = sum(option.cost for option in nothing)
        self.nothing = list(nothing)
        self.holders: dict[Resource, set[int]] = {}

    def put(self, number: int, option: Option) -> None:
        """Let an order that has nothing have this."""
        self.ledger.take(option.draw)
        for resource in self.resources(option):
            self.holders.setdefault(resource, set()).add(number)
        self.cost += option.cost - self.chosen[number].cost
        self.chosen[number] = option

    def drop(self, number: int) -> Option:
        """Take back what an order has."""
        option = self.chosen[number]
        self.ledger.give(option.draw)
        for resource in self.resources(option):
            self.holders[resource].discard(number)
        self.chosen[number] = self.nothing[number]
        self.cost += self.nothing[number].cost - option.cost
        return option

    def swap(self, options: Iterable[tuple[int, Option]]) -> None:
        """Give several orders other plans at once."""
        fresh = list(options)
        for number, _ in fresh:
            self.drop(number)
        for number, option in fresh:
            self.put(number, option)

    def insert(self, number: int, prices: Prices | None) -> Option:
        """The best of what is left for an order that has nothing."""
        option, _, _ = seek(self.seekers[number], self.ledger, prices)
        self.put(number, option)
        return option

    def resources(self, option: Option) -> list[Resource]:
        """The shelves and gates a plan draws on."""
        slots = self.ledger.slots
        return [(False, slots[slot].shelf) for slot, _ in option.draw.slots] + [
            (True, gate) for gate, _ in option.draw.gates
        ]

    def lacking(self, option: Option) -> list[Resource]:
        """What a plan would need and others have."""
        units, room, slots = self.ledger.units, self.ledger.room, self.ledger.slots
        return [(False, slots[slot].shelf) for slot, n in option.draw.slots if units[slot] < n] + [
            (True, gate) for gate, n in option.draw.gates if room[gate] < n
        ]


def in_sequence(joint: Joint, numbers: Iterable[int], prices: Prices | None) -> None:
    """Insert orders by priority, then by promise, then as they came."""
    demands = [(each, joint.seekers[each].demand) for each in numbers]
    for number, _ in sorted(demands, key=lambda pair: (-pair[1].priority, pair[1].promised_day, pair[0])):
        joint.insert(number, prices)


class Search:
    """Ruin and recreate on a joint plan; `ideals` are the plans each order would like, `known` hears of every plan."""

    def __init__(self, joint: Joint, ideals: list[list[Option]], known: Callable[[int, Option], object]) -> None:
        self.joint, self.ideals, self.known = joint, ideals, known
        self.best = joint.cost
        self.kept = list(joint.chosen)

    def improve(
        self, moves: int, margin: int, rng: Random, prices: Prices | None, late: Callable[[], bool] = lambda: False
    ) -> None:
        """So many moves, each kept when it costs at most a random part of the margin more, unless it gets late."""
        self.note()
        for _ in range(moves):
            if late():
                return
            self.move(rng, margin, prices if rng.random() < 0.5 else None)
            self.note()

    def note(self) -> None:
        """Keep the joint plan when it is the best so far."""
        if self.joint.cost < self.best:
            self.best, self.kept = self.joint.cost, list(self.joint.chosen)

    def back(self) -> None:
        """Go back to the best plan."""
        pairs = [(n, new) for n, (new, old) in enumerate(zip(self.kept, self.joint.chosen, strict=True)) if new != old]
        self.joint.swap(pairs)

    def move(self, rng: Random, margin: int, prices: Prices | None) -> None:
        """Take an order and some rivals out and put them back; undo it when it costs too much."""
        joint = self.joint
        number = rng.randrange(len(joint.seekers))
        ideals = self.ideals[number]
        ideal = ideals[rng.randrange(len(ideals))]
        if joint.chosen[number].cost <= ideals[0].cost:
            return
        rivals = sorted(set().union(*[joint.holders.get(each, ()) for each in joint.lacking(ideal)]) - {number})
        if len(rivals) > MOST_RIVALS:
            rivals = rng.sample(rivals, rng.randint(1, MOST_RIVALS))
        else:
            rng.shuffle(rivals)
        before, out = joint.cost, [number, *rivals]
        old = [(each, joint.drop(each)) for each in out]
        if rng.random() < 0.3:
            rng.shuffle(out)
        for each in out:
            self.known(each, joint.insert(each, prices))
        if joint.cost - before > (rng.randrange(margin + 1) if margin > 0 else 0):
            joint.swap(old)
