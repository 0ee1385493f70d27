"""Sales channels and the legal entities that sell through them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from kontor.api.graphql.context import Info
from kontor.api.graphql.loaders import by_id
from kontor.api.graphql.master_rows import EACH, Given, SavedRowsResult, lookup, save_rows, shown
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.channels import queries, service
from kontor.channels.models import ChannelKind, ShortagePolicy
from kontor.channels.models import LegalEntity as EntityRow

for _kind in (ChannelKind, ShortagePolicy):
    strawberry.enum(_kind)


@strawberry.type(description="Who sells: name, address, tax ids and bank on every document.")
class LegalEntity:
    id: UUID
    code: str
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    timezone: str
    vat_id: str | None
    tax_number: str | None
    register: str | None
    iban: str | None
    bic: str | None
    email: str | None
    phone: str | None
    gs1_prefix: str | None
    brand_color: str
    logo_svg: str | None
    footer: JSON

    @classmethod
    def of(cls, row: Any) -> LegalEntity:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.type(description="Where orders come from.")
class SalesChannel:
    id: UUID
    code: str
    name: str
    kind: ChannelKind
    legal_entity_id: UUID
    country: str
    currency: str
    currencies: list[str] = strawberry.field(description="Others it sells in, at the prices of lists in them.")
    languages: list[str]
    gross: bool
    shortage: ShortagePolicy
    priced_by_channel: bool
    payment_methods: list[str]
    priority: int
    return_days: int
    payment_days: int
    processes: JSON
    settings: JSON
    active: bool
    created_at: datetime
    updated_at: datetime

    @strawberry.field
    async def legal_entity(self, info: Info) -> LegalEntity:
        return LegalEntity.of(await by_id(info, EntityRow, self.legal_entity_id))

    @classmethod
    def of(cls, row: Any) -> SalesChannel:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.input
class SalesChannelsFilter(Given):
    codes: list[str] | None = UNSET
    kinds: list[ChannelKind] | None = UNSET
    countries: list[str] | None = UNSET
    active: bool | None = UNSET
    search: str | None = UNSET
    changed_since: datetime | None = UNSET


@strawberry.enum
class SalesChannelsSort(Enum):
    CODE = "CODE"
    CODE_DESC = "CODE-"
    NAME = "NAME"
    NAME_DESC = "NAME-"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT-"


@strawberry.input(description="A legal entity by its code; what is not given stays as it is.")
class LegalEntityInput(Given):
    code: str
    name: str | None = UNSET
    street: str | None = UNSET
    postal_code: str | None = UNSET
    city: str | None = UNSET
    country: str | None = UNSET
    timezone: str | None = UNSET
    vat_id: str | None = UNSET
    tax_number: str | None = UNSET
    register: str | None = UNSET
    iban: str | None = UNSET
    bic: str | None = UNSET
    email: str | None = UNSET
    phone: str | None = UNSET
    gs1_prefix: str | None = UNSET
    brand_color: str | None = UNSET
    logo_svg: str | None = UNSET
    footer: JSON | None = UNSET


@strawberry.input(description="A channel by its code; what is not given stays as it is. `legalEntity` is a code.")
class SalesChannelInput(Given):
    code: str
    name: str | None = UNSET
    kind: ChannelKind | None = UNSET
    legal_entity: str | None = UNSET
    country: str | None = UNSET
    currency: str | None = UNSET
    currencies: list[str] | None = UNSET
    languages: list[str] | None = UNSET
    gross: bool | None = UNSET
    shortage: ShortagePolicy | None = UNSET
    priced_by_channel: bool | None = UNSET
    payment_methods: list[str] | None = UNSET
    priority: int | None = UNSET
    return_days: int | None = UNSET
    payment_days: int | None = UNSET
    processes: JSON | None = UNSET
    settings: JSON | None = UNSET
    active: bool | None = UNSET


@strawberry.type
class ChannelsQuery:
    @strawberry.field(extensions=[requires(Permission.CHANNELS_READ)], description="The channels the caller may see.")
    async def sales_channels(
        self,
        info: Info,
        filter: SalesChannelsFilter | None = None,
        sort: SalesChannelsSort = SalesChannelsSort.CODE,
        first: First = 50,
        after: After = None,
    ) -> Connection[SalesChannel]:
        wanted = queries.SalesChannelFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_sales_channels(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, SalesChannel.of)

    @strawberry.field(extensions=[requires(Permission.CHANNELS_READ)], description="By id or by code.")
    async def sales_channel(self, info: Info, id: UUID | None = None, code: str | None = None) -> SalesChannel | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await queries.find_sales_channel(db, **lookup(id=id, code=code))
        return None if row is None else SalesChannel.of(row)

    @strawberry.field(extensions=[requires(Permission.CHANNELS_READ)], description="All of them, by code.")
    async def legal_entities(self, info: Info) -> list[LegalEntity]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            return [LegalEntity.of(row) for row in await queries.list_legal_entities(db)]


@strawberry.type
class ChannelsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.CHANNELS_WRITE)],
        description=f"Add or change channels by code. {EACH}",
    )
    async def save_sales_channels(
        self, info: Info, inputs: list[SalesChannelInput], all_or_nothing: bool = False
    ) -> SavedRowsResult:
        return await save_rows(
            info, inputs, service.save_sales_channels, noun="salesChannel", all_or_nothing=all_or_nothing
        )

    @strawberry.mutation(
        extensions=[requires(Permission.CHANNELS_WRITE)],
        description=f"Add or change legal entities by code. {EACH}",
    )
    async def save_legal_entities(
        self, info: Info, inputs: list[LegalEntityInput], all_or_nothing: bool = False
    ) -> SavedRowsResult:
        return await save_rows(
            info, inputs, service.save_legal_entities, noun="legalEntity", all_or_nothing=all_or_nothing
        )
