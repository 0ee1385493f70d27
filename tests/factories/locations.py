"""Places and shipping tariffs."""

from typing import Any

from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.locations.models import LocationKind, ShippingTariff, StockLocation


async def make_location(
    db: Session, *, kind: LocationKind | str = LocationKind.WAREHOUSE, **given: Any
) -> StockLocation:
    """A place in Hamburg that is always open, ships at no handling cost and serves everybody.

    Stores can also hand over and take back. No tariff is made: see `make_tariff`.
    """
    kind = LocationKind(kind)
    values: dict[str, Any] = {
        "id": new_id(),
        "code": f"{kind.value.lower()}-{new_id().hex[-8:]}",
        "name": f"{kind.value.title()} Hamburg",
        "kind": kind,
        "street": "Am Sandtorkai 1",
        "postal_code": "20457",
        "city": "Hamburg",
        "country": "DE",
        "latitude": 53.5437,
        "longitude": 9.9886,
        "timezone": "Europe/Berlin",
        "opening_hours": "24/7",
        "can_pickup": kind in (LocationKind.STORE, LocationKind.FRANCHISE),
        "accepts_returns": kind is not LocationKind.DROPSHIPPER,
        "closures": [],
        "settings": {},
        "created_at": db.now,
        "updated_at": db.now,
    }
    location = StockLocation(**(values | given))
    db.add(location)
    await db.flush()
    return location


async def make_tariff(db: Session, **given: Any) -> ShippingTariff:
    """A parcel anywhere for 4.90 and one day on the way, from every place unless `location_id` is given."""
    values: dict[str, Any] = {"id": new_id(), "carrier": "DHL", "parcel_cents": 490}
    tariff = ShippingTariff(**(values | given))
    db.add(tariff)
    await db.flush()
    return tariff
