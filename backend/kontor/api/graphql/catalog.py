"""Products and variants."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.loaders import by_id, by_key, by_parent
from kontor.api.graphql.master_rows import EACH, Given, SavedRowsResult, lookup, save_rows, shown
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.catalog import queries, service
from kontor.catalog.models import BundleItem, ProductKind
from kontor.catalog.models import Product as ProductRow
from kontor.catalog.models import ProductVariant as VariantRow
from kontor.catalog.vouchers import VoucherKind
from kontor.core import inbox
from kontor.core.db import Session

strawberry.enum(ProductKind)
strawberry.enum(VoucherKind)


@strawberry.type(description="So many pieces of a variant in one bundle.")
class BundleComponent:
    variant_id: UUID
    quantity: int

    @strawberry.field
    async def variant(self, info: Info) -> ProductVariant:
        return ProductVariant.of(await by_id(info, VariantRow, self.variant_id))


@strawberry.type(description="What is sold. Weight in grams, sizes in millimeters.")
class ProductVariant:
    id: UUID
    product_id: UUID
    sku: str
    gtin: str | None
    name: str
    attributes: JSON
    weight_g: int
    length_mm: int | None
    width_mm: int | None
    height_mm: int | None
    bundle: bool
    active: bool
    created_at: datetime
    updated_at: datetime

    @strawberry.field
    async def product(self, info: Info) -> Product:
        return Product.of(await by_id(info, ProductRow, self.product_id))

    @strawberry.field(description="What a bundle holds; empty for other variants.")
    async def components(self, info: Info) -> list[BundleComponent]:
        if not self.bundle:
            return []
        rows = await by_parent(info, BundleItem.bundle_id, self.id, order_by=BundleItem.position)
        return [BundleComponent(variant_id=row.component_id, quantity=row.quantity) for row in rows]

    @classmethod
    def of(cls, row: Any) -> ProductVariant:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.type(description="An article with its variants. `regions` null means sold everywhere.")
class Product:
    id: UUID
    code: str
    kind: ProductKind
    name: str
    brand: str | None
    category: str | None
    tax_class: str
    voucher_kind: VoucherKind | None
    texts: JSON
    images: JSON
    regions: list[str] | None
    sale_from: datetime | None
    sale_until: datetime | None
    hazmat: bool
    bulky: bool
    active: bool
    created_at: datetime
    updated_at: datetime

    @strawberry.field(description="By SKU.")
    async def variants(self, info: Info) -> list[ProductVariant]:
        rows = await by_parent(info, VariantRow.product_id, self.id, order_by=VariantRow.sku)
        return [ProductVariant.of(row) for row in rows]

    @strawberry.field(description="What is offered together with it.")
    async def accessories(self, info: Info) -> list[Product]:
        return [Product.of(row) for row in await by_key(info, _accessories, self.id)]

    @classmethod
    def of(cls, row: Any) -> Product:
        """As the API shows it."""
        return cls(**shown(cls, row))


async def _accessories(context: Context, ids: list[UUID]) -> list[list[ProductRow]]:
    async with context.runtime.database.read_only(context.principal) as db:
        found = await queries.accessories_of_products(db, ids)
    return [found[item] for item in ids]


@strawberry.input
class ProductsFilter(Given):
    codes: list[str] | None = UNSET
    kinds: list[ProductKind] | None = UNSET
    brands: list[str] | None = UNSET
    categories: list[str] | None = UNSET
    active: bool | None = UNSET
    on_sale_at: datetime | None = UNSET
    changed_since: datetime | None = UNSET
    search: str | None = UNSET


@strawberry.enum
class ProductsSort(Enum):
    CODE = "CODE"
    CODE_DESC = "CODE-"
    NAME = "NAME"
    NAME_DESC = "NAME-"
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT-"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT-"


@strawberry.input
class ProductVariantsFilter(Given):
    skus: list[str] | None = UNSET
    gtins: list[str] | None = UNSET
    product_ids: list[UUID] | None = UNSET
    bundle: bool | None = UNSET
    active: bool | None = UNSET
    changed_since: datetime | None = UNSET
    search: str | None = UNSET


@strawberry.enum
class ProductVariantsSort(Enum):
    SKU = "SKU"
    SKU_DESC = "SKU-"
    NAME = "NAME"
    NAME_DESC = "NAME-"
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT-"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT-"


@strawberry.input(description="So many pieces of a variant in one bundle.")
class BundleComponentInput(Given):
    sku: str
    quantity: int


@strawberry.input(description="A variant by its SKU; what is not given stays as it is. Components make it a bundle.")
class ProductVariantInput(Given):
    sku: str
    gtin: str | None = UNSET
    name: str | None = UNSET
    attributes: JSON | None = UNSET
    weight_g: int | None = UNSET
    length_mm: int | None = UNSET
    width_mm: int | None = UNSET
    height_mm: int | None = UNSET
    active: bool | None = UNSET
    components: list[BundleComponentInput] | None = UNSET


@strawberry.input(description="A product by its code; what is not given stays, variants too. `accessories` are codes.")
class ProductInput(Given):
    code: str
    kind: ProductKind | None = UNSET
    name: str | None = UNSET
    brand: str | None = UNSET
    category: str | None = UNSET
    tax_class: str | None = UNSET
    voucher_kind: VoucherKind | None = UNSET
    texts: JSON | None = UNSET
    images: JSON | None = UNSET
    regions: list[str] | None = UNSET
    sale_from: datetime | None = UNSET
    sale_until: datetime | None = UNSET
    hazmat: bool | None = UNSET
    bulky: bool | None = UNSET
    active: bool | None = UNSET
    accessories: list[str] | None = UNSET
    variants: list[ProductVariantInput] | None = UNSET


@strawberry.type
class PoolCodesAdded:
    added: int
    variant: ProductVariant


@strawberry.type
class CatalogQuery:
    @strawberry.field(extensions=[requires(Permission.CATALOG_READ)], description="Articles.")
    async def products(
        self,
        info: Info,
        filter: ProductsFilter | None = None,
        sort: ProductsSort = ProductsSort.CODE,
        first: First = 50,
        after: After = None,
    ) -> Connection[Product]:
        wanted = queries.ProductFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_products(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, Product.of)

    @strawberry.field(extensions=[requires(Permission.CATALOG_READ)], description="By id or by code.")
    async def product(self, info: Info, id: UUID | None = None, code: str | None = None) -> Product | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await queries.find_product(db, **lookup(id=id, code=code))
        return None if row is None else Product.of(row)

    @strawberry.field(extensions=[requires(Permission.CATALOG_READ)], description="What can be ordered.")
    async def product_variants(
        self,
        info: Info,
        filter: ProductVariantsFilter | None = None,
        sort: ProductVariantsSort = ProductVariantsSort.SKU,
        first: First = 50,
        after: After = None,
    ) -> Connection[ProductVariant]:
        wanted = queries.VariantFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_variants(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, ProductVariant.of)

    @strawberry.field(extensions=[requires(Permission.CATALOG_READ)], description="By id, SKU or GTIN.")
    async def product_variant(
        self, info: Info, id: UUID | None = None, sku: str | None = None, gtin: str | None = None
    ) -> ProductVariant | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await queries.find_variant(db, **lookup(id=id, sku=sku, gtin=gtin))
        return None if row is None else ProductVariant.of(row)


@strawberry.type
class CatalogMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.CATALOG_WRITE)],
        description=f"Add or change products by code and their variants by SKU. {EACH}",
    )
    async def save_products(
        self, info: Info, inputs: list[ProductInput], all_or_nothing: bool = False
    ) -> SavedRowsResult:
        return await save_rows(info, inputs, service.save_products, noun="product", all_or_nothing=all_or_nothing)

    @strawberry.mutation(
        extensions=[requires(Permission.CATALOG_WRITE)],
        description="Add license keys or voucher codes to a variant; those it has already are left alone.",
    )
    async def add_pool_codes(
        self, info: Info, sku: str, codes: list[str]
    ) -> Annotated[PoolCodesAdded | Refusal, strawberry.union("AddPoolCodesResult")]:
        async def work(db: Session) -> PoolCodesAdded:
            added = await service.add_pool_codes(db, sku, codes)
            return PoolCodesAdded(added=added, variant=ProductVariant.of(await queries.get_variant(db, sku=sku)))

        async def again(db: Session, ids: list[UUID]) -> PoolCodesAdded:
            return PoolCodesAdded(added=0, variant=ProductVariant.of(await queries.get_variant(db, id=ids[0])))

        return await change(
            info,
            work,
            body=[sku, inbox.digest(codes)],
            targets=lambda done: [("productVariant", done.variant.id)],
            again=again,
        )
