"""Customers and their addresses."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.loaders import by_key, by_parent
from kontor.api.graphql.master_rows import EACH, Given, SavedRowsResult, lookup, save_rows, shown
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.vat_ids import VatId, vat_ids_of
from kontor.auth.permissions import Permission
from kontor.customers import queries, service
from kontor.customers.models import CustomerAddress as AddressRow
from kontor.customers.models import CustomerKind
from kontor.customers.models import CustomerReference as ReferenceRow
from kontor.tax.vat_ids import compacted

strawberry.enum(CustomerKind)


@strawberry.type(description="An address of a customer; `kind` is SHIPPING or BILLING.")
class CustomerAddress:
    id: UUID
    kind: str
    name: str
    company: str | None
    street: str
    extra: str | None
    postal_code: str
    city: str
    region: str | None
    country: str

    @classmethod
    def of(cls, row: Any) -> CustomerAddress:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.type(description="The id by which a channel knows a customer.")
class CustomerReference:
    channel_id: UUID
    external_id: str


@strawberry.type(description="A person or company.")
class Customer:
    id: UUID
    number: str
    kind: CustomerKind
    name: str
    company: str | None
    email: str | None
    phone: str | None
    language: str
    vat_id: str | None
    tags: list[str]
    consents: JSON
    created_at: datetime
    updated_at: datetime

    @strawberry.field
    async def addresses(self, info: Info) -> list[CustomerAddress]:
        rows = await by_parent(info, AddressRow.customer_id, self.id)
        return [CustomerAddress.of(row) for row in rows]

    @strawberry.field(description="What is known of the VAT id; none before an order or a check named it.")
    async def vat_id_status(self, info: Info) -> VatId | None:
        row = await by_key(info, vat_ids_of, compacted(self.vat_id)) if self.vat_id else None
        return None if row is None else VatId.of(row)

    @strawberry.field(description="The ids by which channels know them; a shop sees those of its channels.")
    async def references(self, info: Info) -> list[CustomerReference]:
        rows = await by_key(info, _references, self.id)
        return [CustomerReference(channel_id=row.channel_id, external_id=row.external_id) for row in rows]

    @classmethod
    def of(cls, row: Any) -> Customer:
        """As the API shows it."""
        return cls(**shown(cls, row))


async def _references(context: Context, ids: list[UUID]) -> list[list[ReferenceRow]]:
    async with context.runtime.database.read_only(context.principal) as db:
        found = await queries.references_of_customers(db, ids, principal=context.principal)
    return [found[item] for item in ids]


@strawberry.input
class CustomersFilter(Given):
    numbers: list[str] | None = UNSET
    emails: list[str] | None = UNSET
    kinds: list[CustomerKind] | None = UNSET
    channel_id: UUID | None = UNSET
    changed_since: datetime | None = UNSET
    search: str | None = UNSET


@strawberry.enum
class CustomersSort(Enum):
    NUMBER = "NUMBER"
    NUMBER_DESC = "NUMBER-"
    NAME = "NAME"
    NAME_DESC = "NAME-"
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT-"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT-"


@strawberry.input(description="An address; `kind` is SHIPPING or BILLING.")
class CustomerAddressInput(Given):
    kind: str | None = UNSET
    name: str | None = UNSET
    company: str | None = UNSET
    street: str | None = UNSET
    extra: str | None = UNSET
    postal_code: str | None = UNSET
    city: str | None = UNSET
    region: str | None = UNSET
    country: str | None = UNSET


@strawberry.input(description="A customer by number, or by a channel's code and its id; `addresses` replaces all.")
class CustomerInput(Given):
    number: str | None = UNSET
    channel: str | None = UNSET
    external_id: str | None = UNSET
    kind: CustomerKind | None = UNSET
    name: str | None = UNSET
    company: str | None = UNSET
    email: str | None = UNSET
    phone: str | None = UNSET
    language: str | None = UNSET
    vat_id: str | None = UNSET
    tags: list[str] | None = UNSET
    consents: JSON | None = UNSET
    addresses: list[CustomerAddressInput] | None = UNSET


@strawberry.type
class CustomersQuery:
    @strawberry.field(extensions=[requires(Permission.CUSTOMERS_READ)], description="The customers the caller may see.")
    async def customers(
        self,
        info: Info,
        filter: CustomersFilter | None = None,
        sort: CustomersSort = CustomersSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Customer]:
        wanted = queries.CustomerFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_customers(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, Customer.of)

    @strawberry.field(extensions=[requires(Permission.CUSTOMERS_READ)], description="By id or by number.")
    async def customer(self, info: Info, id: UUID | None = None, number: str | None = None) -> Customer | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await queries.find_customer(db, **lookup(id=id, number=number))
        return None if row is None else Customer.of(row)


@strawberry.type
class CustomersMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.CUSTOMERS_WRITE)],
        description=f"Add or change customers. {EACH}",
    )
    async def save_customers(
        self, info: Info, inputs: list[CustomerInput], all_or_nothing: bool = False
    ) -> SavedRowsResult:
        return await save_rows(info, inputs, service.save_customers, noun="customer", all_or_nothing=all_or_nothing)
