"""The columns of customer files: the customer, and one shipping address in columns that begin with `address`."""

from collections.abc import Sequence

from kontor.auth.permissions import Permission
from kontor.customers import service
from kontor.imports.kinds import Column, FileRow, Grouped, ImportKind, columns_of, register

_PREFIX = "address_"
_ADDRESS = [
    Column(_PREFIX + name, spec, _PREFIX + name)
    for name, spec in service.ADDRESS_FIELDS.items()
    if name not in ("kind", "name", "company")
]


def _with_address(rows: Sequence[FileRow]) -> list[Grouped]:
    """An address is given when its street is."""
    groups = []
    for row in rows:
        data = {name: value for name, value in row.values.items() if not name.startswith(_PREFIX)}
        address = {
            name.removeprefix(_PREFIX): value
            for name, value in row.values.items()
            if name.startswith(_PREFIX) and value is not None
        }
        if address.get("street"):
            data["addresses"] = [{"name": data.get("name"), "company": data.get("company"), **address}]
        groups.append(Grouped(data, [row]))
    return groups


register(
    ImportKind(
        "customers",
        Permission.CUSTOMERS_WRITE,
        [*columns_of(service.FIELDS | service.REFERENCE_FIELDS), *_ADDRESS],
        service.save_customers,
        needed=[["number", "external_id"]],
        noun="customer",
        group=_with_address,
    )
)
