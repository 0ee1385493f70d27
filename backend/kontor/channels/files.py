"""The columns of files of sales channels and legal entities."""

from kontor.auth.permissions import Permission
from kontor.channels import service
from kontor.imports.kinds import ImportKind, columns_of, register

register(
    ImportKind(
        "channels",
        Permission.CHANNELS_WRITE,
        columns_of(service.CHANNEL_FIELDS),
        service.save_sales_channels,
        needed=[["code"]],
        noun="salesChannel",
    )
)
register(
    ImportKind(
        "legal_entities",
        Permission.CHANNELS_WRITE,
        columns_of(service.ENTITY_FIELDS),
        service.save_legal_entities,
        needed=[["code"]],
        noun="legalEntity",
    )
)
