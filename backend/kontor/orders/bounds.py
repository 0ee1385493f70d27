"""Bounds that hold for every order, whoever sends it, before anything of it is looked up."""

from collections.abc import Sequence
from typing import Any

from kontor.core.errors import InvalidInput, Path, camel
from kontor.orders.intake import Address, OrderInput

MAX_LINES = 2_500
MAX_QUANTITY = 100_000
MAX_AMOUNT = 10**12


def check_shape(order: OrderInput) -> None:
    """Raises `InvalidInput` naming the field at fault."""
    if not order.external_id.strip() or len(order.external_id) > 120:
        raise InvalidInput("1 to 120 characters.", code="INVALID_EXTERNAL_ID", path=("externalId",))
    if not 1 <= len(order.lines) <= MAX_LINES:
        raise InvalidInput(
            f"An order has 1 to {MAX_LINES} lines.", code="INVALID_LINES", path=("lines",), max=MAX_LINES
        )
    for index, line in enumerate(order.lines):
        if not 1 <= line.quantity <= MAX_QUANTITY:
            raise bad("INVALID_QUANTITY", f"1 to {MAX_QUANTITY} pieces.", ("lines", index, "quantity"))
        if line.unit_price is not None and not 0 <= line.unit_price <= MAX_AMOUNT:
            raise bad("INVALID_AMOUNT", "A price is not negative and within bounds.", ("lines", index, "unitPrice"))
        if not 0 <= line.discount <= MAX_AMOUNT:
            raise bad("INVALID_AMOUNT", "A discount is not negative.", ("lines", index, "discount"))
    amounts: tuple[tuple[str, Sequence[Any]], ...] = (
        ("charges", order.charges),
        ("discounts", order.discounts),
        ("payments", order.payments),
    )
    for name, rows in amounts:
        for index, row in enumerate(rows):
            if not 0 <= row.amount <= MAX_AMOUNT:
                raise bad("INVALID_AMOUNT", "An amount is not negative and within bounds.", (name, index, "amount"))
    _check_addresses(order)


def _check_addresses(order: OrderInput) -> None:
    for name, address in (("billingAddress", order.billing_address), ("shippingAddress", order.shipping_address)):
        if address is not None:
            check_address(address, name)
    if not order.customer.name.strip() or len(order.customer.name) > 200:
        raise bad("INVALID_NAME", "1 to 200 characters.", ("customer", "name"))


def check_address(address: Address, name: str) -> None:
    """Raises `InvalidInput` naming the part of the address at fault, within the field `name`."""
    for part, limit in (("name", 200), ("street", 200), ("postal_code", 20), ("city", 120)):
        text: str = getattr(address, part)
        if not text.strip() or len(text) > limit:
            raise bad("INVALID_ADDRESS", f"1 to {limit} characters.", (name, camel(part)))
    if len(address.country) != 2 or not address.country.isalpha() or not address.country.isupper():
        raise bad("INVALID_COUNTRY", "Two capital letters of ISO 3166.", (name, "country"))
    if address.latitude is not None and not -90 <= address.latitude <= 90:
        raise bad("INVALID_COORDINATES", "Latitude lies between -90 and 90.", (name, "latitude"))
    if address.longitude is not None and not -180 <= address.longitude <= 180:
        raise bad("INVALID_COORDINATES", "Longitude lies between -180 and 180.", (name, "longitude"))


def bad(code: str, message: str, path: Path) -> InvalidInput:
    """The refusal of one field."""
    return InvalidInput(message, code=code, path=path)
