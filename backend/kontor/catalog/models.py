"""Tables of the catalog."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.catalog.states import OfferState
from kontor.catalog.vouchers import VoucherKind
from kontor.core.db import Json, Model, state_type


class ProductKind(StrEnum):
    """What is sold; only PHYSICAL goods have stock and parcels."""

    PHYSICAL = "PHYSICAL"
    DIGITAL = "DIGITAL"
    GIFT_CARD = "GIFT_CARD"
    LICENSE = "LICENSE"
    SERVICE = "SERVICE"


class Product(Model):
    """An article. `texts` is {language: {name, description}}; `regions` None means sold everywhere; gift cards
    alone have a `voucher_kind`.

    `search_key` is what a search looks into: code, name and brand in small letters.
    """

    __tablename__ = "product"
    __table_args__ = (
        sa.Index("ix_product_name_id", "name", "id"),
        sa.Index("ix_product_created_at_id", "created_at", "id"),
        sa.Index("ix_product_updated_at_id", "updated_at", "id"),
        sa.Index(
            "ix_product_search_key",
            "search_key",
            postgresql_using="gin",
            postgresql_ops={"search_key": "gin_trgm_ops"},
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(80), unique=True)
    kind: Mapped[ProductKind] = mapped_column(state_type(ProductKind))
    name: Mapped[str] = mapped_column(sa.String(300))
    brand: Mapped[str | None] = mapped_column(sa.String(120))
    category: Mapped[str | None] = mapped_column(sa.String(120))
    tax_class: Mapped[str] = mapped_column(sa.String(40), default="standard")
    voucher_kind: Mapped[VoucherKind | None] = mapped_column(state_type(VoucherKind))
    texts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    images: Mapped[list[Any]] = mapped_column(Json, default=list)
    regions: Mapped[list[str] | None] = mapped_column(Json)
    sale_from: Mapped[datetime | None]
    sale_until: Mapped[datetime | None]
    hazmat: Mapped[bool] = mapped_column(default=False)
    bulky: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    search_key: Mapped[str] = mapped_column(sa.String(520), default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ProductVariant(Model):
    """The sellable form of a product. Weight in grams, sizes in millimeters.

    `search_key` is what a search looks into: SKU, GTIN and name in small letters.
    """

    __tablename__ = "product_variant"
    __table_args__ = (
        sa.CheckConstraint("weight_g >= 0", name="weight"),
        sa.Index("ix_product_variant_product_id", "product_id"),
        sa.Index("ix_product_variant_created_at_id", "created_at", "id"),
        sa.Index("ix_product_variant_name_id", "name", "id"),
        sa.Index("ix_product_variant_updated_at_id", "updated_at", "id"),
        sa.Index(
            "ix_product_variant_search_key",
            "search_key",
            postgresql_using="gin",
            postgresql_ops={"search_key": "gin_trgm_ops"},
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(sa.ForeignKey("product.id"))
    sku: Mapped[str] = mapped_column(sa.String(80), unique=True)
    gtin: Mapped[str | None] = mapped_column(sa.String(14), unique=True)
    name: Mapped[str] = mapped_column(sa.String(300))
    attributes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    weight_g: Mapped[int] = mapped_column(default=0)
    length_mm: Mapped[int | None]
    width_mm: Mapped[int | None]
    height_mm: Mapped[int | None]
    bundle: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    search_key: Mapped[str] = mapped_column(sa.String(420), default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class BundleItem(Model):
    """One component of a bundle and how many of it a bundle holds."""

    __tablename__ = "bundle_item"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="quantity"),
        sa.CheckConstraint("bundle_id <> component_id", name="not_itself"),
    )
    bundle_id: Mapped[UUID] = mapped_column(sa.ForeignKey("product_variant.id"), primary_key=True)
    component_id: Mapped[UUID] = mapped_column(sa.ForeignKey("product_variant.id"), primary_key=True, index=True)
    quantity: Mapped[int]
    position: Mapped[int] = mapped_column(default=0)


class Accessory(Model):
    """A product offered together with another."""

    __tablename__ = "accessory"
    product_id: Mapped[UUID] = mapped_column(sa.ForeignKey("product.id"), primary_key=True)
    accessory_id: Mapped[UUID] = mapped_column(sa.ForeignKey("product.id"), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)


class PoolCode(Model):
    """A license key or voucher code waiting to be given out; given out once."""

    __tablename__ = "pool_code"
    __table_args__ = (
        sa.UniqueConstraint("variant_id", "code"),
        sa.UniqueConstraint("order_line_id", "unit"),
        sa.Index(
            "ix_pool_code_free",
            "variant_id",
            "id",
            sqlite_where=sa.text("order_line_id IS NULL"),
            postgresql_where=sa.text("order_line_id IS NULL"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    variant_id: Mapped[UUID] = mapped_column(sa.ForeignKey("product_variant.id"))
    code: Mapped[str] = mapped_column(sa.String(200))
    order_line_id: Mapped[UUID | None]
    unit: Mapped[int | None]
    issued_at: Mapped[datetime | None]


class CatalogOffer(Model):
    """An article as a partner offers it, under the partner's own `sku`; offers of one `group_code` are its variants.

    `price` in minor units of `currency` is what the partner asks of us. `variant_id` is the article it is sold as once
    it was approved; `own_variant` says that the article was made for it. `reason` is why it was returned.
    """

    __tablename__ = "catalog_offer"
    __table_args__ = (
        sa.UniqueConstraint("partner_id", "sku"),
        sa.CheckConstraint("price >= 0", name="price"),
        sa.CheckConstraint("weight_g >= 0", name="weight"),
        sa.Index("ix_catalog_offer_partner_gtin", "partner_id", "gtin"),
        sa.Index("ix_catalog_offer_sku_id", "sku", "id"),
        sa.Index("ix_catalog_offer_created_at_id", "created_at", "id"),
        sa.Index("ix_catalog_offer_state_id", "state", "id"),
        sa.Index("ix_catalog_offer_variant_id", "variant_id"),
        sa.Index("ix_catalog_offer_updated_at_id", "updated_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("partner.id"))
    sku: Mapped[str] = mapped_column(sa.String(80))
    state: Mapped[OfferState] = mapped_column(state_type(OfferState))
    gtin: Mapped[str | None] = mapped_column(sa.String(14))
    group_code: Mapped[str | None] = mapped_column(sa.String(80))
    name: Mapped[str | None] = mapped_column(sa.String(300))
    brand: Mapped[str | None] = mapped_column(sa.String(120))
    category: Mapped[str | None] = mapped_column(sa.String(120))
    texts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    attributes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    images: Mapped[list[Any]] = mapped_column(Json, default=list)
    weight_g: Mapped[int] = mapped_column(default=0)
    price: Mapped[int | None] = mapped_column(sa.BigInteger)
    currency: Mapped[str | None] = mapped_column(sa.String(3))
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(sa.String(500))
    version: Mapped[int] = mapped_column(default=1)
    variant_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("product_variant.id"))
    own_variant: Mapped[bool] = mapped_column(default=False)
    search_key: Mapped[str] = mapped_column(sa.String(600), default="")
    sent_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
