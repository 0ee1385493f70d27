"""Finding products, variants and offers. Everybody with catalog:read sees all articles; a partner its own offers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.errors import OfferNotFound, ProductNotFound
from kontor.catalog.models import Accessory, BundleItem, CatalogOffer, Product, ProductKind, ProductVariant
from kontor.catalog.states import OfferState
from kontor.core.db import Session, chunks
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal

PRODUCT_SORTS: dict[str, Any] = {
    "CODE": Product.code,
    "NAME": Product.name,
    "CREATED_AT": Product.created_at,
    "UPDATED_AT": Product.updated_at,
}
VARIANT_SORTS: dict[str, Any] = {
    "SKU": ProductVariant.sku,
    "NAME": ProductVariant.name,
    "CREATED_AT": ProductVariant.created_at,
    "UPDATED_AT": ProductVariant.updated_at,
}


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """Which products are wanted; what is None does not narrow.

    `search` looks into code, name and brand and into SKU, GTIN and name of the variants.
    """

    codes: Sequence[str] | None = None
    kinds: Sequence[ProductKind] | None = None
    brands: Sequence[str] | None = None
    categories: Sequence[str] | None = None
    active: bool | None = None
    on_sale_at: datetime | None = None
    changed_since: datetime | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True)
class VariantFilter:
    """Which variants are wanted; what is None does not narrow. `search` looks into SKU, GTIN and name."""

    skus: Sequence[str] | None = None
    gtins: Sequence[str] | None = None
    product_ids: Sequence[UUID] | None = None
    bundle: bool | None = None
    active: bool | None = None
    changed_since: datetime | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """What an order needs to know of a variant. `components` are ids and quantities of a bundle's parts."""

    variant: ProductVariant
    product: Product
    components: tuple[tuple[UUID, int], ...] = ()

    def is_sold(self, at: datetime, country: str) -> bool:
        """Whether it may be sold at a moment to a country."""
        product = self.product
        return (
            self.variant.active
            and product.active
            and (product.sale_from is None or product.sale_from <= at)
            and (product.sale_until is None or at < product.sale_until)
            and (product.regions is None or country in product.regions)
        )


async def list_products(
    db: Session, wanted: ProductFilter, page: PageRequest, *, sort: str = "CODE", descending: bool = False
) -> Page[Product]:
    """Products."""
    found = sa.select(Product)
    lists: list[tuple[Any, Sequence[Any] | None]] = [
        (Product.code, wanted.codes),
        (Product.kind, wanted.kinds),
        (Product.brand, wanted.brands),
        (Product.category, wanted.categories),
    ]
    found = found.where(*(column.in_(values) for column, values in lists if values is not None))
    if wanted.active is not None:
        found = found.where(Product.active.is_(wanted.active))
    if wanted.changed_since is not None:
        found = found.where(Product.updated_at >= wanted.changed_since)
    if wanted.on_sale_at is not None:
        at = wanted.on_sale_at
        found = found.where(
            sa.or_(Product.sale_from.is_(None), Product.sale_from <= at),
            sa.or_(Product.sale_until.is_(None), Product.sale_until > at),
        )
    if wanted.search:
        text = wanted.search.strip().casefold()
        through = sa.select(ProductVariant.product_id).where(ProductVariant.search_key.contains(text, autoescape=True))
        found = found.where(sa.or_(Product.search_key.contains(text, autoescape=True), Product.id.in_(through)))
    return await paginate(db, found, choose(PRODUCT_SORTS, sort, descending=descending), Product.id, page)


async def list_variants(
    db: Session, wanted: VariantFilter, page: PageRequest, *, sort: str = "SKU", descending: bool = False
) -> Page[ProductVariant]:
    """Variants."""
    found = sa.select(ProductVariant)
    lists: list[tuple[Any, Sequence[Any] | None]] = [
        (ProductVariant.sku, wanted.skus),
        (ProductVariant.gtin, wanted.gtins),
        (ProductVariant.product_id, wanted.product_ids),
    ]
    found = found.where(*(column.in_(values) for column, values in lists if values is not None))
    if wanted.bundle is not None:
        found = found.where(ProductVariant.bundle.is_(wanted.bundle))
    if wanted.active is not None:
        found = found.where(ProductVariant.active.is_(wanted.active))
    if wanted.changed_since is not None:
        found = found.where(ProductVariant.updated_at >= wanted.changed_since)
    if wanted.search:
        text = wanted.search.strip().casefold()
        found = found.where(ProductVariant.search_key.contains(text, autoescape=True))
    return await paginate(db, found, choose(VARIANT_SORTS, sort, descending=descending), ProductVariant.id, page)


async def find_product(db: Session, *, id: UUID | None = None, code: str | None = None) -> Product | None:
    """One product by id or code."""
    return await db.scalar(sa.select(Product).where(Product.id == id if id is not None else Product.code == code))


async def find_variant(
    db: Session, *, id: UUID | None = None, sku: str | None = None, gtin: str | None = None
) -> ProductVariant | None:
    """One variant by id, SKU or GTIN."""
    if id is not None:
        return await db.scalar(sa.select(ProductVariant).where(ProductVariant.id == id))
    key = ProductVariant.sku == sku if sku is not None else ProductVariant.gtin == gtin
    return await db.scalar(sa.select(ProductVariant).where(key))


async def get_variant(db: Session, *, id: UUID | None = None, sku: str | None = None) -> ProductVariant:
    """One variant by id or SKU; raises `ProductNotFound`."""
    variant = await find_variant(db, id=id, sku=sku)
    if variant is None:
        raise ProductNotFound("There is no such variant.", path=("id" if id is not None else "sku",))
    return variant


async def products_by_id(db: Session, ids: Sequence[UUID]) -> dict[UUID, Product]:
    """Products by id, in one statement."""
    return {product.id: product for product in await db.scalars(sa.select(Product).where(Product.id.in_(ids)))}


async def variants_by_id(db: Session, ids: Sequence[UUID]) -> dict[UUID, ProductVariant]:
    """Variants by id, in one statement."""
    found = await db.scalars(sa.select(ProductVariant).where(ProductVariant.id.in_(ids)))
    return {variant.id: variant for variant in found}


async def variants_of_products(db: Session, product_ids: Sequence[UUID]) -> dict[UUID, list[ProductVariant]]:
    """The variants of many products by SKU, in one statement."""
    found = await db.scalars(
        sa.select(ProductVariant).where(ProductVariant.product_id.in_(product_ids)).order_by(ProductVariant.sku)
    )
    variants: dict[UUID, list[ProductVariant]] = {product_id: [] for product_id in product_ids}
    for variant in found:
        variants[variant.product_id].append(variant)
    return variants


async def contents_of_bundles(db: Session, bundle_ids: Sequence[UUID]) -> dict[UUID, list[BundleItem]]:
    """What many bundles hold, in their order, in one statement."""
    found = await db.scalars(
        sa.select(BundleItem).where(BundleItem.bundle_id.in_(bundle_ids)).order_by(BundleItem.position)
    )
    contents: dict[UUID, list[BundleItem]] = {bundle_id: [] for bundle_id in bundle_ids}
    for item in found:
        contents[item.bundle_id].append(item)
    return contents


async def accessories_of_products(db: Session, product_ids: Sequence[UUID]) -> dict[UUID, list[Product]]:
    """The accessories of many products, in their order, in one statement."""
    found = await db.execute(
        sa.select(Accessory.product_id, Product)
        .join(Product, Product.id == Accessory.accessory_id)
        .where(Accessory.product_id.in_(product_ids))
        .order_by(Accessory.position)
    )
    accessories: dict[UUID, list[Product]] = {product_id: [] for product_id in product_ids}
    for product_id, accessory in found:
        accessories[product_id].append(accessory)
    return accessories


async def facts_by_sku(db: Session, skus: Sequence[str]) -> dict[str, VariantFacts]:
    """What orders need to know of variants by SKU, in two statements; unknown SKUs are missing."""
    found: dict[str, VariantFacts] = {}
    for part in chunks(sorted(set(skus))):
        rows = await db.execute(
            sa.select(ProductVariant, Product)
            .join(Product, Product.id == ProductVariant.product_id)
            .where(ProductVariant.sku.in_(part))
        )
        found.update({variant.sku: VariantFacts(variant, product) for variant, product in rows})
    bundles = {facts.variant.id: sku for sku, facts in found.items() if facts.variant.bundle}
    if bundles:
        for bundle_id, items in (await contents_of_bundles(db, sorted(bundles))).items():
            facts = found[bundles[bundle_id]]
            parts = tuple((item.component_id, item.quantity) for item in items)
            found[facts.variant.sku] = VariantFacts(facts.variant, facts.product, parts)
    return found


# --- offers of partners -----------------------------------------------------------------------------------------------

OFFER_SORTS: dict[str, Any] = {
    "SKU": CatalogOffer.sku,
    "CREATED_AT": CatalogOffer.created_at,
    "UPDATED_AT": CatalogOffer.updated_at,
}


@dataclass(frozen=True, slots=True)
class OfferFilter:
    """Which offers are wanted; what is None does not narrow. `search` looks into SKU, GTIN, name and brand."""

    states: Sequence[OfferState] | None = None
    partner_ids: Sequence[UUID] | None = None
    skus: Sequence[str] | None = None
    gtins: Sequence[str] | None = None
    changed_since: datetime | None = None
    search: str | None = None


def offers_visible_to(principal: Principal) -> sa.ColumnElement[bool]:
    """A partner sees its own; who is scoped to stores, channels or a customer sees none."""
    if principal.partner_id is not None:
        return CatalogOffer.partner_id == principal.partner_id
    return sa.false() if principal.restricted else sa.true()


async def list_offers(
    db: Session, wanted: OfferFilter, page: PageRequest, *, sort: str = "SKU", descending: bool = False
) -> Page[CatalogOffer]:
    """Offers the principal may see."""
    row = CatalogOffer
    found = narrow(
        sa.select(row).where(offers_visible_to(db.principal)),
        (row.state.in_, wanted.states),
        (row.partner_id.in_, wanted.partner_ids),
        (row.sku.in_, wanted.skus),
        (row.gtin.in_, wanted.gtins),
        (row.updated_at.__ge__, wanted.changed_since),
    )
    if wanted.search:
        found = found.where(row.search_key.contains(wanted.search.strip().casefold(), autoescape=True))
    return await paginate(db, found, choose(OFFER_SORTS, sort, descending=descending), row.id, page)


async def count_offers(db: Session, partner_id: UUID | None = None) -> dict[OfferState, int]:
    """How many offers the principal may see stand where, of all partners or of one."""
    found = sa.select(CatalogOffer.state, sa.func.count()).where(
        offers_visible_to(db.principal), sa.true() if partner_id is None else CatalogOffer.partner_id == partner_id
    )
    counts = {row[0]: row[1] for row in await db.execute(found.group_by(CatalogOffer.state))}
    return {state: counts.get(state, 0) for state in OfferState}


async def find_offer(db: Session, id: UUID) -> CatalogOffer | None:
    """One visible offer."""
    return await db.scalar(sa.select(CatalogOffer).where(CatalogOffer.id == id, offers_visible_to(db.principal)))


async def lock_offers(
    db: Session, which: sa.ColumnElement[bool], *, ids: Sequence[UUID] = (), limit: int | None = None
) -> list[CatalogOffer]:
    """Visible offers, locked in the order of their ids; raises `OfferNotFound` when one of `ids` is not among them."""
    found = sa.select(CatalogOffer).where(which, offers_visible_to(db.principal)).order_by(CatalogOffer.id)
    offers = list(await db.scalars(found.limit(limit).with_for_update().execution_options(populate_existing=True)))
    present = {offer.id for offer in offers}
    for index, wanted in enumerate(ids):
        if wanted not in present:
            raise OfferNotFound("There is no such offer.", path=("ids", index))
    return offers
