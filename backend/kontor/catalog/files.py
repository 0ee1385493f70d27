"""The columns of product files: a line is a variant with what it shares with the other variants of its product.

Lines of one product follow each other. Columns of the product are prefixed only where the variant has the same:
`name` is the product's, `variant_name` the variant's; `active` the product's, `variant_active` the variant's.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from kontor.auth.permissions import Permission
from kontor.catalog import service
from kontor.catalog.values import ACCESSORIES, PRODUCT_FIELDS, VARIANT_FIELDS
from kontor.imports.kinds import Column, FileRow, Grouped, ImportKind, columns_of, register

_OF_VARIANT = "variant."
_COLUMNS = [
    *columns_of(PRODUCT_FIELDS),
    Column("accessories", ACCESSORIES, "accessories"),
    *(
        Column(f"variant_{name}" if name in PRODUCT_FIELDS else name, spec, _OF_VARIANT + name)
        for name, spec in VARIANT_FIELDS.items()
    ),
]


def _code(row: FileRow) -> Any:
    return row.values.get("code") or row.line


def _products(rows: Sequence[FileRow]) -> list[Grouped]:
    """One product of the lines that follow each other; the first line tells what the product is."""
    groups = []
    for _, following in groupby(rows, key=_code):
        lines = list(following)
        data = {name: value for name, value in lines[0].values.items() if not name.startswith(_OF_VARIANT)}
        variants = [
            {
                name.removeprefix(_OF_VARIANT): value
                for name, value in line.values.items()
                if name.startswith(_OF_VARIANT) and not (value is None and name == f"{_OF_VARIANT}name")
            }
            for line in lines
        ]
        named = [variant for variant in variants if variant.get("sku")]
        groups.append(Grouped({**data, "variants": named} if named else data, lines))
    return groups


register(
    ImportKind(
        "products",
        Permission.CATALOG_WRITE,
        _COLUMNS,
        service.save_products,
        needed=[["code"]],
        noun="product",
        group=_products,
        same=_code,
    )
)
