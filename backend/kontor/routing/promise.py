"""What can be promised, when and from where: asked of the book of supply and the planner that placing uses too."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kontor.catalog.models import ProductKind
from kontor.channels.models import SalesChannel
from kontor.core.clock import utc_day
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.routing import masters as routing_masters
from kontor.routing.articles import Article, read_articles
from kontor.routing.candidates import available, offer_of
from kontor.routing.exclusions import shut_for_all
from kontor.routing.masters import Masters, region_key
from kontor.routing.promising import bundles_of, earliest_day, latest
from kontor.routing.service import SupplyBook, load_supply
from kontor.routing.values import FAR_AHEAD, Demand, DemandLine, FulfillmentPlan, Id, Site, Stock

MAX_ASKED = 200
MAX_QUANTITY = 1_000_000


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


class Details(NamedTuple):
    """What is wanted beyond quantities; each costs time."""

    plan: bool = True
    sources: bool = True
    pickups: bool = False
    day: bool = True


class _Service(NamedTuple):
    """When a place releases, and how many days later the customer has it."""

    site: Site
    days: Sequence[int]
    travel: int


@dataclass(slots=True)
class _Facts:
    """What all questions of one call share."""

    book: SupplyBook
    articles: Mapping[str, Article]
    parts: Mapping[UUID, Mapping[UUID, int]]
    by_id: Mapping[UUID, Article]
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
    masters: Masters | None = None,
) -> list[Availability]:
    """The availability of each article, in the order asked; each as if it were asked alone.

    Shipped to `destination`, or else anywhere in the channel's country. An unknown SKU gets an answer that says so.
    `masters` are those of the same call, where it has them. Raises `InvalidInput` for an unknown channel or too many
    articles.
    """
    _check(wanted)
    masters = masters or await routing_masters.load(db)
    sold_by = masters.channels.get(channel)
    scope = db.principal.channel_ids
    if sold_by is None or not sold_by.active or (scope is not None and sold_by.id not in scope):
        raise InvalidInput("There is no such channel.", code="UNKNOWN_CHANNEL", path=("channel",), channel=channel[:80])
    articles, parts = await read_articles(db, {each.sku for each in wanted})
    by_id = {article.variant_id: article for article in articles.values()}
    stocked = [variant_id for variant_id, article in by_id.items() if article.kind is ProductKind.PHYSICAL]
    single = [variant_id for variant_id in stocked if not by_id[variant_id].bundle]
    book = await load_supply(db, masters, single)
    ask = _demand(book, sold_by, destination or Destination(sold_by.country))
    facts = _Facts(book, articles, parts, by_id, sold_by, ask, details, uncertain)
    return [_answer(facts, each) for each in wanted]


async def stocked_variants(db: Session, wanted: Sequence[Wanted]) -> list[UUID]:
    """The variants whose stock decides about these articles: components in place of bundles."""
    _check(wanted)
    articles, _ = await read_articles(db, {each.sku for each in wanted})
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


def _demand(book: SupplyBook, channel: SalesChannel, destination: Destination) -> Demand:
    promised = destination.promised_on.toordinal() if destination.promised_on else book.today + FAR_AHEAD
    region = region_key(destination.country, destination.latitude, destination.longitude)
    return Demand((), channel.code, region, promised, priority=channel.priority)


def _answer(facts: _Facts, wanted: Wanted) -> Availability:
    article = facts.articles.get(wanted.sku)
    if article is None:
        return Availability(wanted.sku, wanted.quantity, known=False, missing=wanted.quantity)
    if article.kind is not ProductKind.PHYSICAL:
        today = utc_day(facts.book.now)
        return Availability(wanted.sku, wanted.quantity, True, article.variant_id, None, None, today)
    if not (article.bundle or any(facts.details)):
        now_there, later = _pieces(facts, article.variant_id)
        return Availability(wanted.sku, wanted.quantity, True, article.variant_id, now_there, later)
    return _detailed(facts, wanted, article)


def _detailed(facts: _Facts, wanted: Wanted, article: Article) -> Availability:
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


def _usable(facts: _Facts, variant_id: UUID, *, ships: bool) -> Iterator[tuple[Id, Stock, _Service]]:
    """The places that may serve this customer with it, and what they have."""
    article = facts.by_id[variant_id]
    known = facts.shipping if ships else facts.pickup
    restricted = article.hazmat or article.bulky
    shut = shut_for_all(facts.book.exclusions, variant_id)
    for location_id, stock in facts.book.stock.get(variant_id, {}).items():
        if location_id in shut:
            continue
        if location_id in known:
            service = known[location_id]
        else:
            service = known[location_id] = _service(facts, location_id, ships=ships)
        if service is None:
            continue
        if restricted and ((article.hazmat and not service.site.hazmat) or (article.bulky and not service.site.bulky)):
            continue
        yield location_id, stock, service


def _options(facts: _Facts, variant_id: UUID, *, ships: bool) -> list[_Option]:
    options = []
    for location_id, stock, service in _usable(facts, variant_id, ships=ships):
        on_hand, safety, _, inbound, reserved, _ = stock
        if inbound or reserved:
            option = _dated(facts, location_id, stock, service)
            if option is not None:
                options.append(option)
        elif on_hand > safety:
            units = on_hand - safety
            options.append(_Option(location_id, units, 0, ((service.days[0] + service.travel, units),)))
    return options


def _pieces(facts: _Facts, variant_id: UUID) -> tuple[int, int]:
    """What can be shipped now, and later on top: the sums of the options, where nobody asks for their days."""
    now_there = later = 0
    for location_id, stock, service in _usable(facts, variant_id, ships=True):
        if stock.inbound or stock.reserved:
            option = _dated(facts, location_id, stock, service)
            if option is not None:
                now_there += option.quantity
                later += option.expected
        else:
            now_there += max(0, stock.on_hand - stock.safety)
    return now_there, later


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
    offer = offer_of(book.network(demand, facts.channel.id), demand, location_id)
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
