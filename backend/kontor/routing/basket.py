"""What a whole basket is promised: planned as the order for it would be, per way to get it and per store.

An order that is placed next gets exactly this promise: both ask the same function for the same demand on the same
book of supply. Placing adds nothing but the taking.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from kontor.catalog.models import ProductKind
from kontor.channels.models import SalesChannel, ShortagePolicy
from kontor.core.clock import utc_day
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.locations.distance import Coordinates, distance_km
from kontor.routing import masters as routing_masters
from kontor.routing.articles import Article, read_articles
from kontor.routing.masters import Masters, region_key
from kontor.routing.promise import MAX_ASKED, MAX_QUANTITY, Destination
from kontor.routing.promising import Arrival, arrivals_of, bundles_of
from kontor.routing.service import SupplyBook, load_supply
from kontor.routing.values import FAR_AHEAD, Demand, DemandLine, FulfillmentPlan, Id, PlannedParcel

MOST_STORES = 100
_SOONER_TRIES = 7


@dataclass(frozen=True, slots=True)
class BasketItem:
    """An article as a line of the order would name it. Lines of one `group` leave together, a `no_split` line whole."""

    sku: str
    quantity: int = 1
    group: str | None = None
    no_split: bool = False


@dataclass(frozen=True, slots=True)
class Basket:
    """What would be ordered, and how. `stores` is how many pick-up places are wanted, `partly` those that lack some."""

    channel: str
    items: tuple[BasketItem, ...]
    destination: Destination | None = None
    priority: int | None = None
    ship_complete: bool = False
    max_parcels: int | None = None
    stores: int = 10
    partly: bool = False


@dataclass(frozen=True, slots=True)
class BasketParcel:
    """Pieces that would leave one place together, by position of the item; those of a bundle are its components'."""

    location_id: UUID
    leaves_on: date
    arrives_on: date
    items: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class BasketLine:
    """When the pieces of an item arrive. `missing_from`: from when they could be there if the item came alone."""

    index: int
    sku: str
    quantity: int
    arrivals: tuple[Arrival, ...]
    missing: int = 0
    missing_from: date | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One way to get the basket. An order placed now (with `wish` as its promised date) carries `promised_on`.

    `arrives_on` is when the last piece is there that can be sent; None when nothing can. `orderable`: whether the
    channel takes an order that lacks what is missing. `cost_cents` is the router's own figure, `location_id` the store
    of a pick-up, `distance_km` its way from the destination.
    """

    promised_on: date | None
    arrives_on: date | None
    parcels: tuple[BasketParcel, ...]
    lines: tuple[BasketLine, ...]
    orderable: bool
    cost_cents: int
    wish: date | None = None
    location_id: UUID | None = None
    distance_km: int | None = None

    @property
    def missing(self) -> int:
        """Pieces that an order would lack."""
        return sum(line.missing for line in self.lines)


@dataclass(frozen=True, slots=True)
class BasketPromise:
    """Every way to get a basket: shipped (the cheapest first, then a sooner one where there is), fetched at stores.

    `unknown` are the SKUs that are not sold: with one of them the order would be refused, so nothing is promised.
    `immediate`: nothing of it is a thing of stock, all of it is there at once.
    """

    unknown: tuple[str, ...] = ()
    immediate: bool = False
    shipped: tuple[Delivery, ...] = ()
    pickups: tuple[Delivery, ...] = ()


async def promise_basket(db: Session, basket: Basket, *, masters: Masters | None = None) -> BasketPromise:
    """What an order for the basket would be promised now, in a fixed number of statements.

    Raises `InvalidInput` for an unknown channel, no or too many items, a bad quantity or number of stores.
    """
    _check(basket)
    masters = masters or await routing_masters.load(db)
    channel = channel_of(db, masters, basket.channel)
    articles, contents = await read_articles(db, {item.sku for item in basket.items})
    asked = _Asked(basket, channel, articles, contents)
    if asked.unknown:
        return BasketPromise(unknown=asked.unknown)
    lines = asked.lines()
    if not lines:
        return BasketPromise(immediate=True)
    book = await load_supply(db, masters, {line.variant_id for line in lines if isinstance(line.variant_id, UUID)})
    # Thousands of stores are planned one by one where no coordinates say which are near: the loop stays free.
    return await asyncio.to_thread(_Planner(book, asked, lines).answer)


def channel_of(db: Session, masters: Masters, code: str) -> SalesChannel:
    """The channel the caller sells through; raises `InvalidInput`."""
    found, scope = masters.channels.get(code), db.principal.channel_ids
    if found is None or not found.active or (scope is not None and found.id not in scope):
        raise InvalidInput("There is no such channel.", code="UNKNOWN_CHANNEL", path=("channel",), channel=code[:80])
    return found


def _check(basket: Basket) -> None:
    if not 1 <= len(basket.items) <= MAX_ASKED:
        raise InvalidInput(
            f"A basket has 1 to {MAX_ASKED} articles.", code="TOO_MANY_ROWS", path=("items",), max=MAX_ASKED
        )
    for index, item in enumerate(basket.items):
        if not 0 < item.quantity <= MAX_QUANTITY:
            raise InvalidInput(
                f"A quantity is 1 to {MAX_QUANTITY}.", code="INVALID_QUANTITY", path=("items", index, "quantity")
            )
    if not 0 <= basket.stores <= MOST_STORES:
        raise InvalidInput(f"0 to {MOST_STORES} stores.", code="INVALID_PAGE_SIZE", path=("stores",), max=MOST_STORES)
    to = basket.destination or Destination("")
    for name, value, most in (("latitude", to.latitude, 90), ("longitude", to.longitude, 180)):
        if value is not None and not -most <= value <= most:
            raise InvalidInput(
                "Latitude lies between -90 and 90, longitude between -180 and 180.", code="INVALID_COORDINATES",
                path=("destination", name),
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Asked:
    """A basket with what is known of its articles."""

    basket: Basket
    channel: SalesChannel
    articles: Mapping[str, Article]
    contents: Mapping[UUID, Mapping[UUID, int]]

    @property
    def unknown(self) -> tuple[str, ...]:
        """SKUs that are not sold; so is a bundle of nothing."""
        missing = dict.fromkeys(item.sku for item in self.basket.items if not self._sold(item.sku))
        return tuple(missing)

    def _sold(self, sku: str) -> bool:
        article = self.articles.get(sku)
        return article is not None and (not article.bundle or bool(self.contents.get(article.variant_id)))

    def parts(self, sku: str) -> Mapping[UUID, int]:
        """The variants in one piece of the article, of stock or not."""
        article = self.articles[sku]
        return self.contents[article.variant_id] if article.bundle else {article.variant_id: 1}

    def lines(self) -> tuple[DemandLine, ...]:
        """What the router has to serve, line by line as placing explodes an order; ids are "item/part"."""
        by_id = {article.variant_id: article for article in self.articles.values()}
        found = []
        for index, item in enumerate(self.basket.items):
            bundle = self.articles[item.sku].bundle
            group = f"bundle-{index}" if bundle else item.group
            for part, (variant_id, count) in enumerate(self.parts(item.sku).items()):
                article = by_id[variant_id]
                if article.kind is ProductKind.PHYSICAL:
                    found.append(
                        DemandLine(
                            f"{index}/{part}", variant_id, count * item.quantity, article.weight_g, None, group,
                            item.no_split and not bundle, article.hazmat, article.bulky,
                        )
                    )  # fmt: skip
        return tuple(found)


@dataclass(slots=True)
class _Planner:
    """The plans of one basket on one book of supply."""

    book: SupplyBook
    asked: _Asked
    lines: tuple[DemandLine, ...]
    _alone: dict[tuple[Id, Id | None], date | None] = field(default_factory=dict)

    def answer(self) -> BasketPromise:
        pickups = tuple(self._pickups()) if self.asked.basket.stores else ()
        return BasketPromise(shipped=tuple(self._shipped()), pickups=pickups)

    @property
    def _destination(self) -> Destination:
        return self.asked.basket.destination or Destination(self.asked.channel.country)

    def _demand(self, wish: int | None, store: UUID | None = None) -> Demand:
        """As `orders.placing` asks for the order; a day that was not wished is far away."""
        basket, to = self.asked.basket, self._destination
        return Demand(
            lines=self.lines,
            channel=self.asked.channel.code,
            region=region_key(to.country, to.latitude, to.longitude),
            promised_day=self.book.today + FAR_AHEAD if wish is None else wish,
            priority=self.asked.channel.priority if basket.priority is None else basket.priority,
            max_parcels=basket.max_parcels,
            ship_complete=basket.ship_complete,
            pickup_location_id=store,
        )

    def _shipped(self) -> Iterator[Delivery]:
        wished = self._destination.promised_on
        demand = self._demand(None if wished is None else wished.toordinal())
        chosen = self.book.plan(demand, self.asked.channel.id)
        yield self._delivery(demand, chosen, wished)
        if wished is None and (sooner := self._sooner(chosen)) is not None:
            yield sooner

    def _sooner(self, cheapest: FulfillmentPlan) -> Delivery | None:
        """An order with a date: the first one that the router itself keeps, if it is before that of the cheapest."""
        latest = cheapest.arrival_day
        if latest is None or latest <= self.book.today:
            return None
        hurried = self.book.plan(self._demand(self.book.today), self.asked.channel.id).arrival_day
        if hurried is None:
            return None
        for day in range(hurried, min(latest, hurried + _SOONER_TRIES)):
            demand = self._demand(day)
            chosen = self.book.plan(demand, self.asked.channel.id)
            arrival = chosen.arrival_day
            if arrival is not None and arrival <= day and len(chosen.unsent) <= len(cheapest.unsent):
                return self._delivery(demand, chosen, date.fromordinal(day))
        return None

    def _pickups(self) -> Iterator[Delivery]:
        """Stores that can hand the basket over: nearest first where the destination has coordinates, else soonest."""
        basket, found = self.asked.basket, []
        nearest = self._here() is not None
        for km, store in self._stores():
            delivery = self._pickup(store, km)
            if delivery is not None and (basket.partly or not delivery.missing):
                found.append(delivery)
                if nearest and len(found) == basket.stores:
                    break
        if not nearest:
            ranks = self.book.masters.network.ranks
            found.sort(key=lambda each: (each.missing > 0, each.arrives_on, ranks[each.location_id or ""]))
        return iter(found[: basket.stores])

    def _here(self) -> Coordinates | None:
        to = self._destination
        return None if to.latitude is None or to.longitude is None else Coordinates(to.latitude, to.longitude)

    def _stores(self) -> Sequence[tuple[int | None, UUID]]:
        """Places that hand over and have something (unless `partly`: of every article), with their distances."""
        here, network, stock = self._here(), self.book.masters.network, self.book.stock
        holders = [set(stock.get(line.variant_id, {})) for line in self.lines]
        able = set.union(*holders) if self.asked.basket.partly else set.intersection(*holders)
        rows: list[tuple[int | None, UUID]] = []
        for location_id in sorted((each for each in able if each in network.ranks), key=network.ranks.__getitem__):
            place = self.book.masters.locations.get(location_id) if isinstance(location_id, UUID) else None
            if place is None or not network.sites[location_id].hands_over:
                continue
            known = here is not None and place.latitude is not None and place.longitude is not None
            km = distance_km(here, Coordinates(place.latitude, place.longitude)) if known else None  # type: ignore[arg-type]
            rows.append((km, place.id))
        return sorted(rows, key=lambda row: (row[0] is None, row[0] or 0))

    def _pickup(self, store: UUID, km: int | None) -> Delivery | None:
        wished = self._destination.promised_on
        demand = self._demand(None if wished is None else wished.toordinal(), store)
        chosen = self.book.at(store).plan(demand, self.asked.channel.id)
        return self._delivery(demand, chosen, wished, km) if chosen.parcels else None

    def _delivery(self, demand: Demand, chosen: FulfillmentPlan, wish: date | None, km: int | None = None) -> Delivery:
        arrival = chosen.arrival_day
        arrives_on = None if arrival is None else date.fromordinal(arrival)
        store = demand.pickup_location_id
        return Delivery(
            promised_on=wish or arrives_on,
            arrives_on=arrives_on,
            parcels=tuple(_parcel(each) for each in chosen.parcels),
            lines=tuple(self._line(demand, chosen, index) for index in range(len(self.asked.basket.items))),
            orderable=not chosen.unsent or self.asked.channel.shortage is not ShortagePolicy.REFUSE,
            cost_cents=chosen.cost_cents,
            wish=wish,
            location_id=store if isinstance(store, UUID) else None,
            distance_km=km,
        )

    def _line(self, demand: Demand, chosen: FulfillmentPlan, index: int) -> BasketLine:
        item = self.asked.basket.items[index]
        own = {line.line_id: line for line in self.lines if str(line.line_id).startswith(f"{index}/")}
        if not own:  # no thing of stock
            return BasketLine(index, item.sku, item.quantity, (Arrival(utc_day(self.book.now), item.quantity),))
        each = {line_id: line.quantity // item.quantity for line_id, line in own.items()}
        unsent = dict(chosen.unsent)
        sent = {line_id: line.quantity - unsent.get(line_id, 0) for line_id, line in own.items()}
        missing = item.quantity - bundles_of(each, sent)
        since = self._since(demand, own, each) if missing else None
        return BasketLine(index, item.sku, item.quantity, arrivals_of(chosen, each), missing, since)

    def _since(self, demand: Demand, own: Mapping[Id, DemandLine], each: Mapping[Id, int]) -> date | None:
        """When all pieces of an item would be there if it were ordered alone, in as many parcels as that needs."""
        key = (next(iter(own)), demand.pickup_location_id)
        if key not in self._alone:
            lines = tuple(replace(line, no_split=False) for line in own.values())
            lone = replace(demand, lines=lines, ship_complete=False, max_parcels=None)
            store = demand.pickup_location_id
            book = self.book.at(store) if isinstance(store, UUID) else self.book
            chosen = book.plan(lone, self.asked.channel.id)
            arrival = None if chosen.unsent else chosen.arrival_day
            self._alone[key] = None if arrival is None else date.fromordinal(arrival)
        return self._alone[key]


def _parcel(parcel: PlannedParcel) -> BasketParcel:
    assert isinstance(parcel.location_id, UUID)
    items: dict[int, int] = {}
    for line_id, count in parcel.lines:
        index = int(str(line_id).partition("/")[0])
        items[index] = items.get(index, 0) + count
    leaves, arrives = date.fromordinal(parcel.day), date.fromordinal(parcel.arrival_day)
    return BasketParcel(parcel.location_id, leaves, arrives, tuple(sorted(items.items())))
