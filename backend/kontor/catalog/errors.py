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


class OfferNotFound(NotFound):
    """There is no such offer, or it may not be seen."""

    default_code = "OFFER_NOT_FOUND"


class OfferChanged(Conflict):
    """The offer was changed since it was read."""

    default_code = "OFFER_CHANGED"


class OfferIncomplete(InvalidInput):
    """The offer lacks what it needs to be looked at."""

    default_code = "OFFER_INCOMPLETE"


class PartnerNeeded(InvalidInput):
    """Whose offers they are has to be said, by those who belong to no partner."""

    default_code = "PARTNER_NEEDED"
