"""Postal addresses as the API shows them."""

from __future__ import annotations

from typing import Any

import strawberry


@strawberry.type(description="A postal address as it was at order time.")
class PostalAddress:
    name: str
    company: str | None
    street: str
    extra: str | None
    postal_code: str
    city: str
    region: str | None
    country: str
    phone: str | None
    latitude: float | None
    longitude: float | None

    @classmethod
    def of(cls, address: dict[str, Any] | None) -> PostalAddress | None:
        """From an order's JSON."""
        if address is None:
            return None
        given: dict[str, Any] = {name: address.get(name) for name in _ADDRESS}
        return cls(**given)


_ADDRESS = (
    "name", "company", "street", "extra", "postal_code", "city", "region", "country", "phone", "latitude", "longitude",
)  # fmt: skip
