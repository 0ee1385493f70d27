"""Take orders: resolve, price, plan, allocate and write a whole batch in one transaction.

A refused order never touches its neighbors: refusals are found before anything is written, and stock is taken for all
or the batch is planned again on fresh figures.

Stock rows are what batches wait for. A batch is therefore tried with its stock taken last (`take_stock`), and only when
somebody else took it meanwhile again with the stock taken first, which holds whatever others do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import ProductKind
from kontor.channels.models import ShortagePolicy
from kontor.core.db import Session
from kontor.core.errors import KontorError, Unavailable
from kontor.core.ids import new_id
from kontor.core.principal import Principal
from kontor.core.sets import any_pair_of
from kontor.customers import terms
from kontor.customers.recognizing import Wanted, recognize
from kontor.inventory.allocating import Pick
from kontor.inventory.redeeming import Kept, Named, Redemption, allocate_redeeming, check_redeemable, read_kept
from kontor.orders.errors import OrderConflict, OutOfStock
from kontor.orders.intake import OrderInput
from kontor.orders.models import Order
from kontor.orders.promoting import is_spent
from kontor.orders.resolving import Facts, Resolved, read_facts, resolve, visible_channel
from kontor.orders.writing import write_orders
from kontor.promotions.redeeming import Redeemed, redeem
from kontor.routing import masters as routing_masters
from kontor.routing.masters import Masters, region_key
from kontor.routing.service import Owner, SupplyBook, load_supply
from kontor.routing.values import FAR_AHEAD, Demand, DemandLine, FulfillmentPlan

MAX_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Taken:
    """An order to place, who sends it and in which request."""

    order: OrderInput
    principal: Principal
    request_id: str | None = None


@dataclass(slots=True)
class Placement:
    """An order on its way into the database."""

    resolved: Resolved
    order_id: UUID
    line_ids: list[UUID]
    customer_id: UUID | None = None
    picks: list[Pick] = field(default_factory=list)
    unallocated: dict[UUID, int] = field(default_factory=dict)
    redeemed: Redemption | None = None
    plan: FulfillmentPlan | None = None
    promised_on: date | None = None
    number: str = ""
    request_id: str | None = None

    @property
    def owner(self) -> Owner:
        order, channel = self.resolved.input, self.resolved.channel
        priority = channel.priority if order.priority is None else order.priority
        return Owner(self.order_id, channel.id, priority, self.redeemed.pieces if self.redeemed else {})

    @property
    def redeemed_promotions(self) -> list[Redeemed]:
        """What the order uses of coupons and budgets."""
        currency = self.resolved.currency
        return [
            Redeemed(self.order_id, each.offer, each.amount, currency, each.coupon_id) for each in self.resolved.earned
        ]

    @property
    def reservation(self) -> Named | None:
        """What the order names as reserved for its customer."""
        reference = self.resolved.input.reservation
        return None if reference is None else (self.resolved.channel.id, reference)


@dataclass(frozen=True, slots=True)
class Placed:
    """The answer: a new order, or the one this input had placed before."""

    order_id: UUID
    number: str
    replayed: bool
    placement: Placement | None = None


Outcome = Placed | KontorError


class StockMoved(Exception):
    """Stock, a coupon or a budget a batch counted on was taken meanwhile: it is placed again, these taken first."""


def ask_again(outcomes: list[Outcome | None], unserved: Sequence[Placement]) -> None:
    """Orders without stock leave coupons and budgets that others of the batch were refused for: those may ask again."""
    if any(each.resolved.earned for each in unserved):
        for index, outcome in enumerate(outcomes):
            if isinstance(outcome, KontorError) and is_spent(outcome):
                outcomes[index] = Unavailable(
                    "The coupon is held by another order at this moment; please send the order again.",
                    code="TRY_AGAIN",
                    path=outcome.path,
                )


async def place_orders(
    db: Session,
    batch: Sequence[Taken],
    numbers: Sequence[int],
    *,
    approve: Callable[[Resolved], None] | None = None,
    stock_last: bool = False,
) -> list[Outcome]:
    """Place every order of the batch that can be placed; the outcome of each in its position.

    `numbers` are order numbers for as many orders. `approve` may refuse a priced order by raising a `KontorError`.
    Runs in the caller's transaction; raises only when the batch as a whole has to be tried again. With `stock_last`
    the caller owes a `take_stock` of what was placed, before the transaction ends.
    """
    masters = await routing_masters.load(db)
    outcomes: list[Outcome | None] = [None] * len(batch)
    await _find_known(db, masters, batch, outcomes)
    fresh = [index for index, outcome in enumerate(outcomes) if outcome is None]
    facts = await read_facts(db, masters, [batch[index].order for index in fresh], lock=not stock_last)
    placements: dict[int, Placement] = {}
    for index in fresh:
        try:
            resolved = resolve(batch[index].order, batch[index].principal, facts, db.now)
            if approve is not None:
                approve(resolved)
            placements[index] = Placement(
                resolved, new_id(), [new_id() for _ in resolved.lines], request_id=batch[index].request_id
            )
            facts.promoting.tally.take(placements[index].redeemed_promotions)
        except KontorError as refusal:
            outcomes[index] = refusal
    if placements:
        resolved_ones = dict(placements)
        await _allocate(db, facts, placements, outcomes, stock_last=stock_last)
        ask_again(outcomes, [each for index, each in resolved_ones.items() if index not in placements])
    if placements:
        await _match_customers(db, list(placements.values()))
        for placement, number in zip(placements.values(), numbers, strict=False):
            placement.number = str(number)
        await write_orders(db, list(placements.values()))
        if not await redeem(db, [each for one in placements.values() for each in one.redeemed_promotions]):
            raise StockMoved
        await terms.remember(db, [each for placement in placements.values() for each in _people(placement)])
        for index, placement in placements.items():
            outcomes[index] = Placed(placement.order_id, placement.number, False, placement)
    return [_sure(outcome) for outcome in outcomes]


def _sure(outcome: Outcome | None) -> Outcome:
    if outcome is None:
        raise AssertionError("an order was left without an outcome")
    return outcome


async def _find_known(db: Session, masters: Masters, batch: Sequence[Taken], outcomes: list[Outcome | None]) -> None:
    """Orders placed before, by channel and external id, whatever became of prices and articles since.

    Of twins within the batch the first one counts; the other is told to ask again.
    """
    keys: dict[int, tuple[UUID, str]] = {}
    for index, taken in enumerate(batch):
        channel = visible_channel(taken.order.channel, taken.principal, masters)
        if channel is not None:
            keys[index] = (channel.id, taken.order.external_id)
    known: dict[tuple[UUID, str], tuple[UUID, str, str]] = {}
    rows = await db.execute(
        sa.select(Order.channel_id, Order.external_id, Order.id, Order.number, Order.body_hash).where(
            any_pair_of(db, (Order.channel_id, Order.external_id), list(set(keys.values())))
        )
    )
    known.update({(row.channel_id, row.external_id): (row.id, row.number, row.body_hash) for row in rows})
    first: dict[tuple[UUID, str], str] = {}
    for index, key in keys.items():
        fingerprint = batch[index].order.fingerprint()
        if key in known:
            order_id, number, body_hash = known[key]
            same = body_hash == fingerprint
            outcomes[index] = Placed(order_id, number, True) if same else _conflict(batch[index].order)
        elif key in first:
            outcomes[index] = _twin(batch[index].order) if first[key] == fingerprint else _conflict(batch[index].order)
        first.setdefault(key, fingerprint)


def _twin(order: OrderInput) -> Unavailable:
    return Unavailable(
        f"Order {order.external_id} is being placed by another call; ask again for its answer.",
        code="BEING_PLACED",
        path=("externalId",),
        external_id=order.external_id,
    )


def _conflict(order: OrderInput) -> OrderConflict:
    return OrderConflict(
        f"Order {order.external_id} of {order.channel} was placed with other content.",
        path=("externalId",),
        external_id=order.external_id,
    )


def demand_of(placement: Placement, today: int) -> Demand | None:
    """What the router has to serve: the physical lines; None when there are none."""
    resolved = placement.resolved
    lines = tuple(
        DemandLine(
            line_id, line.variant_id, line.quantity, line.weight_g, None, line.group_key, line.no_split,
            line.hazmat, line.bulky,
        )
        for line_id, line in zip(placement.line_ids, resolved.lines, strict=True)
        if line.kind == ProductKind.PHYSICAL
    )  # fmt: skip
    if not lines:
        return None
    order = resolved.input
    address = order.shipping_address or order.billing_address
    return Demand(
        lines=lines,
        channel=resolved.channel.code,
        region=region_key(address.country, address.latitude, address.longitude),
        promised_day=order.promised_on.toordinal() if order.promised_on else today + FAR_AHEAD,
        priority=placement.owner.priority,
        max_parcels=order.max_parcels,
        ship_complete=order.ship_complete,
        pickup_location_id=resolved.pickup,
    )


async def take_stock(db: Session, placements: Sequence[Placement]) -> None:
    """Take the stock these orders were planned on; raises `StockMoved` when it is not all there any more."""
    if not await _take(db, placements):
        raise StockMoved


async def _take(db: Session, placements: Sequence[Placement]) -> bool:
    redeemed = [each.redeemed for each in placements if each.redeemed]
    return await allocate_redeeming(db, [pick for each in placements for pick in each.picks], redeemed)


async def _allocate(
    db: Session, facts: Facts, placements: dict[int, Placement], outcomes: list[Outcome | None], *, stock_last: bool
) -> None:
    """Plan each order on what the ones before it left, then take all of it; again on fresh figures if that failed.

    Orders that cannot be served leave `placements` with their refusal as outcome.
    """
    for _ in range(MAX_ROUNDS):
        refused = await _plan_all(db, facts, placements)
        served = [each for index, each in placements.items() if index not in refused]
        if stock_last or await _take(db, served):
            for index, refusal in refused.items():
                outcomes[index] = refusal
                del placements[index]
            return
    raise Unavailable("Stock is changing too fast; please send the order again.", code="TRY_AGAIN")


async def _plan_all(db: Session, facts: Facts, placements: dict[int, Placement]) -> dict[int, KontorError]:
    """Plan each order on what the ones before it left; the refusals by position."""
    variants = {
        line.variant_id for each in placements.values() for line in each.resolved.lines if line.kind == "PHYSICAL"
    }
    names = {each.reservation for each in placements.values()} - {None}
    book = await load_supply(db, facts.masters, variants)
    kept = await read_kept(db, [name for name in names if name and name[1]])
    refused: dict[int, KontorError] = {}
    for index, placement in placements.items():
        refusal = _plan_redeeming(book, placement, kept) if placement.reservation else _plan(book, placement)
        if refusal is not None:
            refused[index] = refusal
    return refused


def _plan_redeeming(book: SupplyBook, placement: Placement, kept: dict[Named, list[Kept]]) -> KontorError | None:
    """Plan an order on what was kept for its customer as well; what it takes over is over for the ones after it."""
    resolved, name = placement.resolved, placement.reservation
    assert name is not None
    wanted = {line.variant_id for line in resolved.lines if line.kind == ProductKind.PHYSICAL}
    placement.redeemed = None
    rows = kept.get(name, [])
    try:
        own = check_redeemable(rows, location_id=resolved.pickup, variant_ids=wanted, now=book.now)
    except KontorError as problem:
        return problem
    placement.redeemed = Redemption(placement.order_id, name[1], tuple(own))
    book.give_up(placement.redeemed.pieces, resolved.channel.code)
    refusal = _plan(book, placement)
    if refusal is not None:
        book.give_up(placement.redeemed.pieces, resolved.channel.code, again=True)
        placement.redeemed = None
        return refusal
    kept[name] = [replace(row, quantity=0) if row in own else row for row in rows]
    return None


def _plan(book: SupplyBook, placement: Placement) -> KontorError | None:
    placement.picks, placement.unallocated, placement.plan = [], {}, None
    demand = demand_of(placement, book.today)
    placement.promised_on = placement.resolved.input.promised_on
    if demand is None:
        return None
    channel = placement.resolved.channel
    chosen = book.plan(demand, channel.id)
    if chosen.unsent and channel.shortage is ShortagePolicy.REFUSE:
        return _out_of_stock(placement, chosen)
    placement.unallocated = {line_id: count for line_id, count in chosen.unsent if isinstance(line_id, UUID)}
    placement.picks = book.book(chosen, demand, placement.owner)
    placement.plan = chosen
    if placement.promised_on is None and chosen.arrival_day is not None:
        placement.promised_on = date.fromordinal(chosen.arrival_day)
    return None


def _out_of_stock(placement: Placement, chosen: FulfillmentPlan) -> OutOfStock:
    missing = dict(chosen.unsent)
    for line_id, line in zip(placement.line_ids, placement.resolved.lines, strict=True):
        short = missing.get(line_id)
        if short:
            available = line.quantity - short
            return OutOfStock(
                f"Only {available} of {line.quantity} pieces of {line.sku} can be promised.",
                path=("lines", line.input_index, "quantity"),
                sku=line.sku,
                requested=line.quantity,
                available=available,
            )
    return OutOfStock("The order cannot be served.", path=("lines",))


async def _match_customers(db: Session, placements: Sequence[Placement]) -> None:
    wanted = [
        Wanted(
            channel_id=each.resolved.channel.id,
            external_id=each.resolved.input.customer.external_id,
            name=each.resolved.input.customer.name,
            email=each.resolved.input.customer.email,
            phone=each.resolved.input.customer.phone,
            company=each.resolved.input.customer.company,
            vat_id=each.resolved.input.customer.vat_id,
            language=each.resolved.language,
        )
        for each in placements
    ]
    for each, customer_id in zip(placements, await recognize(db, wanted), strict=True):
        each.customer_id = customer_id


def _people(each: Placement) -> Iterator[tuple[UUID, Mapping[str, Any] | None]]:
    """Who may call about the order: who ordered and who is named in its addresses."""
    if each.customer_id is None:
        return
    order = each.resolved.input
    people = (order.customer, order.billing_address, order.shipping_address)
    names = ("name", "company", "email", "phone", "postal_code")
    for person in people:
        if person is not None:
            yield each.customer_id, {name: getattr(person, name, None) for name in names}
