"""The columns of tax rate files."""

from kontor.auth.permissions import Permission
from kontor.imports.kinds import ImportKind, columns_of, register
from kontor.tax import service

register(
    ImportKind(
        "tax_rates",
        Permission.TAX_WRITE,
        columns_of(service.FIELDS),
        service.set_tax_rates,
        needed=[["country"], ["rate"], ["valid_from"]],
        noun="taxRate",
    )
)
