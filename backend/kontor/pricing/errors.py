"""Refusals of prices and price lists."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class PriceListNotFound(NotFound):
    """There is no such price list, or the principal may not see it."""

    default_code = "PRICE_LIST_NOT_FOUND"


class PriceListFixed(InvalidInput):
    """For whom a list is does not change once it counts: past prices could not be told any more."""

    default_code = "PRICE_LIST_FIXED"


class PriceListEnded(Conflict):
    """The list has ended: no price in it would ever count."""

    default_code = "PRICE_LIST_ENDED"


class PriceNotFound(NotFound):
    """There is no such price, or the principal may not see it."""

    default_code = "PRICE_NOT_FOUND"


class PriceNotPlanned(Conflict):
    """The price counts already: it can be changed from now on, but not withdrawn."""

    default_code = "PRICE_NOT_PLANNED"
