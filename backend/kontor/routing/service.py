"""Read what is there and plan orders on it. Planning is pure; several orders of one batch share one book of supply."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog import models as _catalog  # noqa: F401 - columns that point there have their type from there
from kontor.core.clock import utc_day
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.sets import among
from kontor.inventory.allocating import Pick
from kontor.inventory.models import InboundStock, Reservation, StockLevel
from kontor.routing.calendars import add_calendars
from kontor.routing.candidates import items_of
from kontor.routing.excluding import read_exclusions
from kontor.routing.exclusions import Exclusion, hiding, note, of_line, whole_places, without
from kontor.routing.explanation import explain
from kontor.routing.masters import Masters
from kontor.routing.models import RoutingDecision, ShadowPrice
from kontor.routing.pinning import Held, plan_pinned
from kontor.routing.policies import InForce
from kontor.routing.pooling import plan_together
from kontor.routing.presets import cost
from kontor.routing.ruling import country_of, kind_of, only, ruled
from kontor.routing.situations import Situation, pack
from kontor.routing.surveying import find_candidates
from kontor.routing.values import Capacity, Demand, FulfillmentPlan, Id, Network, Policy, Reason, Stock, Supply

HORIZON_DAYS = 4
_SITUATION = "situation"
_MOST_COST = 2**31 - 1  # of the column; the record has the cost itself
_PERSONAL = "#"  # what is kept for one customer is nobody's quota: no channel has such a code
DEFAULT_POLICY = cost().weights


@dataclass(slots=True)
class Inbound:
    """Expected goods that may be promised."""

    id: UUID
    day: int
    free: int


@dataclass(slots=True)
class SupplyBook:
    """Supply of the variants of a batch; each plan that is taken is booked, so the next order sees what is left."""

    masters: Masters
    now: datetime
    stock: dict[Id, dict[Id, Stock]]
    inbound: dict[tuple[UUID, UUID], list[Inbound]]
    capacity: dict[Id, Capacity]
    policies: InForce
    release_days: dict[Id, tuple[int, ...]] = field(default_factory=dict)
    horizon: int = HORIZON_DAYS
    dearest: dict[Id, int] = field(default_factory=dict)
    exclusions: tuple[Exclusion, ...] = ()

    @property
    def today(self) -> int:
        return utc_day(self.now).toordinal()

    def policy(self, channel_id: UUID, demand: Demand) -> Policy:
        """The policy in force for an order of the channel."""
        found = self.policies.of(channel_id, country_of(demand), kind_of(demand))
        return DEFAULT_POLICY if found is None else found.policy

    def network(self, demand: Demand, channel_id: UUID) -> Network:
        """The places as the rules for such an order show them."""
        return ruled(demand, self.supply, self.policy(channel_id, demand)).network

    @property
    def supply(self) -> Supply:
        """What is left, as the planner takes it."""
        return Supply(self.masters.network, self.stock, self.today, self.horizon, self.capacity, self.release_days)

    def supply_of(self, policy: Policy, variant_ids: Iterable[Id] | None = None) -> Supply:
        """What is left as the policy sees it: without shadow prices where it does not go by them; of these variants."""
        if policy.shadow_prices or not self.dearest:
            return self.supply
        wanted = self.stock if variant_ids is None else set(variant_ids)
        return replace(self.supply, stock=_unpriced({each: self.stock.get(each, {}) for each in wanted}))

    def owed(self, demand: Demand, policy: Policy) -> Demand:
        """The demand with what is owed for a unit raised by its dearest price: a price says where from, never whether.

        Only where the policy goes by prices.
        """
        if not policy.shadow_prices or not self.dearest:
            return demand
        lines = []
        for line in demand.lines:
            cents = policy.shortage_cents if line.shortage_cents is None else line.shortage_cents
            lines.append(replace(line, shortage_cents=cents + self.dearest.get(line.variant_id, 0)))
        return replace(demand, lines=tuple(lines))

    def usable(self, demand: Demand, policy: Policy) -> tuple[Demand, Supply]:
        """The demand as the policy weighs it, and what is left for it of what routing may use."""
        asked, supply = self.owed(demand, policy), self.supply_of(policy, _variants(demand))
        return without(self.exclusions, asked, supply) if self.exclusions else (asked, supply)

    def supply_for_all(self, policy: Policy) -> Supply:
        """What is left for many orders of one policy that are planned together, of what routing may use."""
        supply = self.supply_of(policy)
        return hiding(self.exclusions, supply, self.stock) if self.exclusions else supply

    def plan(self, demand: Demand, channel_id: UUID) -> FulfillmentPlan:
        """The cheapest plan on what is left."""
        policy = self.policy(channel_id, demand)
        return plan_together(*self.usable(demand, policy), policy)

    def plan_from(self, own: Mapping[Id, Mapping[Id, Stock]], demand: Demand, channel_id: UUID) -> FulfillmentPlan:
        """The cheapest plan from nothing but `own`, under the rules as they are for all that may be used."""
        policy = self.policy(channel_id, demand)
        asked, supply = self.usable(demand, policy)
        own = own if policy.shadow_prices else _unpriced(own)
        usable_own = without(self.exclusions, asked, replace(supply, stock=own))[1].stock
        return plan_together(asked, only(usable_own, ruled(asked, supply, policy)), policy)

    def explain(self, demand: Demand, channel_id: UUID, chosen: FulfillmentPlan) -> dict[str, Any]:
        """Why: every candidate with its terms or the reason against it, and the runner-up. Ask before `book`.

        With it, for `decision_row`, the situation: what to decide again on.
        """
        policy = self.policy(channel_id, demand)
        asked, supply = self.usable(demand, policy)
        record = explain(asked, supply, policy, chosen)
        if self.exclusions:
            note(record, self.exclusions, asked)
        return {**record, _SITUATION: Situation(pack(demand, self.supply), channel_id, country_of(demand))}

    def plan_pinned(self, demand: Demand, channel_id: UUID, held: Held) -> FulfillmentPlan:
        """The cheapest plan that leaves the held units (by line and place) where they are."""
        policy = self.policy(channel_id, demand)
        return plan_pinned(*self.usable(demand, policy), policy, held)

    def hurdles(self, demand: Demand, channel_id: UUID) -> dict[Id, Reason]:
        """Why places with any of the goods can send none of them."""
        policy = self.policy(channel_id, demand)
        asked, supply = self.usable(demand, policy)
        seen = ruled(asked, supply, policy)
        return dict(find_candidates(asked, seen, policy, *items_of(asked, policy)).eliminated)

    def excluded_for(self, order_id: UUID, variant_id: UUID) -> frozenset[Id]:
        """Places that get nothing of this article in this order."""
        return of_line(self.exclusions, order_id, variant_id) if self.exclusions else frozenset()

    def excluded_places(self) -> frozenset[Id]:
        """Places that get nothing of any order."""
        return whole_places(self.exclusions)

    def at(self, location_id: Id) -> SupplyBook:
        """What one place has: for a plan that no other place may take part in, without looking at them all."""
        stock: dict[Id, dict[Id, Stock]] = {
            variant_id: {location_id: rows[location_id]} if location_id in rows else {}
            for variant_id, rows in self.stock.items()
        }
        return replace(self, stock=stock)

    def give_up(self, kept: Mapping[tuple[UUID, UUID], int], channel: str, *, again: bool = False) -> None:
        """Let the order planned next have what was kept for its customer, by place and variant; `again` keeps it."""
        for (location_id, variant_id), quantity in kept.items():
            row = self.stock.get(variant_id, {}).get(location_id)
            if row is not None:
                personal = channel + _PERSONAL
                left = (row.reserved or {}).get(personal, 0) + (quantity if again else -quantity)
                reserved = {**(row.reserved or {}), personal: max(0, left)}
                self.stock[variant_id][location_id] = row._replace(reserved=reserved)

    def book(self, chosen: FulfillmentPlan, demand: Demand, owner: Owner) -> list[Pick]:
        """Turn a plan into picks and take them off what is left.

        On hand goes first, out of what was kept for the customer, then the channel's reservation, then the free stock;
        the rest is bound to expected goods.
        """
        own = dict(owner.kept)
        variants = {line.line_id: line.variant_id for line in demand.lines}
        picks: list[Pick] = []
        for parcel in chosen.parcels:
            for line_id, quantity in parcel.lines:
                variant_id, location_id = variants[line_id], parcel.location_id
                assert isinstance(variant_id, UUID)
                assert isinstance(location_id, UUID)
                assert isinstance(line_id, UUID)
                promised = date.fromordinal(parcel.arrival_day)
                key = (location_id, variant_id)
                for count, reserved, inbound_id in self._take(
                    location_id, variant_id, demand.channel, quantity, parcel.day, own=own.get(key, 0)
                ):
                    if inbound_id is None and key in own:
                        own[key] = max(0, own[key] - count)
                    picks.append(
                        Pick(owner.order_id, line_id, owner.channel_id, location_id, variant_id, count, reserved,
                             inbound_id, owner.priority, promised)
                    )  # fmt: skip
        return picks

    def _take(
        self, location_id: UUID, variant_id: UUID, channel: str, quantity: int, day: int, *, own: int = 0
    ) -> Iterable[tuple[int, int, UUID | None]]:
        row = self.stock[variant_id][location_id]
        kept = row.reserved.get(channel, 0) if row.reserved else 0
        others = sum(row.reserved.values()) - kept if row.reserved else 0
        now_there = max(0, min(row.on_hand - row.safety, max(0, row.on_hand - row.safety - others - kept) + kept))
        count = min(quantity, now_there)
        if count:
            used = min(max(0, count - own), kept)
            reserved = {**row.reserved, channel: kept - used} if row.reserved and used else row.reserved
            row = row._replace(on_hand=row.on_hand - count, reserved=reserved)
            yield count, used, None
        left = quantity - count
        for goods in self.inbound.get((location_id, variant_id), ()):
            part = min(left, goods.free) if goods.day <= day else 0
            if part:
                goods.free -= part
                left -= part
                yield part, 0, goods.id
        if left != quantity - count:
            dated = tuple((goods.day, goods.free) for goods in self.inbound[(location_id, variant_id)] if goods.free)
            row = row._replace(inbound=dated)
        self.stock[variant_id][location_id] = row


def _unpriced(stock: Mapping[Id, Mapping[Id, Stock]]) -> dict[Id, dict[Id, Stock]]:
    return {
        variant_id: {place: row._replace(price_cents=0) for place, row in rows.items()}
        for variant_id, rows in stock.items()
    }


def _variants(demand: Demand) -> set[Id]:
    return {line.variant_id for line in demand.lines}


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose picks they are; `kept` is what the order redeems, by place and variant."""

    order_id: UUID
    channel_id: UUID
    priority: int = 0
    kept: Mapping[tuple[UUID, UUID], int] = field(default_factory=dict)


async def load_supply(
    db: Session, masters: Masters, variant_ids: Iterable[UUID], *, bound: Collection[UUID] = frozenset()
) -> SupplyBook:
    """Everything there is of the variants: levels, reservations, expected goods, capacity; a handful of statements.

    `bound` are expected goods that are to be in the book though nothing of them is free: who holds them may give them
    back.
    """
    ids = sorted(set(variant_ids))
    stock: dict[Id, dict[Id, Stock]] = {variant_id: {} for variant_id in ids}
    kept = False
    for variant_id, location_id, free, safety, reserved in await db.execute(_LEVELS, {"ids": ids}):
        stock[variant_id][location_id] = Stock(free, safety)
        kept = kept or reserved > 0
    if kept:
        await _add_reservations(db, masters, ids, stock)
    inbound = await _add_inbound(db, ids, stock, bound)
    book = SupplyBook(masters, db.now, stock, inbound, {}, masters.policies_at(db.now))
    if any(each.policy.shadow_prices for each in book.policies.versions):
        await _add_prices(db, book, ids)
    latest = max((goods.day for rows in inbound.values() for goods in rows), default=0)
    book.exclusions = await read_exclusions(db, ids)
    book.horizon = max(HORIZON_DAYS, latest - book.today + 2)
    await add_calendars(db, book)
    return book


# Made once: to put such a statement together costs about as much as to run it.
_LEVEL, _KEPT, _GOODS = StockLevel.__table__.c, Reservation.__table__.c, InboundStock.__table__.c
_LEVELS = sa.select(
    _LEVEL.variant_id, _LEVEL.location_id, _LEVEL.on_hand - _LEVEL.allocated, _LEVEL.safety, _LEVEL.reserved
).where(among(_LEVEL.variant_id, "ids"))
_PERSONAL_ONES = sa.literal_column("reservation.reference <> ''", sa.Boolean())
_RESERVATIONS = (
    sa.select(_KEPT.variant_id, _KEPT.location_id, _KEPT.channel_id, _PERSONAL_ONES, sa.func.sum(_KEPT.quantity))
    .where(among(_KEPT.variant_id, "ids"), _KEPT.quantity > 0)
    .group_by(_KEPT.variant_id, _KEPT.location_id, _KEPT.channel_id, _PERSONAL_ONES)
)
_INBOUND = (
    sa.select(
        _GOODS.location_id, _GOODS.variant_id, _GOODS.id, _GOODS.expected_on,
        _GOODS.quantity - _GOODS.received - _GOODS.allocated,
    )
    .where(among(_GOODS.variant_id, "ids"), _GOODS.sellable, sa.not_(_GOODS.closed))
    .order_by(_GOODS.expected_on, _GOODS.id)
)  # fmt: skip


_PRICE = ShadowPrice.__table__.c
_PRICES = sa.select(_PRICE.variant_id, _PRICE.location_id, _PRICE.cents).where(among(_PRICE.variant_id, "ids"))


async def _add_reservations(
    db: Session, masters: Masters, ids: Sequence[UUID], stock: dict[Id, dict[Id, Stock]]
) -> None:
    for variant_id, location_id, channel_id, personal, quantity in await db.execute(_RESERVATIONS, {"ids": ids}):
        row = stock[variant_id].get(location_id)
        if row is not None:
            code = masters.channels_by_id[channel_id].code
            code += _PERSONAL if personal else ""
            stock[variant_id][location_id] = row._replace(reserved={**(row.reserved or {}), code: int(quantity)})


async def _add_inbound(
    db: Session, ids: Sequence[UUID], stock: dict[Id, dict[Id, Stock]], bound: Collection[UUID]
) -> dict[tuple[UUID, UUID], list[Inbound]]:
    found: dict[tuple[UUID, UUID], list[Inbound]] = {}
    for location_id, variant_id, goods_id, expected_on, free in await db.execute(_INBOUND, {"ids": ids}):
        if free > 0 or goods_id in bound:
            goods = Inbound(goods_id, expected_on.toordinal(), free)
            found.setdefault((location_id, variant_id), []).append(goods)
    for (location_id, variant_id), goods_rows in found.items():
        row = stock[variant_id].get(location_id, Stock(0))
        dated = tuple((goods.day, goods.free) for goods in goods_rows if goods.free > 0)
        stock[variant_id][location_id] = row._replace(inbound=dated)
    return found


async def _add_prices(db: Session, book: SupplyBook, ids: Sequence[UUID]) -> None:
    """What a unit at a place is worth to orders still to come."""
    for variant_id, location_id, cents in await db.execute(_PRICES, {"ids": ids}):
        row = book.stock[variant_id].get(location_id)
        if row is not None:
            book.stock[variant_id][location_id] = row._replace(price_cents=cents)
            book.dearest[variant_id] = max(cents, book.dearest.get(variant_id, 0))


DECISION_COLUMNS = (
    "id", "order_id", "occasion", "policy", "cost", "parcels", "unsent", "record", "decided_at", "situation",
    "channel_id", "country",
)  # fmt: skip


def decision_row(
    order_id: UUID, occasion: str, chosen: FulfillmentPlan, record: dict[str, Any], now: datetime
) -> tuple[Any, ...]:
    """A decision as `store_decisions` takes it; the first column is its id."""
    unsent = sum(count for _, count in chosen.unsent)
    situation: Situation | None = record.get(_SITUATION)
    kept = {name: value for name, value in record.items() if name != _SITUATION}
    return (
        new_id(), order_id, occasion, chosen.policy_version, min(chosen.cost_cents, _MOST_COST), len(chosen.parcels),
        unsent, kept, now, *(situation or (None, None, None)),
    )  # fmt: skip


async def store_decisions(db: Session, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write decisions."""
    await db.bulk_insert(RoutingDecision, DECISION_COLUMNS, rows)
