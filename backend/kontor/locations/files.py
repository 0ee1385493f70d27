"""The columns of location and tariff files."""

from kontor.auth.permissions import Permission
from kontor.imports.kinds import ImportKind, columns_of, register
from kontor.locations import service

register(
    ImportKind(
        "locations",
        Permission.LOCATIONS_WRITE,
        columns_of(service.FIELDS),
        service.save_stock_locations,
        needed=[["code"]],
        noun="stockLocation",
    )
)
register(
    ImportKind(
        "tariffs",
        Permission.LOCATIONS_WRITE,
        columns_of(service.TARIFF_FIELDS),
        service.save_shipping_tariffs,
        needed=[["carrier"], ["parcel_cents"]],
        noun="shippingTariff",
    )
)
