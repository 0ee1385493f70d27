"""Refusals of the catalog."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class ProductNotFound(NotFound):
    """There is no such product or variant."""

    default_code = "PRODUCT_NOT_FOUND"


class InvalidProduct(InvalidInput):
    """The fields of a product do not fit each other."""

    default_code = "INVALID_PRODUCT"


class ProductFixed(Conflict):
    """What stock and orders rely on does not change once a product exists."""

    default_code = "PRODUCT_FIXED"


class SkuTaken(Conflict):
    """The SKU names a variant of another product."""

    default_code = "SKU_TAKEN"


class GtinTaken(Conflict):
    """The GTIN names another variant."""

    default_code = "GTIN_TAKEN"


class NoCodesHere(InvalidInput):
    """Variants of this kind have no codes to give out."""

    default_code = "NO_CODES_HERE"


class CodesExhausted(Conflict):
    """The pool has fewer free codes than are needed."""

    default_code = "CODES_EXHAUSTED"
