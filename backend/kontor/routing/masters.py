"""What routing and placing need of the masters, held in memory per process until one of them changes.

Each save of a location, tariff, partner, channel or tax rate raises `MastersVersion` in its transaction; a reader
compares one number per batch and reloads when it differs, so no process works on stale masters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core import expressions
from kontor.core.clock import local_day
from kontor.core.db import Model
from kontor.core.errors import InvalidInput
from kontor.imports import saving
from kontor.locations import queries as locations
from kontor.locations.distance import Coordinates, distance_km
from kontor.locations.models import ShippingTariff, StockLocation
from kontor.partners.models import Partner
from kontor.partners.states import PartnerState
from kontor.routing.lanes import lane_of
from kontor.routing.models import RoutingPolicy
from kontor.routing.policies import InForce, PolicyVersion, in_force, policy_of
from kontor.routing.values import Lane, Network, Site
from kontor.tax.determination import PlaceOfSupply, place_of_supply
from kontor.tax.models import TaxRate, TaxRegion
from kontor.tax.queries import STANDARD
from kontor.tax.shipped import shipped_rules
from kontor.tax.territories import Rules, Territory, indexed, territory_of

if TYPE_CHECKING:
    from kontor.core.db import Database, Session

M = TypeVar("M", bound=Model)
NEVER = datetime.max.replace(tzinfo=UTC)
_GRID = 10  # a region is a tenth of a degree, some ten kilometers: what tariffs by distance can tell apart


def region_key(country: str, latitude: float | None, longitude: float | None) -> str:
    """The region of an address as lanes know it: its country, and the grid cell of its coordinates if known."""
    if latitude is None or longitude is None:
        return country
    return f"{country}|{round(latitude * _GRID)}|{round(longitude * _GRID)}"


class Lanes(Mapping[str, Lane]):
    """The lanes out of one place, worked out from its tariffs when a region is first asked for."""

    def __init__(self, location: StockLocation, tariffs: Sequence[ShippingTariff]) -> None:
        own = [row for row in tariffs if row.location_id == location.id]
        self._tariffs = own or [row for row in tariffs if row.location_id is None]
        self._countries = None if location.countries is None else frozenset(location.countries)
        self._latitude, self._longitude = location.latitude, location.longitude

    def __getitem__(self, region: str) -> Lane:
        lane = self._lane(region)
        if lane is None:
            raise KeyError(region)
        return lane

    def __contains__(self, region: object) -> bool:
        return isinstance(region, str) and self._lane(region) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def _lane(self, region: str) -> Lane | None:
        country, *cell = region.split("|")
        if self._countries is not None and country not in self._countries:
            return None
        return lane_of(self._tariffs, country, self._distance(cell))

    def _distance(self, cell: Sequence[str]) -> int:
        if not cell or self._latitude is None or self._longitude is None:
            return 0
        there = Coordinates(int(cell[0]) / _GRID, int(cell[1]) / _GRID)
        return distance_km(Coordinates(self._latitude, self._longitude), there)


@dataclass(slots=True)
class Masters:
    """Channels, places, tax rates and routing policies of one version."""

    version: int
    channels: Mapping[str, SalesChannel]
    channels_by_id: Mapping[UUID, SalesChannel]
    locations: Mapping[UUID, StockLocation]
    locations_by_code: Mapping[str, StockLocation]
    network: Network
    rates: Mapping[tuple[str, str, str], Sequence[TaxRate]]
    live_places: Sequence[StockLocation]
    sellers: Mapping[UUID, LegalEntity]
    policies: Sequence[PolicyVersion] = ()
    tax_regions: Rules = field(default_factory=shipped_rules)
    release_days: dict[tuple[UUID, int], tuple[int, ...] | None] = field(default_factory=dict)
    _in_force: InForce | None = field(default=None, init=False)
    _since: datetime = field(default=NEVER, init=False)
    _until: datetime = field(default=NEVER, init=False)

    @property
    def currency(self) -> str:
        """The company's currency, in which places, tariffs and policies state costs: that of the first channel made."""
        first = min(self.channels_by_id.values(), key=lambda channel: channel.id, default=None)
        return "EUR" if first is None else first.currency

    def policies_at(self, now: datetime) -> InForce:
        """The routing policies in force now; remembered until the next one comes into force."""
        if self._in_force is None or not self._since <= now < self._until:
            dates = [each.valid_from for each in self.policies if each.valid_from is not None]
            self._in_force = in_force(self.policies, now)
            self._since, self._until = now, min((date for date in dates if date > now), default=NEVER)
        return self._in_force

    def place_of_supply(
        self, channel: SalesChannel, arrival: Territory, *, pickup: bool, vat_id: str | None, on: date
    ) -> PlaceOfSupply:
        """Where and how a delivery to the territory, or a pick-up there, is taxed.

        A territory outside the seller's area whose rates are entered is one where the seller charges the local tax.
        """
        seller = self.sellers[channel.legal_entity_id]
        return place_of_supply(
            seller=self.territory(seller.country, seller.postal_code, None, on),
            arrival=arrival,
            pickup=pickup,
            vat_id=vat_id,
            registered={(country, region) for country, region, _ in self.rates},
        )

    def territory(self, country: str, postal_code: str | None, region: str | None, on: date) -> Territory:
        """The tax territory of an address on a day; where no regions are entered, by those that come with Kontor."""
        return territory_of(country, postal_code, region, self.tax_regions, on)

    def day_of(self, channel: SalesChannel, moment: datetime) -> date:
        """The day of a moment for who sells through the channel."""
        return local_day(moment, self.sellers[channel.legal_entity_id].timezone)

    def tax_rate(self, place: PlaceOfSupply, tax_class: str, day: date) -> Decimal:
        """The rate in percent on a day of supply; raises `InvalidInput` when none is entered.

        A region without a rate for a class charges its country's, a country without one its standard rate, as
        `tax.queries.rates_on` has it.
        """
        country = place.country
        for known in (tax_class, STANDARD):
            for region in place.regions:
                for rate in self.rates.get((country, region, known), ()):
                    if rate.valid_from <= day and (rate.valid_to is None or day < rate.valid_to):
                        return rate.rate
        raise InvalidInput(
            f"No tax rate is entered for {country}, class {tax_class}, on {day}.",
            code="NO_TAX_RATE",
            country=country,
            tax_class=tax_class,
            day=day.isoformat(),
        )


_cache: WeakKeyDictionary[Database, Masters] = WeakKeyDictionary()


async def load(db: Session) -> Masters:
    """The masters as they are now: from memory when nothing changed.

    A transaction that changes masters itself reads them for itself alone: it may still be rolled back.
    """
    version = await locations.masters_version(db)
    if saving.changes_masters(db):
        return await _read(db, version)
    known = _cache.get(db.database)
    if known is None or known.version != version:
        known = _cache[db.database] = await _read(db, version)
    return known


def known(database: Database) -> Masters | None:
    """What this process read last, without a look whether it still holds; None before the first read."""
    return _cache.get(database)


async def _rows_of(db: Session, model: type[M], *order: Any) -> list[M]:
    """Every row, as objects that belong to no session: they outlive it, whether it is committed or rolled back."""
    found = await db.execute(sa.select(model.__table__).order_by(*order))
    columns = {each.key: each.columns[0] for each in sa.inspect(model).column_attrs}
    return [model(**{name: row._mapping[column] for name, column in columns.items()}) for row in found]


async def _read(db: Session, version: int) -> Masters:
    channels = await _rows_of(db, SalesChannel)
    places = await _rows_of(db, StockLocation)
    tariffs = await _rows_of(db, ShippingTariff)
    rates: dict[tuple[str, str, str], list[TaxRate]] = {}
    for rate in await _rows_of(db, TaxRate, TaxRate.valid_from.desc()):
        rates.setdefault((rate.country, rate.region, rate.tax_class), []).append(rate)
    working = set(await db.scalars(sa.select(Partner.id).where(Partner.state == PartnerState.ACTIVE)))
    by_place: dict[UUID | None, list[ShippingTariff]] = {}
    for tariff in tariffs:
        by_place.setdefault(tariff.location_id, []).append(tariff)
    general = by_place.get(None, [])
    codes = {row.id: row.code for row in await db.execute(sa.select(Partner.id, Partner.code))}
    sites = [_site(place, by_place.get(place.id) or general, working, codes) for place in places]
    return Masters(
        version,
        {channel.code: channel for channel in channels},
        {channel.id: channel for channel in channels},
        {place.id: place for place in places},
        {place.code: place for place in places},
        Network(sites),
        rates,
        [place for place in places if place.live_stock and place.active],
        {entity.id: entity for entity in await _rows_of(db, LegalEntity)},
        [version_of(row) for row in await _rows_of(db, RoutingPolicy) if row.withdrawn_at is None],
        indexed(row.rule for row in await _rows_of(db, TaxRegion)) or shipped_rules(),
    )


def version_of(row: RoutingPolicy) -> PolicyVersion:
    """A stored version as the planner takes it."""
    return PolicyVersion(
        row.code,
        row.version,
        policy_of(f"{row.code}/{row.version}", row.weights, row.rules, expressions.evaluate),
        row.channel_id,
        None if row.countries is None else frozenset(row.countries),
        None if row.kinds is None else frozenset(row.kinds),
        row.valid_from,
        row.active,
    )


def _site(
    place: StockLocation, tariffs: Sequence[ShippingTariff], partners: set[UUID], codes: Mapping[UUID, str]
) -> Site:
    return Site(
        location_id=place.id,
        lanes=Lanes(place, tariffs),
        priority=place.priority,
        dispatch_group=place.dispatch_group,
        rejection_permille=place.rejection_permille,
        active=place.active,
        accepting=place.partner_id is None or place.partner_id in partners,
        ships=place.can_ship,
        hands_over=place.can_pickup,
        channels=None if place.channel_codes is None else frozenset(place.channel_codes),
        hazmat=place.hazmat,
        bulky=place.bulky,
        lead_days=place.lead_days,
        handling_parcel_cents=place.handling_parcel_cents,
        handling_line_cents=place.handling_line_cents,
        handling_unit_cents=place.handling_unit_cents,
        facts=_facts(place, codes),
    )


def _facts(place: StockLocation, partners: Mapping[UUID, str]) -> dict[str, Any]:
    """What the conditions of rules may ask of a place beside what the site says."""
    tags = place.settings.get("tags")
    return {
        "code": place.code,
        "kind": place.kind.value,
        "country": place.country,
        "partner": "" if place.partner_id is None else partners.get(place.partner_id, ""),
        "tags": tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        "returns": place.accepts_returns,
        "located": place.latitude is not None and place.longitude is not None,
    }
