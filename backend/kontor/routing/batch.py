"""`optimize`: a joint plan of many orders that share stock and capacity, better the longer it may take, with a bound.

Orders that contest nothing with each other are planned apart. Within a part every order is always planned exactly on
what the others leave; who leaves what to whom is found by prices, by mixing known plans and by ruin and recreate. What
is done depends on the seed and on the number of rounds alone; time decides only when to stop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from kontor.routing import solver
from kontor.routing.joining import Part
from kontor.routing.relaxing import Rows
from kontor.routing.seeking import Seeker, plan_of, seeker_of, wish_of
from kontor.routing.sharing import Draw, Ledger, contested
from kontor.routing.values import Demand, FulfillmentPlan, Id, Policy, Supply


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """A plan for each order, feasible together. No joint plan costs less than `bound_cents`.

    A plan's own gap is its distance to the order alone on everything: what sharing costs it.
    """

    plans: Mapping[Id, FulfillmentPlan]
    cost_cents: int
    bound_cents: int
    parts: int
    rounds: int

    @property
    def gap_cents(self) -> int:
        """The most the joint plan may be off; 0 when it is proven to be the cheapest."""
        return self.cost_cents - self.bound_cents

    @property
    def gap(self) -> float:
        """The gap as a share of the bound."""
        return self.gap_cents / max(1, abs(self.bound_cents))


def optimize(
    demands: Mapping[Id, Demand],
    supply: Supply,
    policy: Policy,
    *,
    seconds: float,
    seed: int = 1,
    rounds: int | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> BatchPlan:
    """The cheapest joint plan found within the time and the rounds, and a proven bound on all joint plans.

    Every order is planned once whatever the time, by priority, promise and the order given; the result is never dearer
    than that. Ends early when nothing can be gained any more. Without the extra `optimizer` only ruin and recreate is
    used, and the bound is what the orders would cost each alone on everything.
    """
    end = clock() + seconds
    ledger = Ledger(supply)
    names = list(demands)
    seekers = [seeker_of(each, _seen_by(each, supply), policy, ledger) for each in demands.values()]
    wishes = [wish_of(seeker, ledger) for seeker in seekers]
    shelves, gates = contested(ledger, wishes)
    groups = _apart(wishes, ledger, shelves, gates)
    parts = [
        _part(
            members, (seekers, wishes, ledger), (shelves, gates), rng=Random(f"{seed}/{n}"), rest=lambda: end - clock()
        )
        for n, members in enumerate(groups)
    ]
    with_programs = solver.is_there()
    done = 0
    while clock() < end and (rounds is None or done < rounds):
        going = [part for part in parts if not part.is_done]
        if not going:
            break
        done += 1
        for part in going:
            part.step(solver=with_programs)
    return _batch_plan(names, groups, parts, supply=supply, policy=policy, rounds=done)


def _seen_by(demand: Demand, supply: Supply) -> Supply:
    return supply if supply.days_for is None else replace(supply, release_days=supply.days_for(demand))


def _part(
    members: Sequence[int],
    given: tuple[Sequence[Seeker], Sequence[Draw], Ledger],
    limits: tuple[set[int], set[int]],
    *,
    rng: Random,
    rest: Callable[[], float],
) -> Part:
    seekers, wishes, ledger = given
    held = {ledger.slots[slot].shelf for each in members for slot, _ in wishes[each].slots}
    passed = {gate for each in members for gate, _ in wishes[each].gates}
    rows = Rows(ledger, limits[0] & held, limits[1] & passed)
    return Part([seekers[each] for each in members], ledger, rows, rng=rng, rest=rest)


def _apart(wishes: Sequence[Draw], ledger: Ledger, shelves: set[int], gates: set[int]) -> list[list[int]]:
    """Orders in groups that contest no shelf and no gate with each other, each group in the order given."""
    leader = list(range(len(wishes)))

    def head(number: int) -> int:
        while leader[number] != number:
            leader[number] = leader[leader[number]]
            number = leader[number]
        return number

    first: dict[tuple[bool, int], int] = {}
    for number, wish in enumerate(wishes):
        wanted = [(False, ledger.slots[slot].shelf) for slot, _ in wish.slots]
        wanted = [each for each in wanted if each[1] in shelves]
        for resource in [*wanted, *[(True, gate) for gate, _ in wish.gates if gate in gates]]:
            a, b = sorted((head(first.setdefault(resource, number)), head(number)))
            leader[b] = a
    groups: dict[int, list[int]] = {}
    for number in range(len(wishes)):
        groups.setdefault(head(number), []).append(number)
    return list(groups.values())


def _batch_plan(
    names: Sequence[Id],
    groups: Sequence[Sequence[int]],
    parts: Sequence[Part],
    *,
    supply: Supply,
    policy: Policy,
    rounds: int,
) -> BatchPlan:
    plans: dict[int, FulfillmentPlan] = {}
    for members, part in zip(groups, parts, strict=True):
        for number, seeker, option, alone in zip(members, part.seekers, part.search.kept, part.alone.paid, strict=True):
            plans[number] = plan_of(seeker, option, supply=supply, policy=policy, alone=alone)
    cost = sum(part.search.best for part in parts)
    bound = sum(min(part.bound, part.search.best) for part in parts)
    return BatchPlan({name: plans[n] for n, name in enumerate(names)}, cost, bound, len(parts), rounds)
