"""Which moves of a joint plan are made: those that gain enough, with the ones that make room for them.

A joint plan moves one order so that another can have its pieces. Moves that need each other are made together or not
at all; a move nobody needs is made for its own gain only.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

Key = Hashable
"""Something that is short: pieces at a place, out of a quota, of expected goods, or room on a day."""


@dataclass(frozen=True, slots=True)
class Move:
    """What the joint plan would have one order give up and take, by what is short; in cents what that gains.

    `least` is what a move has to gain. One that is not `allowed` (it would break a promise) is never made.
    """

    order_id: UUID
    gain: int
    least: int
    allowed: bool
    gives: Mapping[Key, int]
    takes: Mapping[Key, int]


def choose(moves: Sequence[Move], free: Mapping[Key, int]) -> list[list[Move]]:
    """The moves to make, in groups that are made as a whole; `free` is what nobody holds.

    A group gains more than its members have to; what each group takes is free or given up within it.
    """
    taken = {move.order_id: move for move in moves if move.allowed}
    left = Counter(free)
    for move in taken.values():
        _account(left, move, 1)
    _repair(taken, left)
    _prune(taken, left)
    groups = _groups(list(taken.values()), free)
    return [group for group in groups if sum(move.gain - move.least for move in group) > 0]


def _account(left: Counter[Key], move: Move, sign: int) -> None:
    for key, count in move.gives.items():
        left[key] += sign * count
    for key, count in move.takes.items():
        left[key] -= sign * count


def _repair(taken: dict[UUID, Move], left: Counter[Key]) -> None:
    """Take moves back until nothing is taken twice, the poorest first."""
    takers: dict[Key, list[Move]] = {}
    for move in sorted(taken.values(), key=lambda each: (-each.gain, each.order_id)):
        for key in move.takes:
            takers.setdefault(key, []).append(move)
    short = [key for key in takers if left[key] < 0]
    while short:
        key = short[-1]
        while takers[key] and takers[key][-1].order_id not in taken:
            takers[key].pop()
        if left[key] >= 0 or not takers[key]:
            short.pop()
            continue
        gone = taken.pop(takers[key].pop().order_id)
        _account(left, gone, -1)
        short.extend(each for each in gone.gives if left[each] < 0 and each in takers)


def _prune(taken: dict[UUID, Move], left: Counter[Key]) -> None:
    """Take back what does not pay for itself, where nobody needs what it gives up."""
    again = True
    while again:
        again = False
        for move in sorted(taken.values(), key=lambda each: (each.gain - each.least, each.order_id)):
            if move.gain > move.least:
                break
            if all(left[key] >= count for key, count in move.gives.items()):
                del taken[move.order_id]
                _account(left, move, -1)
                again = True


def _groups(moves: Sequence[Move], free: Mapping[Key, int]) -> list[list[Move]]:
    """Moves that share something of which more is taken than is free."""
    wanted: Counter[Key] = Counter()
    for move in moves:
        wanted.update(move.takes)
    scarce = {key for key, count in wanted.items() if count > free.get(key, 0)}
    leader = {move.order_id: move.order_id for move in moves}

    def head(order_id: UUID) -> UUID:
        while leader[order_id] != order_id:
            leader[order_id] = order_id = leader[leader[order_id]]
        return order_id

    first: dict[Key, UUID] = {}
    for move in moves:
        for key in _touched(move, scarce):
            leader[head(move.order_id)] = head(first.setdefault(key, move.order_id))
    groups: dict[UUID, list[Move]] = {}
    for move in moves:
        groups.setdefault(head(move.order_id), []).append(move)
    return list(groups.values())


def _touched(move: Move, scarce: set[Key]) -> Iterable[Key]:
    return [key for key in (*move.gives, *move.takes) if key in scarce]
