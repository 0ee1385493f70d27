"""The columns of files of tax rates and tax regions."""

from kontor.auth.permissions import Permission
from kontor.imports.kinds import ImportKind, columns_of, register
from kontor.tax import regions, service

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
register(
    ImportKind(
        "tax_regions",
        Permission.TAX_WRITE,
        columns_of(regions.FIELDS),
        regions.set_tax_regions,
        needed=[["country"], ["name"], ["valid_from"]],
        noun="taxRegion",
    )
)
