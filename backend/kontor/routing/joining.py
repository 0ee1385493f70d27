"""A part of a batch whose orders contest the same goods and room: its joint plan, its prices and its bound.

Prices and bound come from plans mixed by a linear program that each order adds to as long as a plan of its own is
cheaper at the prices. Then neighborhoods of orders are freed, priced among themselves on what the others leave, and
mixed again as a whole program; ruin and recreate goes on between. What is small is settled by all plans near the bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from kontor.routing.compact import settled
from kontor.routing.mixing import Master, Mixture, mix
from kontor.routing.ranking import plans_within
from kontor.routing.recreating import Joint, Search, in_sequence
from kontor.routing.relaxing import Offers, Rows, offers_at
from kontor.routing.seeking import Option, Prices, Seeker, narrowed, price_of, reach, seek_in
from kontor.routing.sharing import Draw, Ledger

if TYPE_CHECKING:
    from random import Random

NEIGHBORS = 50
NEAR = 16
"""Locations an order looks at on what others leave, once prices say which."""
_PRICING_ROUNDS = 30
_LOCAL_ROUNDS = 5
_PLANS_EACH = 20
_RECENT = 30
_DIVES = 8
_DIVE_ROUNDS = 2
_NEARLY_ALL = 0.95
_NODES = 5
_SETTLED_UP_TO = 60
_SETTLED_STEPS = 60_000
_SETTLED_PLANS = 20_000
_STALLED = 12
_CLOSE = 100
"""One part in so many: how near the mixture's cost the bound must be for prices to be good enough to search."""
_BETWEEN = 4
"""Rounds of search between two of pricing, once prices are good enough."""


class Part:
    """The work on one part; `rest` are the seconds left. `step` goes on and says whether more can be gained."""

    def __init__(
        self, seekers: Sequence[Seeker], ledger: Ledger, rows: Rows, *, rng: Random, rest: Callable[[], float]
    ) -> None:
        self.seekers, self.ledger, self.rows, self.rng, self.rest = seekers, ledger, rows, rng, rest
        self.nothing = [Option(each.nothing, (), Draw((), ())) for each in seekers]
        self.pool: list[dict[object, Option]] = [{option.parcels: option} for option in self.nothing]
        self.duals = [0] * len(rows.limits)
        alone = offers_at(seekers, rows, self.duals)
        assert alone is not None
        self.offers: Offers = alone
        self.alone = alone
        self.joint = Joint(seekers, ledger, self.nothing)
        in_sequence(self.joint, range(len(seekers)), None)
        self.search = Search(self.joint, [[option] for option in alone.options], self.learn)
        self.learn_all(enumerate([*alone.options]))
        self.learn_all(enumerate(self.joint.chosen))
        self.bound = min(alone.bound, self.search.best)
        self.master: Master | None = None
        self.pricing = self.searched = self.stalled = 0
        self.is_priced = self.is_settled = False

    @property
    def is_done(self) -> bool:
        """Whether the joint plan is proven to be the cheapest."""
        return self.bound >= self.search.best

    def learn(self, number: int, option: Option) -> bool:
        """Remember a plan of an order; whether it is new."""
        known = self.pool[number]
        if option.parcels in known:
            return False
        known[option.parcels] = option
        return True

    def learn_all(self, options: Iterable[tuple[int, Option]]) -> list[tuple[int, Option]]:
        """Remember plans; those that are new."""
        return [(number, option) for number, option in options if self.learn(number, option)]

    def step(self, *, solver: bool) -> None:
        """One round of pricing, or of search."""
        if not solver:
            self._recreate(len(self.seekers), None)
        elif self.is_priced or self.searched % (_BETWEEN + 1):
            self.searched += 1
            self._look_around()
        else:
            self._price()

    def _recreate(self, moves: int, prices: Prices | None) -> None:
        """Half of the rounds climb down only; the others may climb up a little first."""
        margin = (self.search.best - self.bound) // (4 * len(self.seekers)) if self.rng.random() < 0.5 else 0
        self.search.improve(moves, margin, self.rng, prices, lambda: self.rest() <= 0)
        self.search.back()

    def _price(self) -> None:
        """Let each order add the plan it would take at prices between the best so far and the mixture's."""
        if self.master is None:
            self.master = Master(self.rows, self.rows.limits, len(self.seekers))
            self.master.add((number, option) for number, known in enumerate(self.pool) for option in known.values())
        self.pricing += 1
        self.is_priced = self.pricing >= _PRICING_ROUNDS
        mixed = self.master.solve(self.rest())
        if mixed is None:
            self.is_priced = True
            return
        cost, vertex = mixed
        duals = self.rows.proper([(old + new) / 2 for old, new in zip(self.duals, vertex, strict=True)])
        offers = offers_at(self.seekers, self.rows, duals, lambda: self.rest() <= 0)
        if offers is None:
            return
        new = self.learn_all(enumerate(offers.options))
        self.master.add(new)
        if offers.bound > self.offers.bound:
            self.duals, self.offers = duals, offers
            self.bound = max(self.bound, min(offers.bound, self.search.best))
        self.is_priced = self.is_priced or not new
        is_close = (cost - self.offers.bound) * _CLOSE <= cost
        if not self.searched and (self.is_priced or (is_close and len(self.seekers) > _SETTLED_UP_TO)):
            self._round_off()
            self.searched = 1
        elif self.searched:
            self.searched += 1

    def _round_off(self) -> None:
        """A joint plan of the mixture: fix what is hardly mixed, mix the others again on what is left, and so on."""
        assert self.master is not None
        joint, prices = self.joint, self.rows.prices(self.duals)
        if self.master.solve(self.rest()) is None:
            return
        joint.seekers = [narrowed(each, prices, NEAR) for each in self.seekers]
        waiting = set(range(len(self.seekers)))
        for number in waiting:
            joint.drop(number)
        self._fix(self.master.shares(), waiting, least=0)
        while len(waiting) > NEIGHBORS and self.rest() > 0:
            numbers = sorted(waiting)
            master, _ = self._mixed_among(numbers, self.nothing, self._limits_without(waiting), rounds=_DIVE_ROUNDS)
            shares = [(share, numbers[line], option) for share, line, option in master.shares()]
            self._fix(shares, waiting, least=len(waiting) // _DIVES + 1)
        in_sequence(joint, waiting, prices)
        if waiting and self.rest() > 0:
            self._free(sorted(waiting))
        self.search.ideals = [list(pair) for pair in zip(self.alone.options, self.offers.options, strict=True)]
        self._recreate(len(self.seekers) // 2, prices)

    def _fix(self, shares: list[tuple[float, int, Option]], waiting: set[int], *, least: int) -> None:
        """Give orders what makes up nearly all of their mixture, and at least so many what makes up most of it."""
        fixed = 0
        for share, number, option in shares:
            if share < _NEARLY_ALL and fixed >= least:
                return
            if number in waiting and self.ledger.fits(option.draw):
                self.joint.put(number, option)
                waiting.discard(number)
                fixed += 1

    def _look_around(self) -> None:
        """Free a neighborhood, then a short ruin and recreate; settle what is small when nothing moves any more."""
        before = self.search.best
        self._free(self._neighborhood(min(NEIGHBORS, len(self.seekers))))
        self._recreate(max(1, len(self.seekers) // 8), self.rows.prices(self.duals))
        self.bound = min(self.bound, self.search.best)
        self.stalled = 0 if self.search.best < before else self.stalled + 1
        if self.stalled >= _STALLED and not self.is_settled and len(self.seekers) <= _SETTLED_UP_TO:
            self._settle()

    def _deviation(self, number: int, prices: Prices) -> int:
        option = self.joint.chosen[number]
        return max(0, option.cost + price_of(option.draw, prices) - self.offers.paid[number])

    def _neighborhood(self, size: int) -> list[int]:
        """Orders that hold what some order lacks, and so on, from orders that are far from what the prices say."""
        joint, rng, prices = self.joint, self.rng, self.rows.prices(self.duals)
        everyone = range(len(self.seekers))
        if size == len(everyone):
            return list(everyone)
        weights = [self._deviation(each, prices) + 1 for each in everyone]
        seen: set[int] = set()
        queue: list[int] = []
        while len(seen) < size:
            if not queue:
                queue = rng.choices(everyone, weights)
                seen.update(queue)
                continue
            number = queue.pop(0)
            wanted = set(joint.resources(joint.chosen[number]))
            for option in self.search.ideals[number]:
                wanted.update(joint.lacking(option))
            near = sorted(set().union(*[joint.holders.get(each, ()) for each in sorted(wanted)]) - seen)
            some = rng.sample(near, min(4, len(near), size - len(seen)))
            seen.update(some)
            queue += some
        return sorted(seen)

    def _free(self, numbers: list[int]) -> None:
        """The best joint plan of some orders, found by mixing, while all others keep theirs."""
        limits, old = self._limits_without(set(numbers)), list(self.joint.chosen)
        for number in numbers:
            self.joint.drop(number)
        master, prices = self._mixed_among(numbers, old, limits, rounds=_LOCAL_ROUNDS)
        known: dict[int, list[Option]] = {number: [] for number in numbers}
        for line, option in master.options:
            known[numbers[line]].append(option)
        choices = {}
        for number, options in known.items():
            options.sort(key=lambda option: option.cost + price_of(option.draw, prices))
            others = [option for option in options if option.parcels != old[number].parcels]
            choices[number] = [old[number], *others[:_PLANS_EACH]]
        found = mix(self.rows, limits, choices, nodes=_NODES, seconds=self.rest())
        for number in numbers:
            self.joint.put(number, old[number] if found.picked is None else found.picked[number])
        self.search.note()

    def _limits_without(self, numbers: set[int]) -> list[int]:
        """What the rows allow when everyone else keeps what they have."""
        limits = list(self.rows.limits)
        free = {link.free for link in self.rows.links}
        for number, option in enumerate(self.joint.chosen):
            if number not in numbers:
                for row, count in self.rows.entries(option.draw).items():
                    if row not in free:
                        limits[row] -= count
        return limits

    def _mixed_among(
        self, numbers: list[int], old: Sequence[Option], limits: Sequence[int], *, rounds: int
    ) -> tuple[Master, Prices]:
        """A mixture of plans that fit, with those the freed orders would take at prices found among themselves."""
        fits, master = self.ledger.fits, Master(self.rows, limits, len(numbers))
        known: list[set[object]] = []
        for line, number in enumerate(numbers):
            near = [option for option in list(self.pool[number].values())[-3 * _RECENT :] if fits(option.draw)]
            some = {option.parcels: option for option in [old[number], self.nothing[number], *near[-_RECENT:]]}
            known.append(set(some))
            master.add((line, option) for option in some.values())
        within = [reach(self.joint.seekers[number], self.ledger, None) for number in numbers]
        prices = self.rows.prices(self.duals)
        for turn in range(rounds + 1):
            mixed = master.solve(self.rest())
            if mixed is None or self.rest() <= 0:
                break
            prices = self.rows.prices(self.rows.proper(mixed[1]))
            new = []
            for line, number in enumerate(numbers) if turn < rounds else ():
                option, _, _ = seek_in(self.seekers[number], within[line], prices)
                if option.parcels not in known[line]:
                    known[line].add(option.parcels)
                    self.learn(number, option)
                    new.append((line, option))
            if not new:
                break
            master.add(new)
        return master, prices

    def _settle(self) -> None:
        """Mix all plans that a cheaper joint plan could hold: what they would pay above the least is in the gap."""
        self.is_settled = True
        gap = self.search.best - self.offers.bound
        prices, gates, count = self.rows.prices(self.duals), self.rows.of_gate, 0
        choices: dict[int, list[Option]] = {}
        for number, seeker in enumerate(self.seekers):
            limit = self.offers.paid[number] + gap
            options, complete = plans_within(seeker, prices, limit, gates=gates, most_steps=_SETTLED_STEPS)
            count += len(options)
            if not complete or count > _SETTLED_PLANS:
                self._settle_compactly(gap)
                return
            if self.rest() <= 0:
                return
            first = self.search.kept[number]
            choices[number] = [first, *[option for option in options if option.parcels != first.parcels]]
        self._take(mix(self.rows, self.rows.limits, choices, nodes=1_000_000, seconds=self.rest()))

    def _settle_compactly(self, gap: int) -> None:
        """The same where some order has too many plans to list."""
        limits = [paid + gap for paid in self.offers.paid]
        found = settled(
            self.seekers,
            self.ledger,
            limits,
            prices=self.rows.prices(self.duals),
            start=dict(enumerate(self.search.kept)),
            seconds=self.rest(),
        )
        if found is not None:
            self._take(found)

    def _take(self, found: Mixture) -> None:
        if found.picked is not None:
            self.joint.swap(found.picked.items())
            self.search.note()
        self.bound = max(self.bound, min(found.bound, self.search.best))
