"""Places that hold stock or serve customers, and what parcels from them cost."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.loaders import by_id, by_parent
from kontor.api.graphql.master_rows import EACH, MOST_ROWS, Given, SavedRowsResult, lookup, save_rows, shown
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.partners import Partner
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.locations import queries, service
from kontor.locations.models import LocationKind, StockKind
from kontor.locations.models import ShippingTariff as TariffRow
from kontor.partners.models import Partner as PartnerRow
from kontor.partners.queries import visible_to as visible_partners

for _kind in (LocationKind, StockKind):
    strawberry.enum(_kind)


@strawberry.type(description="What a parcel costs by place, destination, distance and weight; the cheapest counts.")
class ShippingTariff:
    id: UUID
    location_id: UUID | None
    carrier: str
    country: str | None
    from_km: int
    to_km: int | None
    max_weight_g: int | None
    parcel_cents: int
    cents_per_kg: int
    bulky_unit_cents: int
    transit_days: int

    @classmethod
    def of(cls, row: Any) -> ShippingTariff:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.type(description="A place that holds stock or serves customers. Costs in cents.")
class StockLocation:
    id: UUID
    code: str
    name: str
    kind: LocationKind
    partner_id: UUID | None
    street: str | None
    postal_code: str | None
    city: str | None
    region: str | None
    country: str
    latitude: float | None
    longitude: float | None
    email: str | None
    timezone: str
    opening_hours: str
    closures: list[str]
    cut_off: str | None
    lead_days: int
    unit_capacity: int | None
    parcel_capacity: int | None
    handling_parcel_cents: int
    handling_line_cents: int
    handling_unit_cents: int
    can_ship: bool
    can_pickup: bool
    accepts_returns: bool
    hazmat: bool
    bulky: bool
    channel_codes: list[str] | None
    countries: list[str] | None
    stock_kind: StockKind
    live_stock: str | None
    priority: int
    dispatch_group: str | None
    answer_hours: int
    rejection_permille: int = strawberry.field(description="Of 1,000 pieces of work, how many it refused lately.")
    active: bool
    paused_until: datetime | None
    settings: JSON
    created_at: datetime
    updated_at: datetime

    @strawberry.field(description="Whose place it is; null for our own.")
    async def partner(self, info: Info) -> Partner | None:
        row = await by_id(info, PartnerRow, self.partner_id, visible=visible_partners)
        return None if row is None else Partner.of(row)

    @strawberry.field(description="The tariffs of this place alone.")
    async def tariffs(self, info: Info) -> list[ShippingTariff]:
        return [ShippingTariff.of(row) for row in await by_parent(info, TariffRow.location_id, self.id)]

    @classmethod
    def of(cls, row: Any) -> StockLocation:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.input
class StockLocationsFilter(Given):
    codes: list[str] | None = UNSET
    kinds: list[LocationKind] | None = UNSET
    partner_ids: list[UUID] | None = UNSET
    countries: list[str] | None = UNSET
    active: bool | None = UNSET
    can_pickup: bool | None = UNSET
    accepts_returns: bool | None = UNSET
    search: str | None = UNSET
    changed_since: datetime | None = UNSET


@strawberry.enum
class StockLocationsSort(Enum):
    CODE = "CODE"
    CODE_DESC = "CODE-"
    NAME = "NAME"
    NAME_DESC = "NAME-"
    COUNTRY = "COUNTRY"
    COUNTRY_DESC = "COUNTRY-"
    PRIORITY = "PRIORITY"
    PRIORITY_DESC = "PRIORITY-"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT-"


@strawberry.input(description="A place by its code; what is not given stays as it is. `partner` is a code.")
class StockLocationInput(Given):
    code: str
    name: str | None = UNSET
    kind: LocationKind | None = UNSET
    partner: str | None = UNSET
    street: str | None = UNSET
    postal_code: str | None = UNSET
    city: str | None = UNSET
    region: str | None = UNSET
    country: str | None = UNSET
    latitude: float | None = UNSET
    longitude: float | None = UNSET
    email: str | None = UNSET
    timezone: str | None = UNSET
    opening_hours: str | None = UNSET
    closures: list[str] | None = UNSET
    cut_off: str | None = UNSET
    lead_days: int | None = UNSET
    unit_capacity: int | None = UNSET
    parcel_capacity: int | None = UNSET
    handling_parcel_cents: int | None = UNSET
    handling_line_cents: int | None = UNSET
    handling_unit_cents: int | None = UNSET
    can_ship: bool | None = UNSET
    can_pickup: bool | None = UNSET
    accepts_returns: bool | None = UNSET
    hazmat: bool | None = UNSET
    bulky: bool | None = UNSET
    channel_codes: list[str] | None = UNSET
    countries: list[str] | None = UNSET
    stock_kind: StockKind | None = UNSET
    live_stock: str | None = UNSET
    priority: int | None = UNSET
    dispatch_group: str | None = UNSET
    answer_hours: int | None = UNSET
    active: bool | None = UNSET
    paused_until: datetime | None = UNSET
    settings: JSON | None = UNSET


@strawberry.input(description="Place (a code), carrier, country, distance and weight limit name a tariff.")
class ShippingTariffInput(Given):
    carrier: str
    parcel_cents: int
    location: str | None = UNSET
    country: str | None = UNSET
    from_km: int | None = UNSET
    to_km: int | None = UNSET
    max_weight_g: int | None = UNSET
    cents_per_kg: int | None = UNSET
    bulky_unit_cents: int | None = UNSET
    transit_days: int | None = UNSET


@strawberry.enum
class ShippingTariffsSort(Enum):
    CARRIER = "CARRIER"
    CARRIER_DESC = "CARRIER_DESC"
    PRICE = "PRICE"
    PRICE_DESC = "PRICE_DESC"


@strawberry.type
class DeletedRows:
    ids: list[UUID]


@strawberry.type
class LocationsQuery:
    @strawberry.field(extensions=[requires(Permission.LOCATIONS_READ)], description="The places the caller may see.")
    async def stock_locations(
        self,
        info: Info,
        filter: StockLocationsFilter | None = None,
        sort: StockLocationsSort = StockLocationsSort.CODE,
        first: First = 50,
        after: After = None,
    ) -> Connection[StockLocation]:
        wanted = queries.StockLocationFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_stock_locations(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, StockLocation.of)

    @strawberry.field(extensions=[requires(Permission.LOCATIONS_READ)], description="By id or by code.")
    async def stock_location(self, info: Info, id: UUID | None = None, code: str | None = None) -> StockLocation | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await queries.find_stock_location(db, **lookup(id=id, code=code))
        return None if row is None else StockLocation.of(row)

    @strawberry.field(extensions=[requires(Permission.LOCATIONS_READ)], description="Tariffs.")
    async def shipping_tariffs(
        self,
        info: Info,
        location_ids: list[UUID] | None = None,
        carrier: str | None = None,
        sort: ShippingTariffsSort = ShippingTariffsSort.CARRIER,
        first: First = 50,
        after: After = None,
    ) -> Connection[ShippingTariff]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_shipping_tariffs(
                db, page_of(first, after), location_ids=location_ids, carrier=carrier, **sorting(sort)
            )
        return connect(page, ShippingTariff.of)


@strawberry.type
class LocationsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.LOCATIONS_WRITE)],
        description=f"Add or change places by code. {EACH}",
    )
    async def save_stock_locations(
        self, info: Info, inputs: list[StockLocationInput], all_or_nothing: bool = False
    ) -> SavedRowsResult:
        return await save_rows(
            info, inputs, service.save_stock_locations, noun="stockLocation", all_or_nothing=all_or_nothing
        )

    @strawberry.mutation(
        extensions=[requires(Permission.LOCATIONS_WRITE)],
        description=f"Add or change tariffs. {EACH}",
    )
    async def save_shipping_tariffs(
        self, info: Info, inputs: list[ShippingTariffInput], all_or_nothing: bool = False
    ) -> SavedRowsResult:
        return await save_rows(
            info, inputs, service.save_shipping_tariffs, noun="shippingTariff", all_or_nothing=all_or_nothing
        )

    @strawberry.mutation(
        extensions=[requires(Permission.LOCATIONS_WRITE)],
        description="Take tariffs away; those that are gone already are no matter.",
    )
    async def delete_shipping_tariffs(
        self, info: Info, ids: list[UUID]
    ) -> Annotated[DeletedRows | Refusal, strawberry.union("DeleteRowsResult")]:
        if not 1 <= len(ids) <= MOST_ROWS:
            raise InvalidInput(f"1 to {MOST_ROWS} ids.", code="INVALID_BATCH", path=("ids",), max=MOST_ROWS)

        async def again(db: Session, deleted: list[UUID]) -> list[UUID]:
            return deleted

        deleted = await change(
            info,
            lambda db: service.delete_shipping_tariffs(db, ids),
            body=ids,
            targets=lambda done: [("shippingTariff", row_id) for row_id in done],
            again=again,
        )
        return DeletedRows(ids=deleted)
