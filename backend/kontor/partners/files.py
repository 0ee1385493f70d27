"""The columns of partner files."""

from kontor.auth.permissions import Permission
from kontor.imports.kinds import ImportKind, columns_of, register
from kontor.partners import service

register(
    ImportKind(
        "partners",
        Permission.PARTNERS_WRITE,
        columns_of(service.FIELDS),
        service.save_partners,
        needed=[["code"]],
        noun="partner",
    )
)
