"""What the catalog takes: products with their variants, as callers and files describe them."""

from datetime import datetime
from typing import Any, Required, TypedDict

from kontor.catalog.gtin import checked_gtin
from kontor.catalog.models import ProductKind
from kontor.catalog.vouchers import VoucherKind
from kontor.imports import cells, fields
from kontor.imports.errors import InvalidField
from kontor.imports.fields import Field


class ComponentData(TypedDict):
    """So many pieces of a variant in one bundle."""

    sku: str
    quantity: int


class VariantData(TypedDict, total=False):
    """A variant by its SKU; fields that are not given stay as they are.

    Weight in grams, sizes in millimeters. `components` make it a bundle, an empty list makes it none.
    """

    sku: Required[str]
    gtin: str | None
    name: str
    attributes: dict[str, Any]
    weight_g: int
    length_mm: int | None
    width_mm: int | None
    height_mm: int | None
    active: bool
    components: list[ComponentData]


class ProductData(TypedDict, total=False):
    """A product by its code; fields and variants that are not given stay as they are.

    `regions` are countries, None means everywhere; `accessories` are codes of products.
    """

    code: Required[str]
    kind: ProductKind
    name: str
    brand: str | None
    category: str | None
    tax_class: str
    voucher_kind: VoucherKind | None
    texts: dict[str, Any]
    images: list[Any]
    regions: list[str] | None
    sale_from: datetime | None
    sale_until: datetime | None
    hazmat: bool
    bulky: bool
    active: bool
    accessories: list[str]
    variants: list[VariantData]


class OfferData(TypedDict, total=False):
    """An offer by the partner's own SKU; fields that are not given stay as they are.

    `price` in minor units of `currency`. `version` is the one that was read: another one in the meantime is a conflict.
    """

    sku: Required[str]
    gtin: str | None
    group_code: str | None
    name: str | None
    brand: str | None
    category: str | None
    texts: dict[str, Any]
    attributes: dict[str, Any]
    images: list[Any]
    weight_g: int
    price: int | None
    currency: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    version: int | None


def _gtin(value: Any) -> str:
    return checked_gtin(fields.text(40)(value))


def _image(value: Any) -> dict[str, Any]:
    """An image: its address and what it shows."""
    found = {"url": value} if isinstance(value, str) else dict(value) if isinstance(value, dict) else {}
    url = fields.text(1000, pattern=r"(https?://|/)\S+")(found.get("url", ""))
    return {"url": url, "alt": fields.text(300)(found["alt"])} if found.get("alt") else {"url": url}


def _texts(value: Any) -> dict[str, Any]:
    """Name and description per language."""
    found: dict[str, dict[str, str]] = {}
    for code, texts in fields.facts(100_000)(value).items():
        if not isinstance(texts, dict) or set(texts) - {"name", "description"}:
            raise InvalidField("Texts are a name and a description per language.")
        limits = {"name": 300, "description": 20_000}
        found[fields.language(code)] = {part: fields.text(limits[part])(text) for part, text in texts.items() if text}
    return found


def _component(value: Any) -> ComponentData:
    if not isinstance(value, dict):
        raise InvalidField("A component is a SKU and a quantity.")
    quantity = value.get("quantity", 1)
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity > 10_000:
        raise InvalidField("A component has a whole quantity of at most 10000.")
    return {"sku": fields.code()(value.get("sku", "")), "quantity": quantity}


PRODUCT_FIELDS: dict[str, Field] = {
    "code": Field(fields.code(), aliases=("product_code", "product")),
    "kind": Field(fields.choice(ProductKind), default=ProductKind.PHYSICAL),
    "name": Field(fields.text(300), aliases=("product_name", "title")),
    "brand": Field(fields.text(120), empty=True),
    "category": Field(fields.text(120), empty=True),
    "tax_class": Field(fields.text(40), default="standard"),
    "voucher_kind": Field(fields.choice(VoucherKind), empty=True),
    "texts": Field(_texts, read=cells.json, default={}),
    "images": Field(fields.several(_image, 50), read=cells.listed, default=[], aliases=("image", "image_url")),
    "regions": Field(fields.several(fields.country), read=cells.listed, empty=True),
    "sale_from": Field(fields.moment, read=cells.moment, empty=True),
    "sale_until": Field(fields.moment, read=cells.moment, empty=True),
    "hazmat": Field(fields.flag, read=cells.flag, default=False),
    "bulky": Field(fields.flag, read=cells.flag, default=False),
    "active": Field(fields.flag, read=cells.flag, default=True),
}
ACCESSORIES = Field(fields.several(fields.code(), 100), read=cells.listed, default=[])
COMPONENTS = Field(fields.several(_component, 100), read=cells.counted(), default=[])
VARIANT_FIELDS: dict[str, Field] = {
    "sku": Field(fields.code()),
    "gtin": Field(_gtin, empty=True, aliases=("ean", "upc")),
    "name": Field(fields.text(300), aliases=("variant_name",)),
    "attributes": Field(fields.facts(), read=cells.json, default={}),
    "weight_g": Field(fields.integer(0), read=cells.whole, default=0, aliases=("weight",)),
    "length_mm": Field(fields.integer(1), read=cells.whole, empty=True),
    "width_mm": Field(fields.integer(1), read=cells.whole, empty=True),
    "height_mm": Field(fields.integer(1), read=cells.whole, empty=True),
    "active": Field(fields.flag, read=cells.flag, default=True, aliases=("variant_active",)),
    "components": COMPONENTS,
}
OFFER_FIELDS: dict[str, Field] = {
    "sku": Field(fields.code()),
    "gtin": Field(_gtin, empty=True, aliases=("ean", "upc")),
    "group_code": Field(fields.code(), empty=True, aliases=("group", "parent", "product_code")),
    "name": Field(fields.text(300), empty=True, aliases=("product_name", "title")),
    "brand": Field(fields.text(120), empty=True),
    "category": Field(fields.text(120), empty=True),
    "texts": Field(_texts, read=cells.json, default={}),
    "attributes": Field(fields.facts(), read=cells.json, default={}),
    "images": Field(fields.several(_image, 20), read=cells.listed, default=[], aliases=("image", "image_url")),
    "weight_g": Field(fields.integer(0), read=cells.whole, default=0, aliases=("weight",)),
    "price": Field(fields.integer(0, fields.MAX_AMOUNT), read=cells.cents, empty=True),
    "currency": Field(fields.currency, empty=True),
    "valid_from": Field(fields.moment, read=cells.moment, empty=True),
    "valid_until": Field(fields.moment, read=cells.moment, empty=True),
}
