"""What documents keep as JSON when they are issued, back to the values their pages are made from."""

from collections.abc import Mapping
from typing import Any

from kontor.documents.values import Address, Brand, Seller

SELLER_COLUMNS = (
    "name", "street", "postal_code", "city", "country", "vat_id", "tax_number", "register", "iban", "bic", "email",
    "phone", "footer",
)  # fmt: skip
_ADDRESS = ("name", "street", "postal_code", "city", "country", "company", "extra", "region")
_PLAIN = ("vat_id", "tax_number", "register", "iban", "bic", "email", "phone")


def address_of(address: Mapping[str, Any]) -> Address:
    """A postal address; what is not given is empty."""
    return Address(**{name: address.get(name) or "" for name in _ADDRESS})


def seller_of(seller: Mapping[str, Any]) -> Seller:
    """Who sells, from the columns of a legal entity (`SELLER_COLUMNS`)."""
    footer = seller.get("footer") or {}
    return Seller(
        address=address_of({**seller, "name": "", "company": seller["name"]}),
        managers=tuple(str(name) for name in footer.get("managers", ())),
        bank_name=str(footer.get("bank_name", "")),
        website=str(footer.get("website", "")),
        **{name: seller.get(name) or "" for name in _PLAIN},
    )


def brand_of(brand: Mapping[str, Any], logo: str = "") -> Brand:
    """What the customer knows the retailer by; nothing at all where the paper is nobody's in particular."""
    if not brand:
        return Brand(name="")
    return Brand(name=brand["name"], color=brand["color"], logo_svg=brand.get("logo_svg") or logo)
