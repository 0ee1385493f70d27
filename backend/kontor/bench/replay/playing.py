"""Play the stories: window by window the clock moves on, all that is due is done side by side, the work behind settles.

A window is as long as it takes for a few hundred acts to be due. The recorded times travel with the calls (placed,
shipped, delivered), so a window's length changes nothing about them; within a window nobody waits for the clock.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kontor.bench.replay.client import all_at_once
from kontor.bench.replay.installation import Installation
from kontor.bench.replay.operations import Announced, Operations, Work
from kontor.bench.replay.plan import Act, Ending, Story

ACTS_PER_WINDOW = 600
LONGEST_WINDOW = timedelta(days=7)
ORDERS_PER_CALL = 25
WORK_PER_CALL = 50
SAY_EVERY = 2000


class Stuck(RuntimeError):
    """An order cannot go on as recorded; the message says which and why."""


@dataclass(slots=True)
class Playing:
    """A story on its way: what is done already, and the ids it has in Kontor."""

    story: Story
    order_id: str = ""
    done: int = 0
    work: dict[str, Work] = field(default_factory=dict)
    announced: Announced | None = None

    @property
    def next_at(self) -> datetime | None:
        """When the next act is due."""
        return self.story.steps[self.done].at if self.done < len(self.story.steps) else None

    @property
    def next_act(self) -> Act:
        """What comes next."""
        return self.story.steps[self.done].act


@dataclass(slots=True)
class Played:
    """What was done and how long it took."""

    acts: Counter[str] = field(default_factory=Counter)
    windows: int = 0
    rounds: int = 0
    reviewed: int = 0
    seconds: float = 0.0


class Player:
    """Plays stories over an installation."""

    def __init__(
        self,
        installation: Installation,
        operations: Operations,
        stories: Sequence[Story],
        say: Callable[[str], None],
        acts_per_window: int = ACTS_PER_WINDOW,
    ) -> None:
        self._on, self._do, self._say = installation, operations, say
        self._acts_per_window = acts_per_window
        self._all = [Playing(story) for story in stories]
        self._agenda: list[tuple[datetime, int]] = []
        self._by_order: dict[str, Playing] = {}
        self._told = 0
        self.played = Played()

    async def play(self) -> Played:
        """Every story to its end; raises `Stuck`, `Refused` or `NotQuiet` when one cannot go on."""
        started = time.perf_counter()
        for position in range(len(self._all)):
            self._enter(position)
        for end in windows(self._all, acts=self._acts_per_window):
            since = await self._on.clock.now()
            await self._on.move_to(end)
            self.played.windows += 1
            await self._on.quiet()  # timers that were due on the way
            await self._settle(since)
            while due := self._take_due(end):
                self.played.rounds += 1
                await self._act([self._all[position] for position in due])
                for position in due:
                    self._enter(position)
                await self._on.quiet()
                await self._settle(since)
            self._tell(end, started)
        self.played.seconds = time.perf_counter() - started
        return self.played

    def _tell(self, end: datetime, started: float) -> None:
        placed = self.played.acts[Act.PLACE.value]
        if placed // SAY_EVERY > self._told:
            self._told = placed // SAY_EVERY
            self._say(f"{end.date()}: {placed} orders placed, {placed / (time.perf_counter() - started):.0f} a second")

    def _enter(self, position: int) -> None:
        moment = self._all[position].next_at
        if moment is not None:
            heapq.heappush(self._agenda, (moment, position))

    def _take_due(self, end: datetime) -> list[int]:
        """The next act of every story that is due; its following one waits for the next round."""
        found = []
        while self._agenda and self._agenda[0][0] <= end:
            found.append(heapq.heappop(self._agenda)[1])
        return found

    async def _act(self, due: Sequence[Playing]) -> None:
        groups: dict[Act, list[Playing]] = defaultdict(list)
        for each in due:
            groups[each.next_act].append(each)
        for act, group in groups.items():
            await self._perform(act, group)
            self.played.acts[act.value] += len(group)
            for each in group:
                each.done += 1

    async def _perform(self, act: Act, group: Sequence[Playing]) -> None:
        match act:
            case Act.PLACE:
                await all_at_once(group, ORDERS_PER_CALL, self._place)
            case Act.SHIP:
                await all_at_once(self._work_of(group), WORK_PER_CALL, self._do.ship)
            case Act.DELIVER:
                await all_at_once(self._work_of(group), WORK_PER_CALL, self._do.deliver)
            case Act.REFUSE:
                await all_at_once([work for work, _ in self._work_of(group)], 1, self._do.refuse)
            case Act.PAY:
                await all_at_once(group, 1, self._pay)
            case Act.CANCEL:
                await all_at_once(group, 1, self._cancel)
            case Act.RETURN:
                await all_at_once(group, 1, self._return)
            case Act.TAKE_BACK:
                await all_at_once(group, 1, self._take_back)
            case Act.ACCEPT:
                raise AssertionError("accepting follows the release, it has no time of its own")

    def _work_of(self, group: Sequence[Playing]) -> list[tuple[Work, datetime]]:
        found = []
        for each in group:
            sellers = {line.seller_id for line in each.story.order.lines}
            if {work.location for work in each.work.values()} != sellers:
                served = sorted(work.location for work in each.work.values())
                raise Stuck(f"Order {each.story.order.id} is served by {served}, recorded are {sorted(sellers)}")
            found += [(work, each.story.steps[each.done].at) for work in each.work.values()]
        return found

    async def _place(self, part: Sequence[Playing]) -> None:
        ids = await self._do.place([each.story for each in part])
        for each, order_id in zip(part, ids, strict=True):
            each.order_id = order_id
            self._by_order[order_id] = each

    async def _cancel(self, part: Sequence[Playing]) -> None:
        for each in part:
            begun = list(each.work.values()) if each.story.accepted else []
            await self._do.cancel(each.order_id, begun)

    async def _pay(self, part: Sequence[Playing]) -> None:
        for each in part:
            await self._do.pay(each.order_id)

    async def _return(self, part: Sequence[Playing]) -> None:
        for each in part:
            whole = each.story.ending is not Ending.RETURNED_IN_PART
            each.announced = await self._do.request_return(each.order_id, whole=whole)

    async def _take_back(self, part: Sequence[Playing]) -> None:
        for each in part:
            assert each.announced is not None
            await self._do.take_back(each.announced)

    async def _settle(self, since: datetime) -> None:
        """What people do at once: risk reviews are accepted, sellers take on what was released to them."""
        reviews = await self._do.orders_in_review(since)
        if reviews:
            self.played.reviewed += len(reviews)
            await all_at_once(reviews, 1, self._do.accept_review)
            await self._on.quiet()
        taken: list[Work] = []
        for work in await self._do.open_work(since):
            playing = self._by_order[work.order_id]
            if work.id not in playing.work:
                playing.work[work.id] = work
                if playing.story.accepted:
                    taken.append(work)
        if taken:
            await all_at_once(taken, WORK_PER_CALL, self._do.accept)
            self.played.acts[Act.ACCEPT.value] += len(taken)


def windows(playing: Sequence[Playing], *, acts: int = ACTS_PER_WINDOW) -> Iterator[datetime]:
    """The ends of the windows: each holds about `acts` steps and is at most a week long."""
    moments = sorted(step.at for each in playing for step in each.story.steps)
    if not moments:
        return
    begun, count = moments[0], 0
    for position, moment in enumerate(moments):
        count += 1
        last = position + 1 == len(moments)
        if last or count >= acts or moments[position + 1] - begun > LONGEST_WINDOW:
            if not last and moments[position + 1] == moment:
                continue
            yield moment
            if not last:
                begun, count = moments[position + 1], 0
