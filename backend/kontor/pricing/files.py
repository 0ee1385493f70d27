"""The columns of files of prices and price lists.

`amount` is in minor units; `price` is 12.99, for currencies of two decimals.
"""

from kontor.auth.permissions import Permission
from kontor.imports import cells, fields
from kontor.imports.fields import Field
from kontor.imports.kinds import Column, ImportKind, columns_of, register
from kontor.pricing import lists, service

_PRICE = Field(fields.integer(0, fields.MAX_AMOUNT), read=cells.cents)

register(
    ImportKind(
        "prices",
        Permission.PRICES_WRITE,
        [*columns_of(service.FIELDS), Column("price", _PRICE, "amount")],
        service.set_prices,
        needed=[["channel"], ["sku"], ["amount"]],
        noun="price",
    )
)
register(
    ImportKind(
        "price_lists",
        Permission.PRICES_WRITE,
        columns_of(lists.LIST_FIELDS),
        lists.save_price_lists,
        needed=[["code"]],
        noun="priceList",
    )
)
