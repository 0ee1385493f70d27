"""What can be promised, when and from where: asked of the book of supply and the planner that placing uses too."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import BundleItem, Product, ProductKind, ProductVariant
from kontor.channels.models import SalesChannel
from kontor.core.db import Session, chunks
from kontor.core.errors import InvalidInput
from kontor.routing import masters as routing_masters
from kontor.routing.candidates import available, offer_of
from kontor.routing.masters import Masters, region_key
from kontor.routing.promising import bundles_of, earliest_day, latest
from kontor.routing.service import SupplyBook, load_supply
from kontor.routing.values import Demand, DemandLine, FulfillmentPlan, Id, Site, Stock

MAX_ASKED = 200
MAX_QUANTITY = 1_000_000
_NO_HURRY_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many pieces of an article."""

    sku: str
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Destination:
    """Where it should go; coordinates in degrees where they are known. `promised_on`: late from the next day on."""

    country: str
    latitude: float | None = None
    longitude: float | None = None
    promised_on: date | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Pieces at one place: there now, expected on top, and the first day they can be with the customer.

    `uncertain` marks the last known figure of a place whose own system did not answer.
    """

    location_id: UUID
    quantity: int
    expected: int
    earliest_on: date
    uncertain: bool = False


@dataclass(frozen=True, slots=True)
class PromisedParcel:
    """Pieces that would leave one place together."""

    location_id: UUID
    quantity: int
    leaves_on: date
    arrives_on: date


@dataclass(frozen=True, slots=True)
class Availability:
    """The answer for one article. `quantity` and `expected` None: not a thing of stock, as many as wanted.

    `earliest_on` is the first day on which all wanted pieces can be with the customer. `parcels` is how an order for
    them would be served now, `missing` what it would lack; empty and 0 when no plan was asked for. `pickups` are the
    places that could hand all of it over.
    """

    sku: str
    requested: int
    known: bool = True
    variant_id: UUID | None = None
    quantity: int | None = 0
    expected: int | None = 0
    earliest_on: date | None = None
    missing: int = 0
    parcels: tuple[PromisedParcel, ...] = ()
    sources: tuple[Source, ...] = ()
    pickups: tuple[Source, ...] = ()


class _Article(NamedTuple):
    variant_id: UUID
    weight_g: int
    hazmat: bool
    bulky: bool
    kind: ProductKind
    bundle: bool


class Details(NamedTuple):
    """What is wanted beyond quantity and day; each costs time."""

    plan: bool = True
    sources: bool = True
    pickups: bool = False


class _Service(NamedTuple):
    """When a place releases, and how many days later the customer has it."""

    site: Site
    days: Sequence[int]
    travel: int


@dataclass(slots=True)
class _Facts:
    """What all questions of one call share."""

    book: SupplyBook
    articles: Mapping[str, _Article]
    parts: Mapping[UUID, Mapping[UUID, int]]
    by_id: Mapping[UUID, _Article]
    channel: SalesChannel
    ask: Demand
    details: Details
    uncertain: Collection[UUID]
    shipping: dict[Id, _Service | None] = field(default_factory=dict)
    pickup: dict[Id, _Service | None] = field(default_factory=dict)


async def availability(
    db: Session,
    wanted: Sequence[Wanted],
    *,
    channel: str,
    destination: Destination | None = None,
    details: Details = Details(),
    uncertain: Collection[UUID] = (),
) -> list[Availability]:
    """The availability of each article, in the order asked; each as if it were asked alone.

    Shipped to `destination`, or else anywhere in the channel's country. An unknown SKU gets an answer that says so.
    Raises `InvalidInput` for an unknown channel or too many articles.
    """
    _check(wanted)
    masters = await routing_masters.load(db)
    sold_by = masters.channels.get(channel)
    scope = db.principal.channel_ids
    if sold_by is None or not sold_by.active or (scope is not None and sold_by.id not in scope):
        raise InvalidInput("There is no such channel.", code="UNKNOWN_CHANNEL", path=("channel",), channel=channel[:80])
    articles, parts = await _read_articles(db, {each.sku for each in wanted})
    by_id = {article.variant_id: article for article in articles.values()}
    stocked = [variant_id for variant_id, article in by_id.items() if article.kind is ProductKind.PHYSICAL]
    book = await load_supply(db, masters, [variant_id for variant_id in stocked if not by_id[variant_id].bundle])
    ask = _demand(book, sold_by, destination or Destination(sold_by.country))
    facts = _Facts(book, articles, parts, by_id, sold_by, ask, details, uncertain)
    return [_answer(facts, each) for each in wanted]


async def stocked_variants(db: Session, wanted: Sequence[Wanted]) -> list[UUID]:
    """The variants whose stock decides about these articles: components in place of bundles."""
    _check(wanted)
    articles, _ = await _read_articles(db, {each.sku for each in wanted})
    return [each.variant_id for each in articles.values() if each.kind is ProductKind.PHYSICAL and not each.bundle]


def live_locations(masters: Masters) -> list[UUID]:
    """The places whose own systems know their stock."""
    return [place.id for place in masters.live_places]


def _check(wanted: Sequence[Wanted]) -> None:
    if len(wanted) > MAX_ASKED:
        raise InvalidInput(
            f"At most {MAX_ASKED} articles are asked for at once.", code="TOO_MANY_ROWS", path=("items",), max=MAX_ASKED
        )
    for index, each in enumerate(wanted):
        if not 0 < each.quantity <= MAX_QUANTITY:
            raise InvalidInput(
                f"A quantity is 1 to {MAX_QUANTITY}.", code="INVALID_QUANTITY", path=("items", index, "quantity")
            )


async def _read_articles(db: Session, skus: Iterable[str]) -> tuple[dict[str, _Article], dict[UUID, dict[UUID, int]]]:
    """Articles by SKU, with the components of bundles among them, and what is in each bundle."""
    variant = ProductVariant
    columns = (
        variant.sku, variant.id, variant.weight_g, Product.hazmat, Product.bulky, Product.kind, variant.bundle,
    )  # fmt: skip
    base = sa.select(*columns).join(Product, Product.id == variant.product_id)
    articles: dict[str, _Article] = {}
    for part in chunks(sorted(sku for sku in skus if "\0" not in sku)):
        rows = await db.execute(base.where(variant.sku.in_(part), variant.active, Product.active))
        articles.update({row[0]: _Article(*row[1:]) for row in rows})
    parts: dict[UUID, dict[UUID, int]] = {}
    if bundles := [article.variant_id for article in articles.values() if article.bundle]:
        inside = base.add_columns(BundleItem.bundle_id, BundleItem.quantity)
        rows = await db.execute(
            inside.join(BundleItem, BundleItem.component_id == variant.id).where(BundleItem.bundle_id.in_(bundles))
        )
        for row in rows:
            article = articles.setdefault(row[0], _Article(*row[1:7]))
            parts.setdefault(row.bundle_id, {})[article.variant_id] = row.quantity
    return articles, parts


def _demand(book: SupplyBook, channel: SalesChannel, destination: Destination) -> Demand:
    promised = destination.promised_on.toordinal() if destination.promised_on else book.today + _NO_HURRY_DAYS
    region = region_key(destination.country, destination.latitude, destination.longitude)
    return Demand((), channel.code, region, promised, priority=channel.priority)


def _answer(facts: _Facts, wanted: Wanted) -> Availability:
    article = facts.articles.get(wanted.sku)
    if article is None:
        return Availability(wanted.sku, wanted.quantity, known=False, missing=wanted.quantity)
    if article.kind is not ProductKind.PHYSICAL:
        today = facts.book.now.date()
        return Availability(wanted.sku, wanted.quantity, True, article.variant_id, None, None, today)
    contents = facts.parts.get(article.variant_id, {}) if article.bundle else {article.variant_id: 1}
    shipped = {part: _options(facts, part, ships=True) for part in contents}
    ships = {part: sum([option.quantity for option in options]) for part, options in shipped.items()}
    later = {part: sum([option.expected for option in options]) for part, options in shipped.items()}
    quantity = bundles_of(contents, ships)
    first = latest(earliest_day(_arrivals(shipped[part]), count * wanted.quantity) for part, count in contents.items())
    parcels, missing = _plan(facts, contents, wanted.quantity) if facts.details.plan else ((), 0)
    pickups: dict[UUID, list[_Option]] = {}
    if facts.details.pickups:
        pickups = {part: _options(facts, part, ships=False) for part in contents}
    return Availability(
        sku=wanted.sku,
        requested=wanted.quantity,
        variant_id=article.variant_id,
        quantity=quantity,
        expected=bundles_of(contents, {part: ships[part] + later[part] for part in contents}) - quantity,
        earliest_on=None if first is None else date.fromordinal(first),
        missing=missing,
        parcels=parcels,
        sources=_sources(facts, contents, shipped) if facts.details.sources else (),
        pickups=_sources(facts, contents, pickups),
    )


class _Option(NamedTuple):
    """Pieces of a variant at a place, by the day they would be with the customer."""

    location_id: Id
    quantity: int
    expected: int
    steps: tuple[tuple[int, int], ...]


def _options(facts: _Facts, variant_id: UUID, *, ships: bool) -> list[_Option]:
    article, options = facts.by_id[variant_id], []
    known = facts.shipping if ships else facts.pickup
    restricted = article.hazmat or article.bulky
    for location_id, stock in facts.book.stock.get(variant_id, {}).items():
        if location_id in known:
            service = known[location_id]
        else:
            service = known[location_id] = _service(facts, location_id, ships=ships)
        if service is None:
            continue
        if restricted and ((article.hazmat and not service.site.hazmat) or (article.bulky and not service.site.bulky)):
            continue
        on_hand, safety, _, inbound, reserved = stock
        if inbound or reserved:
            option = _dated(facts, location_id, stock, service)
            if option is not None:
                options.append(option)
        elif on_hand > safety:
            units = on_hand - safety
            options.append(_Option(location_id, units, 0, ((service.days[0] + service.travel, units),)))
    return options


def _service(facts: _Facts, location_id: Id, *, ships: bool) -> _Service | None:
    """How the place serves this customer; None where it does not."""
    book, ask = facts.book, facts.ask
    site = book.masters.network.sites.get(location_id)
    days: Sequence[int] | None = book.release_days.get(location_id)
    if days is None:
        days = range(book.today, book.today + book.horizon)
    if site is None or not days:
        return None
    pickup = None if ships else location_id
    demand = Demand((), ask.channel, ask.region, ask.promised_day, pickup_location_id=pickup)
    offer = offer_of(book.masters.network, demand, location_id)
    return None if offer.reason is not None else _Service(site, days, offer.days)


def _dated(facts: _Facts, location_id: Id, stock: Stock, service: _Service) -> _Option | None:
    """Pieces that partly belong to others or come later."""
    channel, (_, days, travel) = facts.ask.channel, service
    now_there = available(stock._replace(inbound=()), channel, days[0])
    steps = [(days[0] + travel, now_there)] if now_there else []
    before = now_there
    for eta in sorted({eta for eta, _ in stock.inbound}):
        day = next((day for day in days if day >= eta), None)
        if day is not None:
            units = available(stock, channel, day)
            if units > before:
                steps.append((day + travel, units - before))
                before = units
    return _Option(location_id, now_there, before - now_there, tuple(steps)) if steps else None


def _arrivals(options: Iterable[_Option]) -> list[tuple[int, int]]:
    return [step for option in options for step in option.steps]


def _sources(
    facts: _Facts, contents: Mapping[UUID, int], found: Mapping[UUID, Sequence[_Option]]
) -> tuple[Source, ...]:
    """Places that have at least one of it, all components of a bundle together; the soonest first."""
    sources = []
    if len(contents) == 1 and 1 in contents.values():
        for options in found.values():
            for option in options:
                sources.append(_source(facts, option.location_id, option.quantity, option.expected, option.steps[0][0]))
    else:
        by_place: dict[Id, dict[UUID, _Option]] = {}
        for part, options in found.items():
            for option in options:
                by_place.setdefault(option.location_id, {})[part] = option
        for location_id, held in by_place.items():
            now_there = bundles_of(contents, {part: option.quantity for part, option in held.items()})
            later = bundles_of(contents, {part: option.quantity + option.expected for part, option in held.items()})
            first = latest(
                earliest_day(held[part].steps, count) if part in held else None for part, count in contents.items()
            )
            if first is not None:
                sources.append(_source(facts, location_id, now_there, later - now_there, first))
    ranks = facts.book.masters.network.ranks
    return tuple(sorted(sources, key=lambda each: (each.earliest_on, ranks[each.location_id])))


def _source(facts: _Facts, location_id: Id, quantity: int, expected: int, day: int) -> Source:
    assert isinstance(location_id, UUID)
    return Source(location_id, quantity, expected, date.fromordinal(day), location_id in facts.uncertain)


def _plan(facts: _Facts, contents: Mapping[UUID, int], quantity: int) -> tuple[tuple[PromisedParcel, ...], int]:
    """How an order for it would be served now, and how many of it would be missing."""
    lines = tuple(
        DemandLine(
            variant_id, variant_id, count * quantity, facts.by_id[variant_id].weight_g,
            hazmat=facts.by_id[variant_id].hazmat, bulky=facts.by_id[variant_id].bulky,
        )
        for variant_id, count in contents.items()
    )  # fmt: skip
    ask = facts.ask
    demand = Demand(lines, ask.channel, ask.region, ask.promised_day, ask.priority)
    chosen = facts.book.plan(demand, facts.channel.id)
    unsent: dict[Id, int] = dict(chosen.unsent)
    served = bundles_of(contents, {part: count * quantity - unsent.get(part, 0) for part, count in contents.items()})
    return _parcels(chosen, contents), quantity - served


def _parcels(chosen: FulfillmentPlan, contents: Mapping[UUID, int]) -> tuple[PromisedParcel, ...]:
    """The parcels of a plan; pieces are those of the article, or of a bundle's components."""
    found = []
    for parcel in chosen.parcels:
        assert isinstance(parcel.location_id, UUID)
        pieces = sum(count for part, count in parcel.lines if part in contents)
        leaves, arrives = date.fromordinal(parcel.day), date.fromordinal(parcel.arrival_day)
        found.append(PromisedParcel(parcel.location_id, pieces, leaves, arrives))
    return tuple(found)
