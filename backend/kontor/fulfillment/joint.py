"""One joint plan of all orders that wait, and what of it is to be done: which orders move, for what gain, and why.

All of them give back what they hold, are planned together on everything, and are compared with what they held. Only
moves that gain enough are kept, with those that make room for them; no promise is broken for the gain of another.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from kontor.fulfillment.holdings import Shelves, free_of, give_back, gives_of, keys_of, part_of, plan_held, room_of
from kontor.fulfillment.keeping import keeps_promise
from kontor.fulfillment.moving import Key, Move, choose
from kontor.fulfillment.waiting import Waiting
from kontor.inventory.allocating import Pick
from kontor.inventory.allocations import Slice
from kontor.inventory.models import Allocation
from kontor.routing.gathering import optimize_together
from kontor.routing.service import Owner, SupplyBook, decision_row
from kontor.routing.values import Demand, FulfillmentPlan, Id, PlannedParcel, Policy

OCCASION = "REOPTIMIZE"
HELD_FIRST = 10
SHARES = (0.7, 0.3)
"""Of the seconds: for all orders, and once more for those that may do what the first plan had for them."""
Articles = Mapping[UUID, tuple[bool, bool]]


@dataclass(slots=True)
class Relocation:
    """The move of one order: what is given up and ended, what is taken, and the decisions behind it.

    `plans` hold the parcels that are to be given to places at once, where work of the order was ended.
    """

    waiting: Waiting
    seal: tuple[Any, ...]
    gain: int
    given_up: Sequence[Slice]
    ended: Sequence[UUID]
    picks: Sequence[Pick]
    plans: Sequence[FulfillmentPlan]
    decisions: Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class JointPlan:
    """What a run found. `cost` is that of all orders as they lay, `planned` and `bound` those of the joint plan; cents.

    Moves of one group need each other.
    """

    orders: int = 0
    cost: int = 0
    planned: int = 0
    bound: int = 0
    groups: Sequence[Sequence[Relocation]] = ()


@dataclass(slots=True)
class _Draft:
    """One order between what it holds and what the joint plan would give it."""

    waiting: Waiting
    demands: list[Demand]
    before: list[FulfillmentPlan] = field(default_factory=list)
    after: list[FulfillmentPlan] = field(default_factory=list)
    booked: list[tuple[int, PlannedParcel, list[Pick]]] = field(default_factory=list)
    picks: list[Pick] = field(default_factory=list)
    given_up: list[Slice] = field(default_factory=list)
    ended: list[UUID] = field(default_factory=list)
    short: bool = False

    @property
    def id(self) -> UUID:
        return self.waiting.order.id

    @property
    def owner(self) -> Owner:
        order = self.waiting.order
        return Owner(order.id, order.channel_id, order.priority)

    @property
    def cost(self) -> int:
        """What the order costs as it lies, in cents."""
        return sum(plan.cost_cents for plan in self.before)

    @property
    def gain(self) -> int:
        """Cents saved by the joint plan; less than 0 where the order makes room for others."""
        return self.cost - sum(plan.cost_cents for plan in self.after)


async def plan_jointly(
    book: SupplyBook, orders: Sequence[Waiting], articles: Articles, *, seconds: float, run_id: UUID
) -> JointPlan:
    """Plan the orders jointly on a book without them, within about so many seconds; uses the book up.

    Works in a thread of its own, so that the loop stays free for whoever else is served by this process.
    """
    return await asyncio.to_thread(_plan, book, orders, articles, seconds=seconds, run_id=run_id)


def _plan(
    book: SupplyBook, orders: Sequence[Waiting], articles: Articles, *, seconds: float, run_id: UUID
) -> JointPlan:
    drafts = [_Draft(each, each.demands(book, articles)) for each in orders]
    free, shelves = free_of(book), Shelves(book)
    moving, moves, bounds = drafts, list[Move](), list[int]()
    for share in SHARES:
        shelves.restore(book)
        planned, bound = _attempt(book, moving, seconds * share)
        bounds.append(bound)
        moves = [_move(book, draft) for draft in moving if draft.given_up or draft.picks or draft.ended]
        refused = {move.order_id for move in moves if not move.allowed}
        if not refused or len(bounds) == len(SHARES):
            break
        moving = [draft for draft in moving if draft.id not in refused]
    staying = {draft.id for draft in drafts} - {draft.id for draft in moving}
    chosen = choose(moves, free)
    _settle(book, moving, {move.order_id for group in chosen for move in group})
    by_id = {draft.id: draft for draft in moving}
    facts = {"run": str(run_id), "orders": len(drafts)}
    return JointPlan(
        orders=len(drafts),
        cost=sum(draft.cost for draft in drafts),
        planned=planned + sum(draft.cost for draft in drafts if draft.id in staying),
        bound=bounds[0],
        groups=[[_relocation(book, by_id[move.order_id], facts) for move in group] for group in chosen],
    )


def _attempt(book: SupplyBook, drafts: Sequence[_Draft], seconds: float) -> tuple[int, int]:
    """Plan these orders jointly on all that the others do not hold; cost and bound of the plan."""
    for draft in drafts:
        give_back(book, draft.waiting.order.channel_id, draft.waiting.held)
        _give_room_back(book, draft.waiting)
    for draft in drafts:
        draft.before = draft.before or [_as_held(book, draft.waiting, demand) for demand in draft.demands]
        draft.booked, draft.picks, draft.short = [], [], False
    planned, bound = _optimize(book, drafts, seconds)
    for draft in drafts:
        _compare(draft)
    return planned, bound


def _give_room_back(book: SupplyBook, waiting: Waiting) -> None:
    """The room that work of a later day takes is there for whoever takes it now."""
    for row in waiting.scheduled.values():
        capacity = book.capacity.get(row.location_id)
        step = -1 if row.ship_on is None else row.ship_on.toordinal() - book.today
        if capacity is not None and 0 <= step < book.horizon:
            units = sum(each.quantity for each in waiting.held if each.fulfillment_order_id == row.id)
            book.capacity[row.location_id] = capacity._replace(
                units=_more(capacity.units, step, units), parcels=_more(capacity.parcels, step, 1)
            )


def _more(left: tuple[int, ...] | None, step: int, count: int) -> tuple[int, ...] | None:
    return left if left is None else tuple(each + count * (n == step) for n, each in enumerate(left))


def _as_held(book: SupplyBook, waiting: Waiting, demand: Demand) -> FulfillmentPlan:
    lines = {line.line_id for line in demand.lines}
    held = [row for row in waiting.held if row.order_line_id in lines]
    return plan_held(book, demand, held, waiting.order.channel_id)


def _optimize(book: SupplyBook, drafts: Sequence[_Draft], seconds: float) -> tuple[int, int]:
    """Plan the orders of each policy jointly, on what those before left; the cost of the plans and their bound."""
    groups: dict[Policy, list[_Draft]] = {}
    for draft in drafts:
        policy = book.policy(draft.waiting.order.channel_id, draft.demands[0])
        groups.setdefault(policy, []).append(draft)
    cost = bound = 0
    for policy, members in groups.items():
        demands: dict[Id, Demand] = {
            f"{draft.id}/{n}": _held_first(book.owed(demand, policy), draft.before[n], policy)
            for draft in members
            for n, demand in enumerate(draft.demands)
        }
        part = seconds * len(members) / len(drafts)
        best = optimize_together(demands, book.supply_for_all(policy), policy, seconds=part)
        cost, bound = cost + best.cost_cents, bound + best.bound_cents
        for draft in members:
            draft.after = [best.plans[f"{draft.id}/{n}"] for n in range(len(draft.demands))]
        _book(book, members)
    return cost, bound


def _held_first(demand: Demand, before: FulfillmentPlan, policy: Policy) -> Demand:
    """The demand with much more owed for what has its pieces: nobody gets them instead. It costs no more when sent."""
    missing = {line_id for line_id, _ in before.unsent}
    lines = []
    for line in demand.lines:
        cents = policy.shortage_cents if line.shortage_cents is None else line.shortage_cents
        lines.append(line if line.line_id in missing else replace(line, shortage_cents=cents * HELD_FIRST))
    return replace(demand, lines=tuple(lines))


def _book(book: SupplyBook, drafts: Sequence[_Draft]) -> None:
    """Take the plans off the book, what leaves first before what leaves later and may wait for expected goods."""
    parcels = [
        (parcel.day, number, index, parcel)
        for number, draft in enumerate(drafts)
        for index, plan in enumerate(draft.after)
        for parcel in plan.parcels
    ]
    for _, number, index, parcel in sorted(parcels, key=lambda each: each[:3]):
        draft = drafts[number]
        picks = book.book(replace(draft.after[index], parcels=(parcel,)), draft.demands[index], draft.owner)
        draft.booked.append((index, parcel, picks))
        draft.short = draft.short or sum(pick.quantity for pick in picks) < sum(count for _, count in parcel.lines)


def _compare(draft: _Draft) -> None:
    """What the order would give up and take; what is the same before and after is neither."""
    waiting = draft.waiting
    staying = dict(waiting.scheduled)
    for _, parcel, picks in draft.booked:
        row_id = next((row_id for row_id in staying if _is_same(waiting, row_id, parcel)), None)
        if row_id is None:
            draft.picks.extend(picks)
        else:
            del staying[row_id]
    draft.ended = list(staying)
    unsent: dict[Id, int] = {}
    for plan in draft.after:
        unsent.update(plan.unsent)
    loose = [row for row in waiting.held if row.fulfillment_order_id is None]
    draft.given_up = gives_of(loose, draft.picks, unsent)
    draft.given_up += [part_of(row, row.quantity) for row in waiting.held if row.fulfillment_order_id in staying]


def _is_same(waiting: Waiting, row_id: UUID, parcel: PlannedParcel) -> bool:
    """Whether the parcel is what this work of a later day is."""
    row = waiting.scheduled[row_id]
    if row.ship_on is None or (row.location_id, row.ship_on.toordinal()) != (parcel.location_id, parcel.day):
        return False
    return _pieces(waiting, row_id) == dict(parcel.lines)


def _pieces(waiting: Waiting, row_id: UUID) -> dict[Id, int]:
    pieces: dict[Id, int] = {}
    for each in waiting.held:
        if each.fulfillment_order_id == row_id:
            pieces[each.order_line_id] = pieces.get(each.order_line_id, 0) + each.quantity
    return pieces


def _move(book: SupplyBook, draft: _Draft) -> Move:
    order = draft.waiting.order
    policy = book.policy(order.channel_id, draft.demands[0])
    change: Counter[Key] = Counter()
    for pick in draft.picks:
        change.update(keys_of(book, order.channel_id, pick))
    for part in draft.given_up:
        change.subtract(keys_of(book, order.channel_id, part))
    if draft.ended:
        _changeroom_of(book, draft, change)
    paid = sum(plan.cost_cents - plan.terms.shortage for plan in draft.before)
    return Move(
        order_id=order.id,
        gain=draft.gain,
        least=max(policy.move_cents, max(0, paid) * policy.move_percent // 100),
        allowed=not draft.short
        and keeps_promise(order.promised_on, draft.before, draft.after)
        and _keeps_pieces(draft)
        and _keeps_work(draft),
        gives={key: -count for key, count in change.items() if count < 0},
        takes={key: count for key, count in change.items() if count > 0},
    )


def _changeroom_of(book: SupplyBook, draft: _Draft, change: Counter[Key]) -> None:
    """Work that is ended and given out anew changes what its places, as far as they are limited, have to release."""
    for row_id in draft.ended:
        row = draft.waiting.scheduled[row_id]
        if row.ship_on is not None:
            units = sum(_pieces(draft.waiting, row_id).values())
            change.subtract(room_of(book, row.location_id, row.ship_on.toordinal(), units))
    for _, parcel, _ in _parcels_left(draft):
        change.update(room_of(book, parcel.location_id, parcel.day, sum(count for _, count in parcel.lines)))


def _parcels_left(draft: _Draft) -> list[tuple[int, PlannedParcel, list[Pick]]]:
    """The parcels but those that are work of a later day already."""
    staying = [row_id for row_id in draft.waiting.scheduled if row_id not in draft.ended]
    left = []
    for each in draft.booked:
        row_id = next((row_id for row_id in staying if _is_same(draft.waiting, row_id, each[1])), None)
        if row_id is None:
            left.append(each)
        else:
            staying.remove(row_id)
    return left


def _keeps_pieces(draft: _Draft) -> bool:
    """Whether as many pieces of each line are taken as are given up."""
    left: Counter[Id] = Counter()
    for pick in draft.picks:
        left[pick.order_line_id] += pick.quantity
    for part in draft.given_up:
        left[part.allocation.order_line_id] -= part.quantity
    return all(count >= 0 for count in left.values())


def _keeps_work(draft: _Draft) -> bool:
    """Whether what was given to places is given to places again, all of it at once."""
    if not draft.ended:
        return True
    complete = not any(plan.unsent for plan in draft.after)
    return all(pick.inbound_id is None for pick in draft.picks) and (complete or not draft.waiting.order.ship_complete)


def _settle(book: SupplyBook, drafts: Sequence[_Draft], moving: set[UUID]) -> None:
    """Bring the book to how things are once the moves are made."""
    for draft in drafts:
        if draft.id not in moving:
            channel_id = draft.waiting.order.channel_id
            give_back(book, channel_id, [pick for _, _, picks in draft.booked for pick in picks])
            give_back(book, channel_id, [_negative(draft, row) for row in draft.waiting.held])


def _negative(draft: _Draft, each: Allocation | Pick) -> Pick:
    """The same pieces, taken where they are given back."""
    return Pick(
        draft.id, each.order_line_id, draft.waiting.order.channel_id, each.location_id, each.variant_id,
        -each.quantity, -each.from_reservation, each.inbound_id,
    )  # fmt: skip


def _relocation(book: SupplyBook, draft: _Draft, facts: Mapping[str, Any]) -> Relocation:
    """The move with its reasons: how the order stands once all moves are made."""
    order = draft.waiting.order
    booked = [pick for _, _, picks in draft.booked for pick in picks]
    give_back(book, order.channel_id, booked)
    decisions = []
    for number, (demand, plan) in enumerate(zip(draft.demands, draft.after, strict=True)):
        record = book.explain(demand, order.channel_id, plan)
        places = sorted({str(parcel.location_id) for parcel in draft.before[number].parcels})
        gain = draft.before[number].cost_cents - plan.cost_cents
        record["moved"] = {**facts, "from": places, "gain": gain}
        decisions.append(decision_row(order.id, OCCASION, plan, record, book.now))
    give_back(book, order.channel_id, [_negative(draft, pick) for pick in booked])
    parcels: dict[int, list[PlannedParcel]] = {}
    for index, parcel, _ in _parcels_left(draft) if draft.ended else ():
        parcels.setdefault(index, []).append(parcel)
    return Relocation(
        waiting=draft.waiting,
        seal=draft.waiting.seal(),
        gain=draft.gain,
        given_up=draft.given_up,
        ended=draft.ended,
        picks=draft.picks,
        plans=[replace(plan, parcels=tuple(parcels.get(n, ()))) for n, plan in enumerate(draft.after)],
        decisions=decisions,
    )
